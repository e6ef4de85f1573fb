"""What a workbook is once it has been read, and why one is refused: the words that reader, gate and child share.

Rows and columns count from 1, as people see them: ``address(12, 2)`` is ``B12``. ``workbook_read.read`` makes a book.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from register.errors import Invalid, Say, say

Place = tuple[int, int]  # (row, column)


class ErrorValue(str):
    """What a cell shows whose formula fails, as ``#REF!``: a text that nobody wrote."""

    __slots__ = ()


# Dates with a time are ``datetime``; a time without a day is a text like 12:30:00; ``ErrorValue`` is a str.
Cell = str | int | float | bool | date | None


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it is refused, and what reading may take (bytes, seconds)."""

    size: int = 32 * 1024**2
    members: int = 2000
    unpacked: int = 256 * 1024**2
    ratio: int = 100  # unpacked bytes for each byte of the file, looked at beyond ``slack``
    slack: int = 8 * 1024**2
    silence: int = 1024**2  # bytes of XML without a new element
    depth: int = 64
    attributes: int = 64
    elements: int = 12_000_000
    element_ratio: int = 5  # elements for each byte of the file, looked at beyond ``element_slack``
    element_slack: int = 200_000
    sheets: int = 50
    rows: int = 60_000
    columns: int = 200
    cells: int = 2_000_000
    marks: int = 200_000  # formulas and failing cells
    merged: int = 20_000
    merged_cells: int = 20_000
    text: int = 32_767
    properties: int = 200
    memory: int = 600 * 1024**2
    cpu: int = 20
    wall: int = 30


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds something: ``cells[0]`` is column 1 (A), what is empty at the end is left out."""

    number: int
    cells: tuple[Cell, ...]

    def at(self, column: int) -> Cell:
        """Return the cell of the column counted from 1, None where the row has ended."""
        return self.cells[column - 1] if column <= len(self.cells) else None


@dataclass(frozen=True)
class Merged:
    """A merged range; its value stands in the first cell, the others are empty."""

    first: Place
    last: Place


@dataclass(frozen=True)
class Sheet:
    """One sheet with cells. ``formulas`` are the places whose value was calculated; the value of the last calculation
    is in ``rows``, None where the program stored none.
    """

    name: str
    hidden: bool
    rows: tuple[Row, ...]
    formulas: frozenset[Place] = frozenset()
    merged: tuple[Merged, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()

    @functools.cached_property
    def by_number(self) -> Mapping[int, Row]:
        """The rows by their number."""
        return {row.number: row for row in self.rows}

    def at(self, row: int, column: int) -> Cell:
        """Return the cell, None where there is none."""
        found = self.by_number.get(row)
        return found.at(column) if found else None


@dataclass(frozen=True)
class Book:
    """A file that could be read: ``kind`` is xlsx, xls, ods or csv; ``properties`` are the custom ones of an xlsx."""

    kind: str
    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str] = field(default_factory=dict)


def letters(column: int) -> str:
    """Return the name of the column counted from 1: A, Z, AA."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def address(row: int, column: int) -> str:
    """Return how a spreadsheet calls the cell: B12 for row 12, column 2."""
    return f"{letters(column)}{row}"


class Unreadable(Invalid):
    """A file that is not taken (422); the sentence stands also under the field ``file``, ``detail`` is for the log."""

    def __init__(self, sentence: Say, detail: str = "") -> None:
        super().__init__({"file": sentence})
        self.detail = detail


class Refused(Exception):
    """What the gate says: a key of ``SENTENCES`` and what fills its places; it passes from the child as JSON."""

    def __init__(self, key: str, **params: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


ZIP, OLE = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how these files begin
REFUSED = 3  # how the child ends when it refuses, as opposed to dying
SAVE_AGAIN = say("Excelで開き、Excelブック（.xlsx）として保存し直してください。")
SENTENCES: Mapping[str, Say] = {
    "empty": say("ファイルが空です。記入したファイルを選び直してください。"),
    "size": say("ファイルが大きすぎます（上限%(limit)dMB）。画像や不要なシートを除いて保存し直してください。"),
    "encrypted": say("パスワードで保護されたファイルは読み取れません。パスワードを外して保存し直してください。"),
    "macros": say(
        "マクロを含む形式のファイルは受け付けていません。Excelブック（.xlsx）として、マクロなしで保存し直してください。"
    ),
    "binary": say("Excelバイナリブック（.xlsb）は受け付けていません。Excelブック（.xlsx）として保存し直してください。"),
    "html": say("中身がExcelブックではなくウェブページ（HTML）です。%(save)s", save=SAVE_AGAIN),
    "old": say("古い形式のExcelファイルです。%(save)s", save=SAVE_AGAIN),
    "xml2003": say("古いXML形式の表です。%(save)s", save=SAVE_AGAIN),
    "unknown": say(
        "対応していない形式のファイルです。Excelブック（.xlsx、.xls）、OpenDocument（.ods）またはCSVを選んでください。"
    ),
    "broken": say(
        "ファイルが壊れているか、途中で切れています。元のファイルをExcelで開いて保存し直すか、もう一度選んでください。"
    ),
    "hostile": say("ファイルの作りが正しくないため、安全に読み取れません。%(save)s", save=SAVE_AGAIN),
    "bomb": say(
        "展開すると大きくなりすぎるファイルです。新しいブックに必要な表だけを貼り付けて、保存し直してください。"
    ),
    "members": say("部品の数が多すぎるファイルです。画像や不要なシートを除いて保存し直してください。"),
    "sheets": say("シートが多すぎます（上限%(limit)d枚）。不要なシートを除いて保存し直してください。"),
    "far": say(
        "シート「%(sheet)s」のセル%(cell)sが読み取れる範囲（%(rows)d行、%(columns)d列）の外にあります。"
        "余分な行と列を削除して保存し直してください。"
    ),
    "cells": say(
        "シート「%(sheet)s」までのセルが多すぎます（上限%(limit)d個）。余分な行と列を削除して保存し直してください。"
    ),
    "marks": say("シート「%(sheet)s」の数式が多すぎます（上限%(limit)d個）。値だけを貼り付けて保存し直してください。"),
    "merged": say(
        "シート「%(sheet)s」の結合セル（%(cell)s）が多すぎるか、広すぎます。結合を解除して保存し直してください。"
    ),
    "text": say("シート「%(sheet)s」のセル%(cell)sが長すぎます。%(limit)d文字以内にしてください。"),
    "dead": say(
        "このファイルは読み取れませんでした。新しいブックに必要な表だけを値で貼り付けて、.xlsxで保存し直してください。"
    ),
}


def unreadable(key: str, params: Mapping[str, str | int] | None = None, detail: str = "") -> Unreadable:
    """Return the refusal that a person reads."""
    known = SENTENCES[key]
    return Unreadable(Say(known.template, {**known.params, **(params or {})}), detail)
