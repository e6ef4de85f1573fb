"""The risk side of the demo: incidents, judgments, referrals, notices, and months without any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import workdays
from register.authz import Actor
from register.formspec.loader import FormLibrary
from register.formspec.risk import RiskTerms, load_risk
from register.formspec.sheets import SheetLibrary, load_sheets
from register.models import Incident, Notice, NoticeRecipient, UseCase
from register.queries.nil_reports import past_months
from register.queries.notice_replies import standing
from register.services import assessments, incidents, measures, nil_reports, notice_answers, notices, referrals
from register.services.referral_words import Words
from register.vocab import IncidentDeed, NoticeDeed, ReferralDeed, Reply, RiskResult, Role


def tell(
    session: Session, story: Mapping[str, Any], forms: FormLibrary, config_dir: Path, people: Mapping[str, Actor]
) -> None:
    """Do what ``story`` says of the risk side, as the accounts that it names."""
    terms, sheets = load_risk(config_dir), load_sheets(config_dir)
    for entry in story["incidents"]:
        _incident(session, entry, terms, people)
    for entry in story["assessments"]:
        _assessment(session, entry, sheets, people)
    for entry in story["referrals"]:
        _referral(session, entry, people)
    for entry in story["notices"]:
        _notice(session, entry, forms, terms, people)
    for person in people.values():
        if person.role is Role.REPORTER:
            _months(session, terms, person)


def case_of(session: Session, case_no: str, by: Actor) -> UseCase:
    """Return the case of the person's ministry with this number."""
    own = select(UseCase).where(UseCase.ministry_id == by.ministry_id, UseCase.case_no == case_no)
    return session.scalars(own).one()


def _incident(session: Session, entry: Mapping[str, Any], terms: RiskTerms, people: Mapping[str, Actor]) -> None:
    """Report an incident, set its measures and take its steps."""
    by, today = people[entry["by"]], session.info["clock"].today()
    values = {**entry, "detected_on": today - entry["days_ago"] * workdays.DAY}
    made = incidents.enter(session, incidents.Report(values, entry["cases"]), terms=terms, by=by)
    for measure in entry.get("measures", ()):
        told = {"body": measure["body"], "owner": measure["owner"], "due_on": today + measure["due_in"] * workdays.DAY}
        measures.add(session, made, by=by, **told)
    for who, deed, word in entry["deeds"]:
        incidents.move(session, made, IncidentDeed(deed), word=word, version=made.version, by=people[who])


def _assessment(session: Session, entry: Mapping[str, Any], sheets: SheetLibrary, people: Mapping[str, Actor]) -> None:
    """Fill in a sheet; have it decided where the story says so."""
    by = people[entry["by"]]
    filled = assessments.Filled(entry["answers"], entry["reasons"], entry.get("evidence", {}))
    case = case_of(session, entry["case"], by)
    made = assessments.start(session, case, filled, library=sheets, propose=entry["propose"], by=by)
    if decided := entry.get("decided"):
        on = session.info["clock"].today()
        decision = assessments.Decision(RiskResult(decided["result"]), on, decided["reason"], decided["document_no"])
        own: dict[str, Any] = {"library": sheets, "version": made.version, "by": people[decided["by"]]}
        assessments.decide(session, made, decision, **own)


def _referral(session: Session, entry: Mapping[str, Any], people: Mapping[str, Actor]) -> None:
    """Begin a referral and take its steps; the days of its meeting and its opinion count from today."""
    by, today = people[entry["by"]], session.info["clock"].today()
    made = referrals.draft(session, case_of(session, entry["case"], by), entry, by=by)
    session.flush()
    for step in entry["deeds"]:
        words = Words(
            step.get("word", ""),
            today + step["in"] * workdays.DAY if "in" in step else None,
            "\n".join(step.get("conditions", ())),
            step.get("publicity", ""),
        )
        deed = ReferralDeed(step["deed"])
        referrals.move(session, made, deed, words, version=made.version, by=people[step["by"]])
        session.flush()


def _notice(
    session: Session, entry: Mapping[str, Any], forms: FormLibrary, terms: RiskTerms, people: Mapping[str, Actor]
) -> None:
    """Write a notice, have it cleared and issued, and let ministries answer it."""
    by, titled = people[entry["by"]], select(Incident).where(Incident.title == entry.get("incident"))
    made = notices.write(session, entry, form=forms.newest, incident=session.scalars(titled).one_or_none(), by=by)
    for who, deed, word in entry["deeds"]:
        if deed == NoticeDeed.ISSUE:
            notices.issue(session, made, due_on=None, terms=terms, version=made.version, by=people[who])
        else:
            notices.move(session, made, NoticeDeed(deed), word=word, version=made.version, by=people[who])
    for answer in entry.get("answers", ()):
        _answer(session, made, answer, people)


def _answer(session: Session, notice: Notice, entry: Mapping[str, Any], people: Mapping[str, Actor]) -> None:
    """Answer a notice for a ministry, and confirm it where somebody does."""
    by = people[entry["by"]]
    own = select(NoticeRecipient).where(
        NoticeRecipient.notice_id == notice.id, NoticeRecipient.ministry_id == by.ministry_id
    )
    recipient = session.scalars(own).one()
    concerned = standing(session, recipient).all_ids[: entry["done"]]
    told = dict.fromkeys(concerned, notice_answers.Told(Reply.DONE, entry["comment"]))
    notice_answers.save(session, recipient, told, rest=True, version=recipient.version, by=by)
    if "confirmed_by" in entry:
        notice_answers.confirm(session, recipient, version=recipient.version, by=people[entry["confirmed_by"]])


def _months(session: Session, terms: RiskTerms, by: Actor) -> None:
    """Say of every month but the last that there was nothing."""
    for month in past_months(session.info["clock"].today(), terms)[1:]:
        nil_reports.declare(session, month, by=by)
