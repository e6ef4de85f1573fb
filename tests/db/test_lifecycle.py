"""The moves of a use case's life: which exist, what each asks for, what it leaves behind, the time in each state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, LifecycleEvent, UseCase
from register.queries.use_cases import moves_for, steps
from register.services import use_cases
from register.vocab import Lifecycle, Source
from tests.support.round_files import FORMS

ActorOf = Callable[[str], Actor]
FORM = FORMS["v2"]
P, V, R, S, E = Lifecycle
TODAY = dt.date(2025, 11, 10)
START = {"usage_type": "G1", "user_scope": "1", "confidentiality": "1"}
# domain.md section 5, written out: (from, to, a reason must be given, the start must be known).
ARROWS = {
    (P, V, False, True),
    (P, R, False, True),
    (V, R, False, True),
    (R, V, True, False),
    (V, S, True, False),
    (R, S, True, False),
    (S, V, False, True),
    (S, R, False, True),
    (P, E, True, False),
    (V, E, True, False),
    (R, E, True, False),
    (S, E, True, False),
}
WAY = {P: (), V: (V,), R: (R,), S: (R, S), E: (E,)}


@pytest.fixture(autouse=True)
def later(clock: FixedClock) -> FixedClock:
    """The cases below are registered ten days ago, so that there are days to move on."""
    clock.moment -= dt.timedelta(days=10)
    return clock


def planned(session: Session, by: Actor, **values: str) -> UseCase:
    """Register a case; it is planned."""
    return use_cases.create(session, form=FORM, values={"title": "題", **values}, by=by)


def go(
    session: Session, case: UseCase, to: Lifecycle, by: Actor, *, on: dt.date = TODAY, reason: str = "理由"
) -> UseCase:
    """Move the case in sight of its newest version."""
    return use_cases.move(session, case, form=FORM, to=to, on=on, reason=reason, version=case.version, by=by)


def case_in(session: Session, state: Lifecycle, by: Actor, clock: FixedClock) -> UseCase:
    """Return a case that came to ``state`` ten days ago, and let the clock show today again."""
    case = planned(session, by, **START)
    for step in WAY[state]:
        go(session, case, step, by, on=clock.today())
    return case


@pytest.mark.parametrize("source", list(Lifecycle))
def test_a_case_goes_where_the_table_has_an_arrow(
    database: Database, actor: ActorOf, clock: FixedClock, source: Lifecycle
) -> None:
    by, born = actor("approver"), clock.moment
    for target in Lifecycle:
        clock.moment = born
        with database.writing() as session:
            case = case_in(session, source, by, clock)
        clock.moment = born + dt.timedelta(days=10)
        day = TODAY - dt.timedelta(days=3)
        with database.session(write=True) as session:
            case = session.get_one(UseCase, case.id)
            if not any(arrow[:2] == (source, target) for arrow in ARROWS):
                with pytest.raises(NotNow, match=f"「{source.ja}」から「{target.ja}」へは移せません"):
                    go(session, case, target, by, on=day)
                continue
            go(session, case, target, by, on=day, reason=" 一つ目\r\n二つ目 ")
            session.commit()
        with database.reading() as session:
            stored = session.get_one(UseCase, case.id)
            assert (stored.lifecycle, stored.lifecycle_since, stored.updated_at) == (target, day, clock.moment)
            event = session.scalars(select(LifecycleEvent).order_by(LifecycleEvent.id.desc()).limit(1)).one()
            assert (event.use_case_id, event.ministry_id) == (case.id, by.ministry_id)
            assert (event.from_state, event.to_state, event.on) == (source, target, day)
            assert (event.reason, event.source, event.round_id) == ("一つ目\n二つ目", Source.WEB, None)
            assert (event.actor_id, event.actor_name, event.recorded_at) == (by.user_id, "approver", clock.moment)


@pytest.mark.parametrize("source", [P, V, R, S])
def test_a_reason_is_asked_where_the_use_goes_back_or_ends(
    session: Session, actor: ActorOf, clock: FixedClock, source: Lifecycle
) -> None:
    by = actor("approver")
    for _, target, reasoned, _ in sorted(arrow for arrow in ARROWS if arrow[0] is source):
        case = case_in(session, source, by, clock)
        if not reasoned:
            assert go(session, case, target, by, on=clock.today(), reason="").lifecycle is target
            continue
        for blank in ("", " \r\n　", "\x00"):
            with pytest.raises(Invalid) as refused:
                go(session, case, target, by, on=clock.today(), reason=blank)
            assert {name: str(said) for name, said in refused.value.fields.items()} == {
                "reason": "理由を入力してください。"
            }
        assert case.lifecycle is source


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (("usage_type",), "利用類型"),
        (("user_scope",), "利用者の範囲"),
        (("confidentiality",), "取扱情報の機密性"),
        (("usage_type", "user_scope", "confidentiality"), "利用類型、利用者の範囲、取扱情報の機密性"),
    ],
)
def test_a_use_starts_only_when_what_it_is_is_known(
    session: Session, actor: ActorOf, clock: FixedClock, missing: tuple[str, ...], said: str
) -> None:
    by = actor("approver")
    known = {name: code for name, code in START.items() if name not in missing}
    for source, target, _, starts in sorted(ARROWS):
        case = case_in(session, source, by, clock)
        use_cases.edit(session, case, form=FORM, values={"title": "題", **known}, version=case.version, by=by)
        if not starts:
            assert go(session, case, target, by, on=clock.today()).lifecycle is target
            continue
        with pytest.raises(Invalid) as refused:
            go(session, case, target, by, on=clock.today())
        assert str(refused.value.fields["on"]) == f"利用を始める前に、{said}を入力してください。"


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("2025-11-11", "移行日は今日以前の日付にしてください。"),
        ("2025-10-30", "移行日は前回の移行日以降の日付にしてください。"),
        ("2025-10-31", None),
        ("2025-11-10", None),
    ],
)
@pytest.mark.parametrize(("source", "target"), [(P, V), (R, S), (S, E)])
def test_the_day_lies_between_the_last_step_and_today(
    session: Session,
    actor: ActorOf,
    clock: FixedClock,
    source: Lifecycle,
    target: Lifecycle,
    on: str,
    said: str | None,
) -> None:
    case = case_in(session, source, actor("approver"), clock)
    clock.moment += dt.timedelta(days=10)
    day = dt.date.fromisoformat(on)
    if said is None:
        assert go(session, case, target, actor("approver"), on=day).lifecycle_since == day
        return
    with pytest.raises(Invalid) as refused:
        go(session, case, target, actor("approver"), on=day)
    assert {name: str(text) for name, text in refused.value.fields.items()} == {"on": said}
    assert case.lifecycle is source


def test_today_is_the_day_in_japan(session: Session, actor: ActorOf, clock: FixedClock) -> None:
    case = planned(session, actor("reporter"), **START)
    clock.moment = dt.datetime(2025, 11, 10, 15, 30, tzinfo=dt.UTC)
    assert go(session, case, V, actor("reporter"), on=dt.date(2025, 11, 11)).lifecycle is V


@pytest.mark.parametrize("source", [P, V, R, S])
def test_only_an_approver_ends_a_use(session: Session, actor: ActorOf, clock: FixedClock, source: Lifecycle) -> None:
    case = case_in(session, source, actor("reporter"), clock)
    offered = {move.target for move in moves_for(case, actor("reporter"))}
    assert offered == {target for start, target, _, _ in ARROWS if start is source and target is not E}
    assert {move.target for move in moves_for(case, actor("approver"))} == offered | {E}
    for name in ("other", "other-approver", "secretariat", "auditor", "admin"):
        assert moves_for(case, actor(name)) == (), name
    with pytest.raises(Forbidden):
        go(session, case, E, actor("reporter"), on=clock.today())
    with pytest.raises(Forbidden):
        go(session, case, E, actor("other-approver"), on=clock.today())
    assert go(session, case, E, actor("approver"), on=clock.today()).lifecycle is E


def test_a_stale_move_is_refused_before_the_table_is_asked(session: Session, actor: ActorOf, clock: FixedClock) -> None:
    case = planned(session, actor("reporter"), **START)
    seen = case.version
    go(session, case, R, actor("approver"), on=clock.today())
    for to in (V, R, E):
        with pytest.raises(Stale):
            use_cases.move(
                session, case, form=FORM, to=to, on=clock.today(), reason="理由", version=seen, by=actor("reporter")
            )
    assert case.lifecycle is R


def test_a_move_is_named_in_the_log_and_its_reason_is_kept_apart(
    database: Database, actor: ActorOf, clock: FixedClock
) -> None:
    with database.writing() as session:
        case = case_in(session, R, actor("reporter"), clock)
    with database.writing() as session:
        case = session.get_one(UseCase, case.id)
        go(session, case, S, actor("reporter"), on=clock.today(), reason="障害のため")
    with database.reading() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.event == audit.Event.USE_CASE_MOVED).order_by(AuditEntry.seq)
        ).all()
        assert [entry.subject_label for entry in entries] == ["a-2025-0001"] * 2
        assert not any("障害のため" in entry.body for entry in entries)
        assert not audit.verify(session, []).finding


def test_the_life_shows_the_days_in_each_state(session: Session, actor: ActorOf, clock: FixedClock) -> None:
    by, day = actor("approver"), dt.timedelta(days=1)
    born = clock.today()
    case = planned(session, by, **START)
    assert [(step.event.to_state, step.days, step.current) for step in steps(session, case, born)] == [(P, 0, True)]
    clock.moment += 10 * day
    for to, on in ((V, born + 2 * day), (R, born + 2 * day), (S, born + 7 * day)):
        go(session, case, to, by, on=on)
    life = [(step.event.to_state, step.days, step.current) for step in steps(session, case, clock.today())]
    assert life == [(P, 2, False), (V, 0, False), (R, 5, False), (S, 3, True)]
    other = planned(session, by, **START)
    assert len(steps(session, other, clock.today())) == 1
