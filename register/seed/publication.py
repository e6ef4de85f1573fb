"""What of the demo is public: decisions on single cases, a published edition of a report, a correction begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import workdays
from register.authz import Actor
from register.formspec.loader import FormLibrary
from register.models import Round, SubmissionItem
from register.reports.contents import Speak
from register.seed.risk import case_of
from register.services import disclosures, editions
from register.services.edition_check import inspect
from register.vocab import DisclosureClass, DisclosurePart, EditionDeed, Ground

# After how many days what is not public is looked at again.
REVIEWED = 365


def tell(
    session: Session,
    story: Mapping[str, Any],
    forms: FormLibrary,
    speak: Mapping[str, Speak],
    people: Mapping[str, Actor],
) -> None:
    """Do what ``story`` says of publication, as the accounts that it names."""
    for entry in story["disclosures"]:
        _disclose(session, entry, people)
    _publish(session, story["edition"], forms, speak, people)


def _disclose(session: Session, entry: Mapping[str, Any], people: Mapping[str, Actor]) -> None:
    by = people[entry["by"]]
    case = case_of(session, entry["case"], by)
    again = session.info["clock"].today() + REVIEWED * workdays.DAY
    for part, (level, *more) in entry["parts"].items():
        ground, text = [*more, None, None][:2]
        values = {
            "level": DisclosureClass(level),
            "ground": Ground(ground) if ground else None,
            "public_text": text,
            "review_on": again if ground else None,
        }
        row = disclosures.propose(session, case, DisclosurePart(part), values, version=0, by=by)
        session.flush()
        if decided_by := entry.get("decided_by"):
            disclosures.decide(session, row, accept=True, word="", version=row.version, by=people[decided_by])


def _publish(
    session: Session,
    entry: Mapping[str, Any],
    forms: FormLibrary,
    speak: Mapping[str, Speak],
    people: Mapping[str, Actor],
) -> None:
    year, number = (int(part) for part in entry["round"].split("-"))
    round_ = session.scalars(select(Round).where(Round.fiscal_year == year, Round.number == number)).one()
    by, other = people[entry["by"]], people[entry["approved_by"]]
    items = select(SubmissionItem.case_no, SubmissionItem.id).where(SubmissionItem.round_id == round_.id)
    known = {row[0]: row[1] for row in session.execute(items)}
    chosen = [known[case_no] for case_no in entry["examples"]]
    made = editions.begin(session, round_, by=by)
    session.flush()
    held = {"threshold": entry["threshold"], "examples": chosen}
    editions.edit(session, made, held, version=made.version, by=by)
    session.flush()
    editions.check(session, made, inspect(session, made, forms, speak), version=made.version, by=by)
    session.flush()
    for deed, who in ((EditionDeed.APPROVE, other), (EditionDeed.PUBLISH, by)):
        editions.move(session, made, deed, word="", version=made.version, forms=forms, by=who)
        session.flush()
    correction = editions.begin(session, round_, by=by)
    session.flush()
    held |= {"examples": chosen[:2], "note": entry["correction"]}
    editions.edit(session, correction, held, version=correction.version, by=by)
