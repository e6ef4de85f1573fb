"""CSV for people who open it in Excel: UTF-8 with BOM out; UTF-8 or CP932 in, with the true line of each row.

Reading is bounded and never guesses: a file that cannot be decoded is refused with the byte and the line, a row that
is longer or shorter than its heading is reported, and what the columns mean is left to the caller.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from register.errors import ImportRejected, RowProblem, Say, say
from register.formats import Cell, printable

# What a spreadsheet takes for a formula, a command or a link, also behind blanks and quotes and in full width.
FORMULA = re.compile(r'^[\s"]*[=+\-@\t\r|%＝＋－＠]')
# Python's cp932 lets these undefined single bytes through.
UNDEFINED_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it is refused."""

    size: int = 5 * 1024 * 1024
    rows: int = 20_000
    columns: int = 200
    cell: int = 20_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Row:
    """One record: ``line`` is the line of the file it starts on, counted from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Parsed:
    """A file that could be read: ``problems`` are its ragged or oversized rows, which are not among ``rows``."""

    encoding: str
    header: Row
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]


def write(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return the table as UTF-8 with BOM; text that a spreadsheet would run is marked with an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_shown(cell) for cell in header])
    writer.writerows([_shown(cell) for cell in row] for row in rows)
    return BOM_UTF8 + out.getvalue().encode()


def neutral(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    text = printable(text)
    return f"'{text}" if FORMULA.match(text) else text


def _shown(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return neutral(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, int | float) else cell


def read(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Parsed:
    """Return the heading and the rows with their lines; raise ``ImportRejected`` for a file that cannot be read."""
    if len(data) > limits.size:
        reason = say("ファイルが大きすぎます（上限%(limit)dバイト）。分けて取り込んでください。", limit=limits.size)
        raise _refused(1, reason)
    text, encoding = _decode(data)
    records = _records(text)
    header = next(records, None)
    if header is None:
        raise _refused(1, say("ファイルが空です。見出しの行が必要です。"))
    if len(header.cells) > limits.columns:
        raise _refused(header.line, say("列が多すぎます（上限%(limit)d列）。", limit=limits.columns))
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for row in records:
        if len(rows) + len(problems) >= limits.rows:
            reason = say("行が多すぎます（上限%(limit)d行）。分けて取り込んでください。", limit=limits.rows)
            raise _refused(row.line, reason)
        found = tuple(_row_problems(header, row, limits))
        problems += found
        rows += () if found else (row,)
    return Parsed(encoding, header, tuple(rows), tuple(problems))


def _records(text: str) -> Iterator[Row]:
    """Yield each record that holds something; a quoted cell may span lines."""
    # newline="" keeps the line ends inside quoted cells and counts only \n, \r and \r\n as line ends.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(line, say('引用符（"）の使い方が正しくないか、セルが長すぎます。')) from error
        if cells:
            yield Row(line, tuple(cells))


def _row_problems(header: Row, row: Row, limits: Limits) -> Iterator[RowProblem]:
    if len(row.cells) != len(header.cells):
        wanted, found = len(header.cells), len(row.cells)
        reason = say("列の数が見出しと違います（見出し%(wanted)d列、この行%(found)d列）。", wanted=wanted, found=found)
        yield RowProblem(row.line, "", "", reason)
        return
    for name, cell in zip(header.cells, row.cells, strict=True):
        if len(cell) > limits.cell:
            yield RowProblem(row.line, name, cell[:40], say("%(limit)d文字以内で入力してください。", limit=limits.cell))


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise _refused(1, say("文字コードがUTF-16です。UTF-8（CSV UTF-8）で保存し直してください。"))
    if (nul := data.find(0)) >= 0:
        reason = say("%(byte)dバイト目にNUL文字があります。CSVファイルではないようです。", byte=nul + 1)
        raise _refused(_line(data, nul), reason)
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        start = error.start + (len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0)
    if not _mostly_utf8(data):
        try:
            text = data.decode("cp932")
        except UnicodeDecodeError as error:
            start = error.start
        else:
            if not (undefined := UNDEFINED_CP932.search(text)):
                return text, "cp932"
            start = len(text[: undefined.start()].encode("cp932"))
    hexed = f"{data[start]:02X}"
    reason = say(
        "%(byte)dバイト目（16進%(hex)s）を文字として読めません。UTF-8で保存し直してください。",
        byte=start + 1,
        hex=hexed,
    )
    raise _refused(_line(data, start), reason)


def _mostly_utf8(data: bytes) -> bool:
    """Return whether this is UTF-8 with some broken bytes: as CP932 it would be read, but as other characters."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return data.startswith(BOM_UTF8) or sum(1 for char in text if char >= "\u0800") - broken > broken


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _refused(line: int, reason: Say) -> ImportRejected:
    return ImportRejected([RowProblem(line, "", "", reason)])
