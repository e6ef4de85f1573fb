"""A file that was handed in, before its rows are understood: where its table is, and what is wrong with it as a whole.

Every finding has its place, its reason and what to do about it; nothing here asks the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from register.errors import Say, say
from register.formats.workbook import Book, ErrorValue, Sheet, Unreadable, address, letters
from register.formats.workbook_read import read
from register.formats.workbook_table import Record, Table, table
from register.formspec.schema import Field, FormSpec, Text
from register.queries.uploads import Content
from register.services.workbooks import (
    BODY,
    CASE_NO,
    CONFIRMATION,
    CONFIRMATIONS,
    FORM,
    OPTIONAL,
    OWN,
    PLAIN_META,
    ROUND,
    unmarked,
)
from register.vocab import ChangeCause

LANGUAGES = ("ja", "en")
LONGEST_SHOWN = 60
DOWNLOAD = say("様式をダウンロードし直し、記入した内容を写してください。")
KEEP = say("ダウンロードした様式の列を、消さずに使ってください。")


@dataclass(frozen=True)
class Trouble:
    """Something that stands against a file: ``row`` 0 is the file as a whole, ``column`` the letters of a column.

    ``field`` is the id of the column, for the file that goes back.
    """

    reason: Say
    mend: Say
    sheet: str = ""
    row: int = 0
    column: str = ""
    field: str = ""
    value: str = ""


@dataclass(frozen=True)
class Handed:
    """A file that could be read, with its table."""

    book: Book
    table: Table

    def trouble(self, reason: Say, mend: Say, row: int = 0, field: str = "", value: object = None) -> Trouble:
        """Return a trouble at a place of the table."""
        column = letters(self.table.columns[field]) if field in self.table.columns else ""
        shown = "" if value is None else str(value)
        short = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"
        return Trouble(reason, mend, self.table.sheet.name, row, column, field if column else "", short)


def open_file(data: bytes, name: str) -> Handed:
    """Return the file that was handed in; raise ``Unreadable`` for one that is no form."""
    book = read(data, name=name)
    return Handed(book, _plain(book.sheets[0]) if _is_plain(book) else table(book))


def _is_plain(book: Book) -> bool:
    """Tell whether this is the CSV for machines, whose heading is the ids themselves."""
    if book.kind != "csv" or not book.sheets[0].rows:
        return False
    return {CASE_NO, CONFIRMATION} <= {str(cell).strip() for cell in book.sheets[0].rows[0].cells}


def _plain(sheet: Sheet) -> Table:
    """Return the table of a CSV for machines; what its rows say of the file is its metadata."""
    heading, *rows = sheet.rows
    columns: dict[str, int] = {}
    for number, cell in enumerate(heading.cells, 1):
        if (name := str(cell or "").strip()) in columns:
            raise Unreadable(say("同じ名前の列が2つあります（%(name)s）。一方を削除してください。", name=name))
        if name:
            columns[name] = number
    meta = {
        key: "、".join(sorted({str(cell) for row in rows if (cell := row.at(columns[name])) is not None}))
        for name, key in PLAIN_META.items()
        if name in columns
    }
    fields = {name: number for name, number in columns.items() if name not in PLAIN_META}
    records = []
    for row in rows:
        cells = {name: _unmarked(row.at(number)) for name, number in fields.items()}
        if any(cell is not None for cell in cells.values()):
            records.append(Record(row.number, cells))
    return Table(sheet, meta, heading.number, fields, tuple(records))


def _unmarked(cell: object) -> str | None:
    return None if cell is None else unmarked(str(cell))


def of_the_file(handed: Handed, content: Content, before: FormSpec | None) -> list[Trouble]:
    """Return what is wrong with the file as a whole; ``before`` is the form that it was made with, if anybody knows it.

    While one of these stands, its rows mean nothing here.
    """
    meta = handed.table.metadata
    if not all(meta.get(name) for name in (ROUND, BODY, FORM)):
        reason = say("どの回の、どの府省庁の様式かが分かりません（管理用の行または列が消えています）。")
        return [handed.trouble(reason, DOWNLOAD)]
    found = []
    if meta[BODY] != content.ministry.key:
        reason = say("ほかの府省庁の様式です（%(found)s）。この提出は%(wanted)sのものです。", **_bodies(meta, content))
        found.append(handed.trouble(reason, say("自分の府省庁の様式をダウンロードして使ってください。")))
    if meta[ROUND] != content.round.code:
        reason = say(
            "ほかの回の様式です（%(found)s）。この提出は%(wanted)sのものです。",
            found=meta[ROUND],
            wanted=content.round.code,
        )
        found.append(handed.trouble(reason, DOWNLOAD))
    if meta[FORM] != content.spec.digest:
        found += _old_form(handed, before, content.spec)
    return found or list(_columns(handed, content.spec))


def _bodies(meta: Mapping[str, str], content: Content) -> dict[str, object]:
    return {"found": meta[BODY], "wanted": Text(content.ministry.label("ja"), content.ministry.label("en"))}


def _old_form(handed: Handed, before: FormSpec | None, spec: FormSpec) -> Iterator[Trouble]:
    if before is None:
        yield handed.trouble(say("この台帳にない版の様式です。"), DOWNLOAD)
        return
    reason = say("前の版の様式です（%(before)s）。この回の様式は%(now)sです。", before=before.version, now=spec.version)
    yield handed.trouble(reason, DOWNLOAD)
    for reason, text in _redefined(before, spec):
        sentence = replace(reason, params={"field": text})
        yield handed.trouble(sentence, say("新しい定義を見て、回答を選び直してください。"))


def _redefined(before: FormSpec, spec: FormSpec) -> Iterator[tuple[Say, Text]]:
    """Yield what became of each field between two versions, with its name."""
    for field in spec.fields:
        if not before.has(field.id):
            yield say("この回の様式で加わった項目：%(field)s"), field.text
        elif _asks(before.field(field.id)) != _asks(field):
            yield say("説明、選択肢または定義が変わった項目：%(field)s"), field.text
    for field in before.fields:
        if not spec.has(field.id):
            yield say("この回の様式でなくなった項目：%(field)s"), field.text


def _asks(field: Field) -> tuple[object, ...]:
    return field.type, field.text, field.note, field.options, field.required, field.exempt, field.asked, field.max_chars


def _columns(handed: Handed, spec: FormSpec) -> Iterator[Trouble]:
    columns = handed.table.columns
    for name in (*spec.columns, *OWN):
        if name not in columns and name not in OPTIONAL:
            label = spec.field(name).text if spec.has(name) else OWN[name]
            yield handed.trouble(say("「%(field)s」の列がありません。", field=label), KEEP)
    for name in columns:
        if not spec.has(name) and name not in OWN:
            reason = say("この回の様式にない列です（%(name)s）。", name=name)
            yield handed.trouble(reason, say("この列を削除してください。"), field=name)


def of_the_sheets(handed: Handed, content: Content) -> list[Trouble]:
    """Return the sheets and columns that hold something and cannot be seen."""
    lists = _choices(content)
    found = []
    for sheet in handed.book.sheets:
        held = (cell for row in sheet.rows for cell in row.cells if cell is not None)
        # The workbook's own lists are hidden, and hold nothing but what may be chosen.
        if sheet.hidden and (sheet is handed.table.sheet or not all(str(cell) in lists for cell in held)):
            reason = say("表示されていないシートに値があります。")
            mend = say("シートを再表示して内容を確かめ、要らなければ削除してください。")
            found.append(Trouble(reason, mend, sheet.name))
    for name, column in handed.table.columns.items():
        if column in handed.table.sheet.hidden_columns:
            reason = say("表示されていない列です。")
            found.append(handed.trouble(reason, say("列を再表示して、内容を確かめてください。"), field=name))
    return found


def _choices(content: Content) -> frozenset[str]:
    """Return every text that a list of the form may hold."""
    options = (option for field in content.spec.questions for option in field.options)
    own = {term.label(language) for term in (*CONFIRMATIONS, *ChangeCause) for language in LANGUAGES}
    return frozenset(own | {option.label(language, content.terms) for option in options for language in LANGUAGES})


def of_the_rows(handed: Handed) -> dict[int, list[Trouble]]:
    """Return what stands in rows of the table that no form may hold, by row: it is hidden, merged or calculated."""
    found: dict[int, list[Trouble]] = defaultdict(list)
    sheet, columns = handed.table.sheet, {column: name for name, column in handed.table.columns.items()}
    for record in handed.table.records:
        if record.row in sheet.hidden_rows:
            mend = say("行を再表示するか、絞り込み（フィルター）を解除して、内容を確かめてください。")
            found[record.row].append(handed.trouble(say("表示されていない行に値があります。"), mend, record.row))
        for name, cell in record.cells.items():
            if isinstance(cell, ErrorValue) and (record.row, handed.table.columns[name]) not in sheet.formulas:
                mend = say("正しい値を入力し直してください。")
                found[record.row].append(handed.trouble(say("エラーの値です。"), mend, record.row, name, cell))
    for row, column in sorted(sheet.formulas):
        if row > handed.table.ids_row and column in columns:
            mend = say("数式を消して、値を入力してください（値だけを貼り付けても構いません）。")
            value = sheet.at(row, column)
            found[row].append(handed.trouble(say("数式が入力されています。"), mend, row, columns[column], value))
    for range_ in sheet.merged:
        if range_.last[0] > handed.table.ids_row:
            row = max(range_.first[0], handed.table.ids_row + 1)
            name = columns.get(range_.first[1], "")
            mend = say("セルの結合を解除し、1案件を1行に入力してください。")
            value = f"{address(*range_.first)}:{address(*range_.last)}"
            found[row].append(handed.trouble(say("結合されたセルがあります。"), mend, row, name, value))
    return found


def all_of(troubles: Mapping[int, Sequence[Trouble]]) -> list[Trouble]:
    """Return the troubles of all rows, from the top."""
    return [trouble for row in sorted(troubles) for trouble in troubles[row]]
