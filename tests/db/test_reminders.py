"""Planning reminders on both databases: who hears what when, once, and nothing after it is done."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.db import Database
from register.formspec.reminders import load_reminders
from register.formspec.risk import load_risk
from register.models import Reminder, ReminderStop, Round, RoundReminder, User
from register.queries import reminder_pages
from register.queries.calendars import deadlines
from register.queries.reminder_subjects import Asked
from register.queries.reminders import Entry, gather, ledger
from register.services import calendars, chores, disclosures, reminders
from register.services.reminders import Planned
from register.states import SCHEDULE
from register.vocab import ChoreName, DisclosureClass, DisclosurePart, Ground, ReminderEvent, ReminderState, RoundDeed
from tests.support.databases import Build
from tests.support.round_files import CONFIG
from tests.support.running_round import DUE, OPENS, Office, busy

PLAN, TERMS = load_reminders(CONFIG), load_risk(CONFIG)


@pytest.fixture
def content() -> Build:
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people at their desks on the day on which the round opens."""
    desk = Office(session)
    desk.on(OPENS)
    return desk


def planned(office: Office) -> Planned:
    return reminders.plan(office.session, PLAN, TERMS, office.clock.today())


def heard(office: Office, made: Planned) -> dict[str, list[str]]:
    """Return the stages that each person was told of."""
    names = {user.id: user.name for user in office.session.scalars(select(User))}
    return {names[person]: [one.stage for one in rows] for person, rows in made.told.items()}


def foretold(office: Office, days: int = 60, first: dt.date | None = None) -> list[Entry]:
    today = office.clock.today()
    facts = gather(Asked(office.session, today, TERMS), PLAN)
    return ledger(facts, first or today, today + dt.timedelta(days=days))


BOTH = ("reporter", "colleague", "approver", "other", "other-approver")


def test_everybody_of_a_round_is_told_once_that_it_opened(office: Office) -> None:
    office.opened()
    assert heard(office, planned(office)) == {name: ["opened"] for name in BOTH}
    assert planned(office) == Planned()


def test_the_deadline_comes_nearer_and_passes(office: Office) -> None:
    office.opened()
    told: dict[dt.date, dict[str, list[str]]] = {}
    for day in range(45):
        office.on(OPENS + dt.timedelta(days=day))
        if now := heard(office, planned(office)):
            told[office.clock.today()] = {name: stages for name, stages in now.items() if not name.startswith("other")}
    both, filling = ("reporter", "colleague", "approver"), ("reporter", "colleague")
    assert told[dt.date(2025, 11, 13)] == {name: ["due_10"] for name in filling}
    assert told[dt.date(2025, 11, 20)] == {name: ["due_5"] for name in both}
    assert told[dt.date(2025, 11, 27)] == {name: ["due_1"] for name in both}
    assert told[DUE] == {name: ["due_today"] for name in both}
    assert told[dt.date(2025, 12, 1)] == {name: ["overdue"] for name in filling}
    assert told[dt.date(2025, 12, 2)] == {"approver": ["overdue_approver"]}
    assert told[dt.date(2025, 12, 3)] == {"secretariat": ["overdue_secretariat"] * 2}
    assert told[dt.date(2025, 12, 4)] == {name: ["overdue"] for name in filling}


def test_what_is_done_is_over(office: Office) -> None:
    office.case()
    submission = office.submission(office.opened())
    planned(office)
    office.confirm(submission)
    office.send(submission)
    office.on(DUE)
    # It waits for the approver, who hears of both; the reporter has done their part. The other ministry has not.
    assert heard(office, planned(office)) == {
        "approver": ["due_today", "approval_still"],
        "other": ["due_today"],
        "other-approver": ["due_today"],
    }
    office.approve(submission)
    office.nil(office.submission(office.session.scalars(select(Round)).one(), "b"), who="other")
    office.approve(office.submission(office.session.scalars(select(Round)).one(), "b"), who="other-approver")
    assert foretold(office) == []
    office.on(DUE + dt.timedelta(days=20))
    assert planned(office) == Planned()


def test_an_extension_starts_anew_and_ends_what_was_overdue(office: Office) -> None:
    submission = office.submission(office.opened())
    for day in (OPENS, DUE, dt.date(2025, 12, 1)):
        office.on(day)
        planned(office)
    office.extend(submission, dt.date(2025, 12, 12))
    assert [one.stage.code for one in foretold(office) if one.person.name == "reporter"][:5] == [
        "due_10",
        "due_5",
        "due_1",
        "due_today",
        "overdue",
    ]
    told = heard(office, planned(office))
    # The newest word of the new deadline, and not everything that its plan would have told before.
    assert told["reporter"] == ["due_10"]
    assert "overdue" not in {
        one.stage.code for one in foretold(office, 9) if one.subject.ministry_id == submission.ministry_id
    }


def test_a_question_after_the_round_closed_is_told_to_whoever_had_an_extension(office: Office) -> None:
    case = office.case()
    own = office.opened()
    submission = office.submission(own)
    office.extend(submission, dt.date(2025, 12, 5))
    office.confirm(submission)
    office.approve(office.send(submission))
    office.on(dt.date(2025, 12, 8))
    office.nil(office.submission(own, "b"), who="other")
    office.approve(office.submission(own, "b"), who="other-approver")
    office.go(own, RoundDeed.CLOSE)
    office.on(dt.date(2025, 12, 10))
    planned(office)
    office.ask(office.item(submission, case), "purpose", "何の会議ですか。")
    office.on(dt.date(2025, 12, 11))
    assert heard(office, planned(office))["reporter"] == ["asked"]


def test_two_days_of_a_calendar_are_two_entries(office: Office) -> None:
    for part, day in ((DisclosurePart.TITLE, dt.date(2026, 1, 15)), (DisclosurePart.PURPOSE, dt.date(2026, 3, 16))):
        values = {
            "level": DisclosureClass.PARTLY,
            "ground": next(iter(Ground)),
            "public_text": "業務の補助",
            "review_on": day,
        }
        row = disclosures.propose(office.session, office.case(), part, values, version=0, by=office.people["approver"])
        disclosures.decide(
            office.session, row, accept=True, word="", version=row.version, by=office.people["secretariat"]
        )
    feed = calendars.let_out(office.session, None, by=office.people["approver"])
    office.session.flush()
    found = deadlines(office.session, feed, PLAN, TERMS, office.clock.today())
    assert sorted(one.day for one in found) == [dt.date(2026, 1, 15), dt.date(2026, 3, 16)]
    assert len({one.uid for one in found}) == 2


def test_what_comes_after_the_days_planning_is_foretold_for_the_next_day(office: Office) -> None:
    submission = office.submission(office.opened())
    office.on(DUE)
    slot = SCHEDULE[ChoreName.REMINDERS].slot(office.clock.now())
    begun = chores.begin(office.session, ChoreName.REMINDERS, slot, 1)
    assert begun is not None
    planned(office)
    office.extend(submission, dt.date(2025, 12, 5))
    # While the run is not done it may still tell of this.
    assert next((one.told_on, one.stage.code) for one in shown(office)) == (DUE, "due_5")
    chores.finish(office.session, begun, {})
    before = {(one.told_on, one.key) for one in shown(office)}
    office.on(dt.date(2025, 12, 1))
    told = {(office.clock.today(), row.key) for rows in planned(office).told.values() for row in rows}
    assert told == {word for word in before if word[0] <= office.clock.today()}
    assert len({stage for _, key in told for stage in ("due_5", "overdue") if f"|{stage}|" in key}) == 2


def shown(office: Office) -> list[Entry]:
    """Return what the pages and the command say will be told in two weeks."""
    today = office.clock.today()
    days = (today, today + dt.timedelta(days=14))
    return reminder_pages.foretold(office.session, Actor.system("tests"), PLAN, TERMS, days)


def test_what_was_missed_is_told_in_one_word_and_flagged(office: Office) -> None:
    office.opened()
    office.on(dt.date(2025, 12, 4))
    assert heard(office, planned(office))["reporter"] == ["opened", "overdue"]
    rows = select(Reminder.stage, Reminder.state).join(User, User.id == Reminder.user_id).where(User.name == "reporter")
    passed = [stage for stage, state in office.session.execute(rows) if state is ReminderState.SUPERSEDED]
    assert sorted(passed) == ["due_1", "due_10", "due_5", "due_today", "overdue"]


def test_nothing_is_planned_while_offices_are_closed(office: Office) -> None:
    office.opened()
    office.on(dt.date(2025, 11, 8))
    assert planned(office) == Planned()


def test_a_hand_over_moves_the_reminders(office: Office) -> None:
    office.opened()
    planned(office)
    left = office.session.scalars(select(User).where(User.name == "reporter")).one()
    left.active = False
    audit.record(office.session, audit.Event.USER_CREATED, left, by=Actor.system("tests"))
    office.on(dt.date(2025, 11, 13))
    assert heard(office, planned(office)) == {"colleague": ["due_10"], "other": ["due_10"]}


def test_what_was_stopped_is_not_told_and_the_rest_is(office: Office) -> None:
    office.opened()
    planned(office)
    by = office.people["reporter"]
    reminders.choose(office.session, [ReminderEvent.ROUND_DUE, ReminderEvent.APPROVAL], stages=PLAN, by=by)
    assert office.session.scalars(select(ReminderStop.event)).all() == [ReminderEvent.ROUND_DUE]
    told = [one.stage.code for one in foretold(office, 26) if one.person.name == "reporter"]
    assert told == ["due_1", "due_today", "overdue"][: len(told)]
    reminders.choose(office.session, [], stages=PLAN, by=by)
    assert [one.stage.code for one in foretold(office, 10) if one.person.name == "reporter"] == ["due_10"]


def test_a_round_has_its_own_days(office: Office) -> None:
    holding = office.opened()
    planned(office)
    seen = reminders.as_it_is(office.session, holding, PLAN)
    wanted = {**seen, "due_10": (-8, True), "due_5": (-5, False)}
    reminders.revise(office.session, holding, wanted, seen=seen, stages=PLAN, by=office.people["secretariat"])
    days = {one.stage.code: one.told_on for one in foretold(office) if one.person.name == "reporter"}
    assert (days["due_10"], "due_5" in days) == (dt.date(2025, 11, 17), False)
    office.on(dt.date(2025, 11, 17))
    assert heard(office, planned(office))["reporter"] == ["due_10"]
    # Moved once more after it was told: the key is the same, and nobody hears it twice.
    now = reminders.as_it_is(office.session, holding, PLAN)
    wanted = {**now, "due_10": (-6, True)}
    reminders.revise(office.session, holding, wanted, seen=now, stages=PLAN, by=office.people["secretariat"])
    office.on(dt.date(2025, 11, 19))
    assert planned(office) == Planned()
    usual = {stage.code: (stage.offset, True) for stage in PLAN.of_rounds}
    now = reminders.as_it_is(office.session, holding, PLAN)
    reminders.revise(office.session, holding, usual, seen=now, stages=PLAN, by=office.people["secretariat"])
    assert office.session.scalar(select(func.count()).select_from(RoundReminder)) == 0


def test_a_round_to_come_is_foretold_and_not_told(office: Office) -> None:
    office.on(dt.date(2025, 10, 31))
    holding = office.go(office.planned(), RoundDeed.SCHEDULE)
    first = foretold(office)[0]
    assert (first.told_on, first.stage.code, first.subject.expected) == (OPENS, "opened", True)
    office.on(OPENS)
    assert planned(office) == Planned()
    office.go(holding, RoundDeed.OPEN)
    assert heard(office, planned(office)) == {name: ["opened"] for name in BOTH}


def test_what_comes_back_is_told_again_each_time(office: Office) -> None:
    submission = office.sent()
    planned(office)
    office.approve(submission)
    office.give_back(submission)
    office.on(OPENS + dt.timedelta(days=1))
    told = heard(office, planned(office))
    assert (told["reporter"], told["approver"]) == (["returned"], ["returned"])
    item = office.items(submission)[0]
    office.reopen(item)
    office.confirm(submission)
    office.send(submission)
    office.approve(submission)
    office.ask(item, "title", "題は正しいですか。")
    office.on(OPENS + dt.timedelta(days=2))
    assert heard(office, planned(office))["reporter"] == ["asked"]


def test_two_planners_at_once_tell_everything_once(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.opened()
    office.session.commit()
    with database.session(write=False) as one:
        facts = gather(Asked(one, office.clock.today(), TERMS), PLAN)
    with database.writing() as first:
        told = reminders.plan(first, PLAN, TERMS, office.clock.today())
    with database.writing() as second:
        # It had read before the first one wrote.
        monkeypatch.setattr(reminders, "gather", lambda *_: facts)
        late = reminders.plan(second, PLAN, TERMS, office.clock.today())
    assert (told.counts["told"], late) == (5, Planned())


def test_the_ledger_is_read_in_a_fixed_number_of_statements(office: Office, database: Database) -> None:
    def counted() -> int:
        seen = []
        with database.reading() as reading:
            event.listen(database.engine, "before_cursor_execute", lambda *_: seen.append(1))
            found = gather(Asked(reading, office.clock.today(), TERMS), PLAN)
            ledger(found, office.clock.today(), DUE)
        return len(seen)

    office.session.commit()
    none = counted()
    office.opened()
    planned(office)
    office.session.commit()
    assert (none, counted()) == (18, 18)
