"""What a person may say of an incident: the fields by kind, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.errors import Invalid, Say, say
from register.formspec.risk import RiskTerms
from register.models import IncidentCase, UseCase
from register.text import clean, clean_line, search_key
from register.vocab import IncidentKind, Precision

LINES = {"title": 200, "unregistered": 400, "affected": 400}
TEXTS = dict.fromkeys(("summary", "cause", "containment", "announcement", "lessons"), 4000)
DAYS = ("occurred_on", "suspended_from", "suspended_to", "announced_on")
TERMS: Mapping[str, type[Precision]] = {"occurred_precision": Precision, "affected_precision": Precision}
EDITABLE = (
    "kind", *LINES, *TEXTS, "detected_on", *DAYS, *TERMS, "affected_count", "categories", "grade", "information",
)  # fmt: skip
MOST_PEOPLE = 1_000_000_000
MOST_CASES = 50
_BETWEEN = re.compile(r"[\s,、，]+")
PICK = say("選択肢の中から選んでください。")


@dataclass(frozen=True)
class Told:
    """What was said of an incident, checked: the values of its columns, and the use cases that it concerns."""

    values: Mapping[str, Any]
    cases: Sequence[UseCase]


def checked(
    session: Session, terms: RiskTerms, values: Mapping[str, Any], cases: str, ministry_id: int, today: dt.date
) -> Told:
    """Return what was said; raise ``Invalid`` with a sentence for every field that cannot stand."""
    told: dict[str, Any] = {name: clean_line(values.get(name) or "") for name in LINES}
    told |= {name: clean(values.get(name) or "") for name in TEXTS}
    told |= {name: values.get(name) for name in (*DAYS, "detected_on", "affected_count")}
    told |= {name: Precision(values.get(name) or Precision.UNKNOWN) for name in TERMS}
    told |= {name: values.get(name) or None for name in ("grade", "information")}
    told |= {"kind": IncidentKind(values.get("kind") or IncidentKind.RISK_CASE)}
    chosen = [code for code in values.get("categories") or () if code]
    told["categories"] = " ".join(code for code in terms.categories.texts if code in chosen)
    found, unknown = cases_of(session, cases, ministry_id)
    problems: dict[str, Say] = _blank(told, found, unknown)
    for name, longest in {**LINES, **TEXTS}.items():
        if len(told[name]) > longest:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=longest)
    if set(chosen) - terms.categories.codes:
        problems["categories"] = PICK
    for name, listed in (("grade", terms.grades), ("information", terms.information)):
        if told[name] is not None and told[name] not in listed.codes:
            problems[name] = PICK
    problems |= _days(told, today) | _people(told)
    if problems:
        raise Invalid(problems)
    return Told(told, found)


def cases_of(session: Session, typed: str, ministry_id: int) -> tuple[list[UseCase], list[str]]:
    """Return the ministry's use cases whose numbers were typed, and the numbers that it has none of."""
    numbers = list(dict.fromkeys(filter(None, _BETWEEN.split(clean_line(typed)))))[: MOST_CASES + 1]
    own = select(UseCase).where(UseCase.ministry_id == ministry_id, UseCase.case_no.in_(numbers))
    found = {case.case_no: case for case in session.scalars(own)} if numbers else {}
    return [found[number] for number in numbers if number in found], [n for n in numbers if n not in found]


def fold(told: Mapping[str, Any], number: str) -> str:
    """Return the text that the list searches."""
    return search_key(" ".join((number, told["title"], told["summary"], told["unregistered"])))


def tied(session: Session, incident_id: int) -> dict[int, IncidentCase]:
    """Return the ties of an incident by use case."""
    rows = session.scalars(select(IncidentCase).where(IncidentCase.incident_id == incident_id))
    return {row.use_case_id: row for row in rows}


def _blank(told: Mapping[str, Any], found: Sequence[UseCase], unknown: Sequence[str]) -> dict[str, Say]:
    problems: dict[str, Say] = {}
    if not told["title"]:
        problems["title"] = say("件名を入力してください。")
    if not told["categories"]:
        problems["categories"] = say("分類を一つ以上選んでください。")
    if told["detected_on"] is None:
        problems["detected_on"] = say("覚知した日を入力してください。")
    if unknown:
        problems["cases"] = say("案件番号「%(number)s」の案件は見つかりません。", number=unknown[0])
    elif len(found) > MOST_CASES:
        problems["cases"] = say("案件は%(most)d件まで結び付けられます。", most=MOST_CASES)
    elif not found and not told["unregistered"]:
        problems["cases"] = say("案件番号を入力するか、台帳に登録されていない利用を入力してください。")
    return problems


def _days(told: Mapping[str, Any], today: dt.date) -> dict[str, Say]:
    problems: dict[str, Say] = {}
    names = ("detected_on", "occurred_on", "suspended_from", "announced_on")
    for name in names:
        if told[name] is not None and told[name] > today:
            problems[name] = say("今日以前の日付にしてください。")
    occurred, detected = told["occurred_on"], told["detected_on"]
    if occurred and detected and occurred > detected:
        problems["occurred_on"] = say("発生した日は、覚知した日以前の日付にしてください。")
    if (occurred is None) != (told["occurred_precision"] is Precision.UNKNOWN):
        problems.setdefault("occurred_on", say("発生した日を入力するか、「不明」を選んでください。"))
    if told["suspended_to"] and not told["suspended_from"]:
        problems["suspended_from"] = say("利用を停止した日も入力してください。")
    elif told["suspended_to"] and told["suspended_to"] < told["suspended_from"]:
        problems["suspended_to"] = say("再開した日は、停止した日以降の日付にしてください。")
    return problems


def _people(told: Mapping[str, Any]) -> dict[str, Say]:
    count = told["affected_count"]
    if (count is None) != (told["affected_precision"] is Precision.UNKNOWN):
        return {"affected_count": say("人数を入力するか、「不明」を選んでください。")}
    if count is not None and not 0 <= count <= MOST_PEOPLE:
        return {"affected_count": say("0以上の人数を入力してください。")}
    return {}
