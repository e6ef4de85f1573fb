"""The rows of a round's file: every bad place told, nothing guessed, before anything is stored."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from register.errors import ImportRejected, RowProblem, say
from register.formats import csv
from register.formspec import types
from register.formspec.schema import FormSpec
from register.text import clean_line, code_key

LIMITS = csv.Limits(size=256 * 1024 * 1024, rows=200_000, columns=200, cell=20_000)
# What names the row; every other column may stay open.
NAMES = ("case_no", "ministry", "title")


@dataclass(frozen=True)
class FileItem:
    """One row: the case it names, and its answers and answer states."""

    line: int
    case_no: str
    ministry: str
    answers: Mapping[str, Any]
    states: Mapping[str, str]

    @property
    def number_key(self) -> str:
        """What the case is matched by within its ministry."""
        return number_key(self.case_no)

    @property
    def ministry_key(self) -> str:
        """What the ministry is matched by."""
        return code_key(self.ministry)


def number_key(case_no: str) -> str:
    """Return what a case number is matched by: a number in full width is the same number."""
    return unicodedata.normalize("NFKC", case_no)


def read_items(data: bytes, spec: FormSpec, ministries: Container[str] | None = None) -> tuple[FileItem, ...]:
    """Return the items of a file in the columns of ``spec``; raise ``ImportRejected`` with every bad place.

    ``ministries`` holds the folded names that may stand in the file; None when others are going to be added.
    """
    parsed = csv.read(data, limits=LIMITS)
    header = [clean_line(cell) for cell in parsed.header.cells]
    problems = [*_header_problems(header, spec, parsed.header.line), *parsed.problems]
    items: list[FileItem] = []
    if set(header) == set(spec.columns) and len(header) == len(spec.columns):
        first: dict[tuple[str, str], int] = {}
        for row in parsed.rows:
            item, wrong = _item(row.line, dict(zip(header, row.cells, strict=True)), spec, ministries, first)
            problems += wrong
            items += [item] if item else []
        if not parsed.rows and not problems:
            problems.append(RowProblem(parsed.header.line, "", "", say("見出しのほかに行がありません。")))
    if problems:
        raise ImportRejected(sorted(problems, key=lambda problem: problem.line))
    return tuple(items)


def _header_problems(header: Sequence[str], spec: FormSpec, line: int) -> list[RowProblem]:
    problems = []
    for name in dict.fromkeys(header):
        if name not in spec.columns:
            problems.append(RowProblem(line, name, name, say("様式%(version)sにない列です。", version=spec.version)))
        if header.count(name) > 1:
            problems.append(RowProblem(line, name, name, say("同じ列が二つ以上あります。")))
    problems += [
        RowProblem(line, name, "", say("様式%(version)sの列がありません。", version=spec.version))
        for name in spec.columns
        if name not in header
    ]
    return problems


def _item(
    line: int,
    cells: Mapping[str, str],
    spec: FormSpec,
    ministries: Container[str] | None,
    first: dict[tuple[str, str], int],
) -> tuple[FileItem | None, list[RowProblem]]:
    """Return the item of one row, or what is wrong with it; ``first`` keeps the line that names each case."""
    parsed, problems = _parsed(line, cells, spec)
    case_no, ministry = parsed.get("case_no"), parsed.get("ministry")
    if ministry and ministries is not None and code_key(ministry) not in ministries:
        reason = say("登録されていない府省庁です。名称を確認するか、--create-ministries を付けてください。")
        problems.append(RowProblem(line, "ministry", cells["ministry"], reason))
    if case_no and ministry:
        before = first.setdefault((code_key(ministry), number_key(case_no)), line)
        if before != line:
            reason = say("同じ府省庁に同じ案件番号があります（%(line)d行目）。", line=before)
            problems.append(RowProblem(line, "case_no", cells["case_no"], reason))
    if problems:
        return None, problems
    answers = {field.id: parsed[field.id] for field in spec.questions if field.id in parsed}
    states = {field_id: state.value for field_id, state in spec.states(answers).items()}
    return FileItem(line, parsed["case_no"], parsed["ministry"], answers, states), []


def _parsed(line: int, cells: Mapping[str, str], spec: FormSpec) -> tuple[dict[str, Any], list[RowProblem]]:
    problems: list[RowProblem] = []
    parsed: dict[str, Any] = {}
    for field in spec.fields:
        text = cells[field.id]
        try:
            value = types.parse(field, text)
        except types.BadValue as bad:
            problems.append(RowProblem(line, field.id, text, bad.sentence))
            continue
        if value is not None:
            parsed[field.id] = value
        elif field.id in NAMES:
            problems.append(RowProblem(line, field.id, text, say("空欄にはできません。")))
    return parsed, problems
