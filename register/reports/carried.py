"""What was counted of a round for a trend, carried over into another form's codes, and the footnotes that it needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from register.errors import Say, listed, say
from register.formspec.schema import Field
from register.formspec.terms import ANY_ROUND
from register.reports.counts import Counts
from register.reports.moves import Moves
from register.reports.place import UNANSWERED
from register.reports.table import Column, Footnote
from register.reports.vocabulary import Bridge, Way

# The row of the answers that no single code of the other form stands for.
UNMAPPED = "unmapped"


@dataclass(frozen=True)
class Told:
    """What was counted of one round: its column, the way of its form's codes, and the moves since the round before.

    ``moves`` are None for the first round.
    """

    column: Column
    bridge: Bridge
    counts: Counts
    moves: Moves | None

    @property
    def cases(self) -> int:
        """How many cases the round has."""
        return self.counts.count(())


def spread(field: Field, told: Told) -> dict[str, int | None]:
    """Return how many cases of a round have each code of ``field``: None for what its form could not say.

    Nothing at all where the form did not ask.
    """
    if not told.bridge.asks(field.id):
        return {}
    ways, found = told.bridge.ways(field.id), Counter[str]()
    for code, count in _answers(field.id, told):
        found[_target(ways.get(code or ""), code)] += count
    reached = {way.target for way in ways.values()}
    cells: dict[str, int | None] = {code: found[code] if code in reached else None for code in field.codes}
    return cells | {UNANSWERED: found[UNANSWERED], UNMAPPED: found[UNMAPPED]}


def _answers(field: str, told: Told) -> Iterator[tuple[str | None, int]]:
    for group in told.counts.over(frozenset({field})):
        yield group.key[field], group.count


def _target(way: Way | None, code: str | None) -> str:
    if code is None:
        return UNANSWERED
    return (way.target if way else None) or UNMAPPED


def notes(field: Field, told: Sequence[Told], language: str) -> Iterator[Footnote]:
    """Yield what the columns leave open: what was not asked, what could not be said, which code became which."""
    if any("{" in option.text.of(language) for option in field.options):
        yield Footnote(say("選択肢の年は、それぞれの回の基準日から数える"))
    silent = [one.column.label for one in told if not one.bridge.asks(field.id)]
    if silent:
        yield Footnote(say("%(rounds)sの様式は、この項目を尋ねていない（－）", rounds=listed(silent)))
    asked = [one for one in told if one.bridge.asks(field.id)]
    for text in dict.fromkeys(rule.rule.of(language) for one in asked for rule in one.bridge.changes(field.id)):
        yield Footnote(say("様式の版の間での項目の変更：%(rule)s", rule=text))
    yield from map(Footnote, _unsayable(field, asked, language))
    yield from map(Footnote, _carried(field, asked, language))


def _unsayable(field: Field, told: Sequence[Told], language: str) -> Iterator[Say]:
    """Yield the codes that no code of a round's form leads to, rounds with the same ones together."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in told:
        reached = {way.target for way in one.bridge.ways(field.id).values()}
        found[tuple(_label(field, code, language) for code in _codes(field) if code not in reached)].append(
            one.column.label
        )
    for labels, rounds in found.items():
        if labels:
            known = {"rounds": listed(rounds), "codes": listed(labels)}
            yield say("%(rounds)sの様式からは「%(codes)s」に対応付けられない（－）", **known)


def _carried(field: Field, told: Sequence[Told], language: str) -> Iterator[Say]:
    """Yield of each code of an earlier form that changed what it became, and of how many cases in which round."""
    by_form: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        by_form[one.bridge.before.version].append(one)
    for those in by_form.values():
        bridge, counts = those[0].bridge, [dict(_answers(field.id, one)) for one in those]
        ways, known = bridge.ways(field.id), bridge.before.field(field.id)
        # A code that its own form has not is of data that no form checked.
        strange = sorted({code for one in counts for code in one if code is not None} - known.codes)
        for code in (*_codes(known), *strange):
            way = ways.get(code) or Way(code, None)
            cases = [(one.column.label, found.get(code, 0)) for one, found in zip(those, counts, strict=True)]
            if (way.changes or way.target != code) and any(count for _, count in cases):
                yield _became(field, way, bridge, cases, language)


def _became(field: Field, way: Way, bridge: Bridge, cases: Sequence[tuple[str, int]], language: str) -> Say:
    facts: dict[str, object] = {
        "form": bridge.before.title.of(language),
        "old": _label(bridge.before.field(field.id), way.code, language),
        "counts": listed([say("%(round)s %(count)d件", round=label, count=count) for label, count in cases if count]),
        "rule": " ".join(one.rule.of(language) for one in way.changes),
    }
    if way.target is None:
        return say("%(form)sの「%(old)s」は対応付けできない（%(counts)s）。%(rule)s", **facts)
    new = _label(field, way.target, language)
    return say("%(form)sの「%(old)s」は「%(new)s」に数えた（%(counts)s）。%(rule)s", new=new, **facts)


def _codes(field: Field) -> tuple[str, ...]:
    return tuple(option.code for option in field.options)


def _label(field: Field, code: str, language: str) -> str:
    return field.option(code).label(language, ANY_ROUND) if code in field.codes else code
