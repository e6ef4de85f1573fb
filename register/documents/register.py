"""The register as a document (案件一覧): the cases of a list as it was narrowed, in volumes, with the counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from register.documents import tally
from register.documents.figures import Printed, cross_cells
from register.documents.ground import Ground
from register.documents.paper import Listing, Paper
from register.documents.tell import Tell
from register.errors import Say, listed, say
from register.formats import Cell, svg
from register.models import Ministry
from register.queries import use_cases
from register.queries.ministries import ministries
from register.queries.use_cases import FILTERS, UNANSWERED, ListState
from register.reports.table import Table
from register.vocab import Lifecycle, Term

NAME = "register"
# A thousand rows take some twenty seconds and 270 MB to render (the limits of ``formats.pdf_process``).
ROWS_PER_VOLUME = 1000
# The fields of a case as the list is exported, with what each is called.
FIELDS: Mapping[str, Say] = {
    "case_no": say("案件番号"),
    "ministry": say("府省庁"),
    "unit": say("部局・課室"),
    "title": say("案件名"),
    "purpose": say("利用用途"),
    "usage_type": say("利用類型"),
    "user_scope": say("利用者の範囲"),
    "confidentiality": say("取扱情報の機密性"),
    "planned_stage": say("導入段階（予定を含む）"),
    "start_on": say("利用開始（予定）日"),
    "goal_kind": say("成果目標"),
    "goal_text": say("成果目標の内容"),
    "output_type": say("出力データの種類"),
    "model_usage": say("モデル利用状況"),
    "lifecycle": say("状態"),
    "lifecycle_since": say("状態になった日"),
}
CODED = ("usage_type", "user_scope", "confidentiality", "goal_kind", "output_type")
# Of these the list prints the number of the form, which stands for a long label.
NUMBERED = ("user_scope", "confidentiality")


@dataclass(frozen=True)
class Cases:
    """The cases of the list, what they were narrowed by in words, and the ministries that it is of."""

    rows: Sequence[Row[Any]]
    conditions: Sequence[tuple[str, str]]
    bodies: Sequence[Ministry]

    def volumes(self) -> Iterator[tuple[int, Sequence[Row[Any]]]]:
        """Yield the rows of each volume with the place of its first; an empty list has one volume."""
        for start in range(0, max(1, len(self.rows)), ROWS_PER_VOLUME):
            yield start + 1, self.rows[start : start + ROWS_PER_VOLUME]


def papers(ground: Ground) -> list[Paper]:
    """Return the volumes of the list that was asked for; the first one has the counts of all."""
    tell = Tell(ground)
    found = _found(tell)
    counts = _counts(tell, found) if found.rows else {}
    return [_volume(tell, found, first, rows, counts if first == 1 else {}) for first, rows in found.volumes()]


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the counts, and every case by its number, in order."""
    return Printed([cross_cells(one) for one in data.get("counts", {}).values()], data["names"])


def _found(tell: Tell) -> Cases:
    ground = tell.ground
    filters: Mapping[str, Sequence[str]] = ground.subject["filters"]
    chosen = {name: tuple(filters[name]) for name in FILTERS if filters.get(name)}
    state = ListState(chosen, " ".join(filters.get("q", ())), "number")
    seen = list(ministries(ground.session, ground.actor).values())
    bodies = [one for one in seen if one.key in chosen["ministry"]] if "ministry" in chosen else seen
    rows = list(use_cases.export_rows(ground.session, ground.actor, state))
    return Cases(rows, list(_conditions(tell, state, seen)), bodies)


def _conditions(tell: Tell, state: ListState, seen: Sequence[Ministry]) -> Iterator[tuple[str, str]]:
    """Yield what the list was narrowed by: the name of each condition, and its values in words."""
    labels = {one.key: one.label(tell.code) for one in seen}
    if state.q:
        yield tell.say(say("言葉で探す")), tell.say(say("「%(text)s」", text=state.q))
    for name, values in state.chosen.items():
        label = say("報告した回") if name == "round" else FIELDS[name]
        texts = [_condition(tell, name, value, labels) for value in values]
        yield tell.say(label), str(tell.said(listed(texts)))


def _condition(tell: Tell, name: str, value: str, bodies: Mapping[str, str]) -> str:
    if value == UNANSWERED:
        return tell.none().text
    if name == "lifecycle":
        return Lifecycle(value).label(tell.code) if value in set(Lifecycle) else value
    if name == "round":
        year, _, number = value.partition("-")
        return tell.say(say("%(year)s年度第%(number)s回", year=year, number=number))
    return bodies.get(value, value) if name == "ministry" else tell.option(name, value).text


def _counts(tell: Tell, found: Cases) -> dict[str, Table]:
    keys = {one.name: one.key for one in found.bodies}
    states = [(state.value, state.label(tell.code)) for state in Lifecycle]
    count = [("count", tell.say(say("件数")))]
    types = [(row.usage_type or tally.UNANSWERED, "count") for row in found.rows]
    return {
        "lifecycle": tally.cross(
            tell,
            "lifecycle",
            say("府省庁ごと、状態ごとの案件数"),
            tally.ministries(tell, found.bodies),
            states,
            [(keys[row.ministry], row.lifecycle.value) for row in found.rows],
        ),
        "usage_type": tally.cross(
            tell, "usage_type", say("利用類型ごとの案件数"), tally.options(tell, "usage_type"), count, types
        ),
    }


def _volume(tell: Tell, found: Cases, first: int, rows: Sequence[Row[Any]], counts: Mapping[str, Table]) -> Paper:
    title = tell.say(say("案件一覧（%(day)s現在）", day=tell.words.on(tell.ground.today)))
    bodies = {one.name: one.label(tell.code) for one in found.bodies}
    data = {
        "title": title,
        "conditions": [{"name": name, "text": text} for name, text in found.conditions],
        "total": len(found.rows),
        "first": first,
        "names": [row.case_no for row in rows],
        "cases": [{name: _plain(getattr(row, name)) for name in FIELDS} for row in rows],
        "codes": {name: dict(tally.options(tell, name)) for name in CODED},
        **({"counts": {name: tally.as_plain(tell, table) for name, table in counts.items()}} if counts else {}),
    }
    head = [tell.say(label) for label in FIELDS.values()]
    lines = [[_cell(tell, name, getattr(row, name), bodies) for name in FIELDS] for row in rows]
    values = {
        "found": found,
        "first": first,
        "rows": rows,
        "bodies": bodies,
        "counts": counts,
        "chart": _chart(tell, counts["lifecycle"]) if counts else "",
        "numbered": [(tell.say(FIELDS[name]), tell.spec.field(name).options) for name in NUMBERED],
        "spec": tell.spec,
    }
    return Paper(
        "documents/register.html",
        title,
        NAME,
        data,
        [Listing(NAME, tell.say(say("案件一覧")), head, lines)],
        values,
        author=tell.ground.actor.name,
        created=tell.ground.moment,
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value.value if isinstance(value, Term) else value


def _cell(tell: Tell, name: str, value: Any, bodies: Mapping[str, str]) -> Cell:
    """Return a field as the lists of the screens export it."""
    if isinstance(value, Term):
        return value.label(tell.code)
    if name == "ministry":
        return bodies[value]
    if name in CODED and value is not None:
        return tell.option(name, value).text
    return "" if value is None else value


def _chart(tell: Tell, table: Table) -> str:
    """Return how many cases stand where in their lives, as bars; the table beside has the same numbers."""
    items = [(column.label, count or 0) for column, count in zip(table.columns, table.total.cells, strict=True)]
    label, most = max(items, key=lambda one: one[1])
    desc = say("最も多いのは「%(label)s」で%(count)d件。", label=label, count=most)
    return svg.bars("lifecycle", tell.say(say("状態ごとの案件数")), tell.say(desc), items)
