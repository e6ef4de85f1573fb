"""The figures of all settled rounds beside each other, in the vocabulary of one form: a column for each round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.errors import Say, say
from register.formspec.crosswalk import Crosswalk
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import FormSpec, Text
from register.formspec.terms import ANY_ROUND
from register.models import Round
from register.reports import change, tally
from register.reports.carried import UNMAPPED, Told, notes, spread
from register.reports.charts import Speak
from register.reports.moves import CHANGED, CLOSED, NEW, RECLASSIFIED, UNCHANGED, Pair
from register.reports.place import UNANSWERED
from register.reports.report import name_of
from register.reports.table import TOTAL, Column, Footnote, Row, Table
from register.reports.tally import Tally
from register.reports.vocabulary import Bridge
from register.states import ROUND_SETTLED

GROWN = "difference"
BLANK, NOWHERE = Text("未回答", "Not answered"), Text("対応付けできない", "Cannot be carried over")
# What became of the cases of a round: these make up its cases, and the last two stand below their total.
PARTS = (NEW, UNCHANGED, RECLASSIFIED, CHANGED, UNANSWERED)
GROWTH = Text("前回との差（新規－今回なし）", "Growth (new less not reported again)")


@dataclass(frozen=True)
class Followed:
    """A question that is followed over the rounds, the title of its table, and the table of a report that shows it."""

    field: str
    title: Say
    report: str

    @property
    def slug(self) -> str:
        """The name of its table."""
        return f"trend_{self.field}"


FOLLOWED = (
    Followed("usage_type", say("利用類型の推移"), "start_timing_by_usage_type"),
    Followed("start_timing", say("利用開始時期の推移"), "start_timing_by_usage_type"),
    Followed("user_scope", say("利用者の範囲の推移"), "user_scope_by_usage_type"),
    Followed("stage", say("導入段階の推移"), "stage_by_user_scope"),
    Followed("confidentiality", say("取扱情報の機密性の推移"), "confidentiality"),
    Followed("output_type", say("出力データの種類の推移"), "output_type"),
)
MOVED = Followed("growth", say("案件の増減の推移"), "flow")
# Which part of a round's report the figures of each table lead to.
SHOWN = {one.slug: one.report for one in (*FOLLOWED, MOVED)}
DRAWN = (FOLLOWED[0].slug, MOVED.slug)


@dataclass(frozen=True)
class Trend:
    """The rounds up to the one that is shown: a table for each question and one of the growth; ``form`` is its form.

    ``counted_now`` is what had to be counted and may be kept for the next time.
    """

    name: Say
    code: str
    form: FormSpec
    settled: bool
    rounds: tuple[Column, ...]
    tables: tuple[Table, ...]
    counted_now: tuple[Tally, ...]


def build(session: Session, round: Round, actor: Actor, language: str, forms: FormLibrary, speak: Speak) -> Trend:
    """Return the trend up to ``round``, over the settled real rounds that ``actor`` may know of."""
    rounds = _rounds(session, round, actor)
    pairs = [Pair(now, before, _steps(forms, before, now)) for before, now in pairwise(rounds)]
    tallies = tally.several(session, rounds, pairs)
    form = from_canonical(round.form_version.canonical)
    told = [
        Told(
            Column(one.round.code, speak(name_of(one.round)), ""),
            Bridge(from_canonical(one.round.form_version.canonical), form, _steps(forms, one.round, round)),
            one.counts,
            one.moves if place else None,
        )
        for place, one in enumerate(tallies)
    ]
    return Trend(
        name_of(round),
        round.code,
        form,
        round in rounds,
        tuple(one.column for one in told),
        tables(form, told, language) if told else (),
        tuple(one for one in tallies if one.worth_keeping),
    )


def tables(form: FormSpec, told: Sequence[Told], language: str) -> tuple[Table, ...]:
    """Return the tables of the questions that ``form`` asks, and that of the growth."""
    asked = [one for one in FOLLOWED if form.has(one.field)]
    return (*(tabulate(one, form, told, language) for one in asked), growth(told, language))


def tabulate(followed: Followed, form: FormSpec, told: Sequence[Told], language: str) -> Table:
    """Return how the cases of each round answered one question, in the codes of ``form``."""
    field = form.field(followed.field)
    cells_of = [spread(field, one) for one in told]
    labels = {option.code: option.print_label(language, ANY_ROUND) for option in field.options}
    more = {UNANSWERED: BLANK.of(language), UNMAPPED: NOWHERE.of(language)}
    labels |= {code: label for code, label in more.items() if any(cells.get(code) for cells in cells_of)}
    body = [_row(code, label, [cells.get(code) for cells in cells_of]) for code, label in labels.items()]
    total = _total([one.cases if cells else None for one, cells in zip(told, cells_of, strict=True)], language)
    return _table(followed, told, (*body, total), notes(field, told, language))


def growth(told: Sequence[Told], language: str) -> Table:
    """Return of each round how its cases came about: new, as before, moved by definition or in fact; and what ended."""
    kinds = [change.counts(one.moves.kinds) if one.moves else {} for one in told]
    labels = {kind: change.KINDS[kind].of(language) for kind in PARTS}
    shown = [kind for kind in PARTS if kind != UNANSWERED or any(one.get(kind) for one in kinds)]
    body = [_row(kind, labels[kind], [one.get(kind) for one in kinds]) for kind in shown]
    ended = _row(CLOSED, change.KINDS[CLOSED].of(language), [one.get(CLOSED) for one in kinds])
    grown = _row(GROWN, GROWTH.of(language), [one[NEW] - one[CLOSED] if one else None for one in kinds])
    first = say("「%(round)s」より前の回はなく、増減はない（－）", round=told[0].column.label)
    said = (Footnote(first), Footnote(say("「今回なし」の案件は、その回の総計に入らない")), Footnote(change.SOURCE))
    total = _total([one.cases for one in told], language)
    return _table(MOVED, told, (*body, total, ended, grown), said)


def _rounds(session: Session, round: Round, actor: Actor) -> list[Round]:
    upto = tuple_(Round.fiscal_year, Round.number) <= tuple_(round.fiscal_year, round.number)
    real = and_(Round.rehearsal.is_(False), Round.state.in_(ROUND_SETTLED), authz.sight(Round, actor))
    # The round itself too, for its form: one statement brings all.
    wanted = select(Round).where(or_(and_(upto, real), Round.id == round.id))
    found = session.scalars(wanted.options(joinedload(Round.form_version)).order_by(Round.fiscal_year, Round.number))
    return [one for one in found if not one.rehearsal and one.state in ROUND_SETTLED]


def _steps(forms: FormLibrary, before: Round, after: Round) -> tuple[Crosswalk, ...]:
    return forms.between(before.form_version.version, after.form_version.version)


def _row(code: str, label: str, cells: Sequence[int | None]) -> Row:
    return Row(code, label, "", tuple(cells), cells[-1] or 0)


def _total(cells: Sequence[int | None], language: str) -> Row:
    return _row(TOTAL, change.SUM.of(language), cells)


def _table(followed: Followed, told: Sequence[Told], rows: tuple[Row, ...], said: Iterable[Footnote]) -> Table:
    columns = tuple(one.column for one in told)
    return Table(followed.slug, followed.title, followed.title, "all", columns, rows, tuple(said), adds=False)
