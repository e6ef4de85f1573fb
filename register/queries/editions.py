"""Reading editions of reports: the list of a round, and what of single cases stands in one (目標の例、高リスク案件)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.models import (
    Disclosure,
    Edition,
    EditionText,
    HighRiskFlag,
    Round,
    SubmissionItem,
    UseCase,
    counted,
)
from register.queries.disclosures import decided, said
from register.states import EDITION_OPEN, EDITION_OUT
from register.vocab import DISCLOSED_TEXTS, DisclosureClass, DisclosurePart, EditionState, Variant

# The kinds of goal that an example may show, by their code: quantitative and qualitative.
GOALS = ("QN", "QL")
MOST_EXAMPLES = 30
MOST_OFFERED = 500
Decisions = Mapping[tuple[int, DisclosurePart], Disclosure]


@dataclass(frozen=True)
class Example:
    """A goal that an edition shows: its id, which both variants share, the item, and what was decided of its case."""

    id: str
    item: SubmissionItem
    rows: Mapping[DisclosurePart, Disclosure]

    @property
    def kind(self) -> str:
        """The code of the kind of goal."""
        return str(self.item.answers.get("goal_kind") or "")

    def text(self, part: DisclosurePart) -> str:
        """Return a text of the case as the round has it."""
        return str(self.item.answers.get(part.value) or "")

    def public(self, part: DisclosurePart) -> str | None:
        """Return what may be said of a part in public, None where nothing may: nor of a case that is not shown."""
        case = self.rows.get(DisclosurePart.CASE)
        if case is None or case.level is DisclosureClass.CLOSED:
            return None
        return said(self.rows.get(part), self.text(part))

    @property
    def names_ministry(self) -> bool:
        """Whether the public may know whose case it is."""
        case = self.rows.get(DisclosurePart.CASE)
        return case is not None and case.level is DisclosureClass.PUBLIC

    @property
    def told_in_public(self) -> tuple[bool, dict[str, str | None]]:
        """What the public may know of it: whether whose it is, and its texts."""
        texts = {part.value: self.public(part) for part in DISCLOSED_TEXTS}
        return self.names_ministry, texts

    @property
    def withheld(self) -> tuple[str, ...]:
        """The texts of the case that nobody outside may read."""
        return tuple(text for part in DISCLOSED_TEXTS if (text := self.text(part)) and self.public(part) != text)

    @property
    def closed_by(self) -> Disclosure | None:
        """The decision by which something of it is not public, the first there is."""
        rows = (self.rows.get(part) for part in DisclosurePart)
        return next((one for one in rows if one and one.level is not DisclosureClass.PUBLIC), None)


def examples(session: Session, edition: Edition) -> tuple[Example, ...]:
    """Return the goals that an edition shows, in its order; one whose item is no longer counted is passed over."""
    if not edition.examples:
        return ()
    rows = select(SubmissionItem).where(SubmissionItem.id.in_(edition.examples), counted())
    found = {one.id: one for one in session.scalars(rows.options(joinedload(SubmissionItem.ministry)))}
    items = [found[key] for key in edition.examples if key in found]
    known = decided(session, {one.use_case_id for one in items if one.use_case_id is not None})
    return tuple(
        Example(f"E{number}", item, {part: row for (case, part), row in known.items() if case == item.use_case_id})
        for number, item in enumerate(items, 1)
    )


def offered(session: Session, round_id: int) -> Sequence[SubmissionItem]:
    """Return the items of a round that have a goal to show, the quantitative ones first."""
    kind = SubmissionItem.answers["goal_kind"].as_string()
    rows = select(SubmissionItem).where(SubmissionItem.round_id == round_id, counted(), kind.in_(GOALS))
    rows = rows.where(SubmissionItem.answers["goal_text"].as_string() != "")
    rows = rows.order_by(kind.desc(), SubmissionItem.ministry_id, SubmissionItem.case_no)
    return session.scalars(rows.options(joinedload(SubmissionItem.ministry)).limit(MOST_OFFERED)).all()


def high_risk(session: Session, round: Round) -> Sequence[tuple[UseCase, HighRiskFlag]]:
    """Return the cases that counted as possibly high risk on the round's reference day."""
    on = round.as_of
    held = and_(HighRiskFlag.since <= on, or_(HighRiskFlag.until.is_(None), HighRiskFlag.until > on))
    rows = select(UseCase, HighRiskFlag).join(HighRiskFlag, HighRiskFlag.use_case_id == UseCase.id).where(held)
    found = session.execute(rows.order_by(UseCase.ministry_id, UseCase.case_no).options(joinedload(UseCase.ministry)))
    return [(case, flag) for case, flag in found]


def of_round(session: Session, round_id: int, actor: Actor) -> Sequence[Edition]:
    """Return the editions of a round that ``actor`` may see, the newest first."""
    rows = select(Edition).where(Edition.round_id == round_id).order_by(Edition.number.desc())
    return session.scalars(authz.visible(rows, Edition, actor)).all()


def published(session: Session, round_id: int) -> Edition | None:
    """Return the edition of a round that is published now."""
    return session.scalar(select(Edition).where(Edition.round_id == round_id, Edition.state == EditionState.PUBLISHED))


def open_one(session: Session, round_id: int) -> Edition | None:
    """Return the edition of a round that is still worked on."""
    return session.scalar(select(Edition).where(Edition.round_id == round_id, Edition.state.in_(EDITION_OPEN)))


def told_before(session: Session, edition: Edition) -> Iterator[Mapping[str, Any]]:
    """Yield what the public has read of the round in other editions."""
    rows = select(EditionText.content).join(Edition, Edition.id == EditionText.edition_id)
    rows = rows.where(Edition.round_id == edition.round_id, Edition.id != edition.id, Edition.state.in_(EDITION_OUT))
    yield from session.scalars(rows.where(EditionText.variant == Variant.PUBLIC, EditionText.language == "ja"))


def text_of(session: Session, edition: Edition, variant: Variant, language: str) -> EditionText | None:
    """Return what a checked edition says."""
    return session.get(EditionText, (edition.id, variant, language))
