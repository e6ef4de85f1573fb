"""The rows of a round's file: every bad place told, nothing guessed, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from register.errors import ImportRejected, RowProblem, say
from register.formats import csv
from register.formspec import types
from register.formspec.schema import FormSpec
from register.text import clean_line, code_key

LIMITS = csv.Limits(size=256 * 1024 * 1024, rows=200_000, columns=200, cell=20_000)


@dataclass(frozen=True)
class FileItem:
    """One row: the case it names, and its answers and answer states."""

    line: int
    case_no: str
    ministry: str
    answers: Mapping[str, Any]
    states: Mapping[str, str]


def read_items(data: bytes, spec: FormSpec) -> tuple[FileItem, ...]:
    """Return the items of a file in the columns of ``spec``; raise ``ImportRejected`` with every bad place."""
    parsed = csv.read(data, limits=LIMITS)
    header = [clean_line(cell) for cell in parsed.header.cells]
    if problems := _header_problems(header, spec, parsed.header.line):
        raise ImportRejected(problems)
    problems = list(parsed.problems)
    items: list[FileItem] = []
    for row in parsed.rows:
        item, wrong = _item(row.line, dict(zip(header, row.cells, strict=True)), spec)
        problems += wrong
        items += [item] if item else []
    problems += _repeated(items)
    if not items and not problems:
        problems.append(RowProblem(parsed.header.line, "", "", say("見出しのほかに行がありません。")))
    if problems:
        raise ImportRejected(sorted(problems, key=lambda problem: problem.line))
    return tuple(items)


def _header_problems(header: Sequence[str], spec: FormSpec, line: int) -> list[RowProblem]:
    problems = []
    for name in dict.fromkeys(header):
        if name not in spec.columns:
            problems.append(RowProblem(line, name, name, say("様式%(version)sにない列です。", version=spec.version)))
        elif header.count(name) > 1:
            problems.append(RowProblem(line, name, name, say("同じ列が二つ以上あります。")))
    problems += [
        RowProblem(line, name, "", say("様式%(version)sの列がありません。", version=spec.version))
        for name in spec.columns
        if name not in header
    ]
    return problems


def _item(line: int, cells: Mapping[str, str], spec: FormSpec) -> tuple[FileItem | None, list[RowProblem]]:
    problems: list[RowProblem] = []
    parsed: dict[str, Any] = {}
    for field in spec.fields:
        text = cells[field.id]
        try:
            value = types.parse(field, text)
        except types.BadValue as bad:
            problems.append(RowProblem(line, field.id, text, bad.sentence))
            continue
        if value is None and (field.identity or field.id == "title"):
            problems.append(RowProblem(line, field.id, text, say("空欄にはできません。")))
        elif value is not None:
            parsed[field.id] = value
    if problems:
        return None, problems
    answers = {field.id: parsed[field.id] for field in spec.questions if field.id in parsed}
    states = {field_id: state.value for field_id, state in spec.states(answers).items()}
    return FileItem(line, parsed["case_no"], parsed["ministry"], answers, states), []


def _repeated(items: Sequence[FileItem]) -> list[RowProblem]:
    first: dict[tuple[str, str], int] = {}
    problems = []
    for item in items:
        key = (code_key(item.ministry), item.case_no)
        if key in first:
            reason = say("同じ府省庁に同じ案件番号があります（%(line)d行目）。", line=first[key])
            problems.append(RowProblem(item.line, "case_no", item.case_no, reason))
        else:
            first[key] = item.line
    return problems
