"""The deeds on use cases at the data layer: numbers, cleaning, rules, stale edits, and who may tie which AI system."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Invalid, Stale
from register.models import AISystem, AuditEntry, CaseSerial, LifecycleEvent, UseCase
from register.services import ai_systems, use_cases
from register.vocab import Lifecycle, Source, Stage
from tests.support.data import NOW
from tests.support.round_files import FORMS

ActorOf = Callable[[str], Actor]
FORM = FORMS["v2"]
FULL = {
    "title": "議事録の要約",
    "unit": "相談局",
    "purpose": "職員が議事録の下書きを作る。",
    "usage_type": "G2",
    "user_scope": "1",
    "confidentiality": "1",
    "goal_kind": "QL",
    "goal_text": "作成時間を短くする。",
    "output_type": "1",
    "model_usage": "商用LLM-A",
    "planned_stage": "V",
    "start_on": dt.date(2025, 12, 1),
    "ai_system_id": None,
}


def make(session: Session, by: Actor, **values: Any) -> UseCase:
    """Register the plain case with the given values changed."""
    return use_cases.create(session, form=FORM, values={**FULL, **values}, by=by)


def change(session: Session, case: UseCase, by: Actor, *, version: int | None = None, **values: Any) -> UseCase:
    """Edit the plain case to the given values; the version is the case's own unless one is given."""
    seen = case.version if version is None else version
    return use_cases.edit(session, case, form=FORM, values={**FULL, **values}, version=seen, by=by)


def system(session: Session, by: Actor, *, shared: bool) -> AISystem:
    """Register an AI system."""
    return ai_systems.create(session, values={"name": "対話支援", "shared": shared}, by=by)


def events(database: Database, event: audit.Event) -> list[AuditEntry]:
    """Return the entries of one kind of deed, oldest first."""
    with database.reading() as reading:
        return list(reading.scalars(select(AuditEntry).where(AuditEntry.event == event).order_by(AuditEntry.seq)))


class TestNumbers:
    """``<key>-<fiscal year>-<serial>``."""

    def test_each_ministry_counts_by_itself(self, session: Session, actor: ActorOf) -> None:
        made = [make(session, actor(name)).case_no for name in ("reporter", "other", "approver", "other-approver")]
        assert made == ["a-2025-0001", "b-2025-0001", "a-2025-0002", "b-2025-0002"]

    @pytest.mark.parametrize(
        ("moment", "number"),
        [
            ("2026-03-31T14:59:00+00:00", "a-2025-0002"),
            ("2026-03-31T15:00:00+00:00", "a-2026-0001"),
            ("2027-03-31T00:00:00+00:00", "a-2026-0001"),
        ],
    )
    def test_the_year_turns_in_april_in_japan(
        self, session: Session, actor: ActorOf, clock: FixedClock, moment: str, number: str
    ) -> None:
        make(session, actor("reporter"))
        clock.moment = dt.datetime.fromisoformat(moment)
        assert make(session, actor("reporter")).case_no == number

    def test_a_number_is_not_given_again_when_its_case_is_gone(self, database: Database, actor: ActorOf) -> None:
        by = actor("reporter")
        with database.writing() as session:
            case = make(session, by)
        with database.writing() as session:
            gone = session.get_one(UseCase, case.id)
            for event in session.scalars(select(LifecycleEvent).where(LifecycleEvent.use_case_id == gone.id)):
                session.delete(event)
            session.flush()
            session.delete(gone)
            audit.record(session, audit.Event.USE_CASE_EDITED, None, by=by)
        with database.writing() as session:
            assert make(session, by).case_no == "a-2025-0002"

    def test_a_refused_registration_uses_no_number(self, database: Database, actor: ActorOf) -> None:
        with pytest.raises(Invalid), database.writing() as session:
            make(session, actor("reporter"), title="")
        with database.session(write=True) as session:
            make(session, actor("reporter"))
            session.rollback()
        with database.writing() as session:
            assert make(session, actor("reporter")).case_no == "a-2025-0001"

    def test_people_who_register_at_once_get_numbers_without_gaps(self, database: Database, actor: ActorOf) -> None:
        people = [actor(name) for name in ("reporter", "approver", "other")]
        start, made, failed = threading.Barrier(len(people)), [], []

        def register(by: Actor) -> None:
            start.wait(30)
            try:
                for _ in range(5):
                    with database.writing() as session:
                        made.append(make(session, by).case_no)
            except Exception as error:  # noqa: BLE001 the thread's failure is the test's
                failed.append(error)

        threads = [threading.Thread(target=register, args=(by,)) for by in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not failed
        assert sorted(made) == [
            *(f"a-2025-{serial:04d}" for serial in range(1, 11)),
            *(f"b-2025-{serial:04d}" for serial in range(1, 6)),
        ]
        with database.reading() as session:
            assert sorted(session.scalars(select(CaseSerial.last))) == [5, 10]
            assert not audit.verify(session, []).finding


class TestRegistration:
    """A new case."""

    def test_it_is_planned_from_today_and_its_life_begins(self, database: Database, actor: ActorOf) -> None:
        by = actor("reporter")
        with database.writing() as session:
            case = make(session, by)
        with database.reading() as session:
            stored = session.get_one(UseCase, case.id)
            assert {name: getattr(stored, name) for name in FULL} == {**FULL, "planned_stage": Stage.VERIFICATION}
            assert (stored.lifecycle, stored.lifecycle_since) == (Lifecycle.PLANNED, dt.date(2025, 11, 10))
            assert (stored.ministry_id, stored.created_at, stored.updated_at) == (by.ministry_id, NOW, NOW)
            event = session.scalars(select(LifecycleEvent)).one()
            assert (event.from_state, event.to_state, event.on) == (None, Lifecycle.PLANNED, dt.date(2025, 11, 10))
            assert (event.use_case_id, event.ministry_id, event.source) == (case.id, by.ministry_id, Source.WEB)
            assert (event.actor_id, event.actor_name, event.recorded_at) == (by.user_id, "reporter", NOW)
        assert [entry.subject_label for entry in events(database, audit.Event.USE_CASE_CREATED)] == ["a-2025-0001"]

    def test_a_title_alone_is_enough_and_the_rest_is_unanswered(self, session: Session, actor: ActorOf) -> None:
        case = use_cases.create(session, form=FORM, values={"title": "題"}, by=actor("reporter"))
        assert [getattr(case, name) for name in (*use_cases.CODES, "planned_stage", "start_on")] == [None] * 7
        assert (case.unit, case.purpose, case.goal_text, case.model_usage) == ("", "", "", "")

    @pytest.mark.parametrize(
        ("field", "typed", "stored"),
        [
            ("title", "  一行目\r\n二行目\x00\x07　", "一行目 二行目"),
            ("unit", "か\u3099く", "がく"),
            ("model_usage", "Ａ\rＢ", "Ａ Ｂ"),
            ("purpose", "\n一行目\r\n\r\n三行目\t尾\x1b\x85 ", "一行目\n\n三行目\t尾"),
            ("goal_text", "ﾊﾝｶｸ\u2003のまま", "ﾊﾝｶｸ\u2003のまま"),
        ],
    )
    def test_text_is_cleaned_and_otherwise_kept_as_written(
        self, session: Session, actor: ActorOf, field: str, typed: str, stored: str
    ) -> None:
        case = make(session, actor("reporter"), **{field: typed})
        session.commit()
        session.expire_all()
        assert getattr(case, field) == stored


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"title": ""}, "title", "案件名を入力してください。"),
        ({"title": None}, "title", "案件名を入力してください。"),
        ({"title": " \x00\n　"}, "title", "案件名を入力してください。"),
        *(
            ({name: "字" * (longest + 1)}, name, f"{longest}文字以内で入力してください。")
            for name, longest in [
                ("title", 200), ("unit", 200), ("model_usage", 1000), ("purpose", 4000), ("goal_text", 4000),
            ]
        ),
        *(
            ({name: "Z"}, name, "選択肢の中から選んでください。")
            for name in ("usage_type", "user_scope", "confidentiality", "goal_kind", "output_type")
        ),
        ({"ai_system_id": 999}, "ai_system_id", "選択肢の中から選んでください。"),
    ],
)  # fmt: skip
def test_each_rule_names_its_field(
    session: Session, actor: ActorOf, values: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make(session, actor("reporter"), **values)
    assert {name: str(said) for name, said in refused.value.fields.items()} == {field: sentence}
    case = make(session, actor("reporter"))
    with pytest.raises(Invalid):
        change(session, case, actor("reporter"), **values)


@pytest.mark.parametrize("name", ["title", "purpose"])
def test_the_longest_text_is_taken_and_blanks_around_it_do_not_count(
    session: Session, actor: ActorOf, name: str
) -> None:
    longest = use_cases.LONGEST[name]
    assert len(getattr(make(session, actor("reporter"), **{name: f"  {'字' * longest}\n"}), name)) == longest


def test_every_problem_is_told_at_once(session: Session, actor: ActorOf) -> None:
    with pytest.raises(Invalid) as refused:
        make(session, actor("reporter"), title="", unit="字" * 201, usage_type="Z")
    assert set(refused.value.fields) == {"title", "unit", "usage_type"}


class TestEdit:
    """What is known of a case changes."""

    def test_it_is_stored_with_its_moment_and_its_entry(
        self, database: Database, actor: ActorOf, clock: FixedClock
    ) -> None:
        with database.writing() as session:
            case = make(session, actor("reporter"))
        clock.moment += dt.timedelta(hours=1)
        with database.writing() as session:
            change(session, session.get_one(UseCase, case.id), actor("approver"), title="改めた題", usage_type=None)
        with database.reading() as session:
            stored = session.get_one(UseCase, case.id)
            assert (stored.title, stored.usage_type, stored.version) == ("改めた題", None, 2)
            assert (stored.created_at, stored.updated_at) == (NOW, clock.now())
            assert session.scalar(select(func.count()).select_from(LifecycleEvent)) == 1
        entries = events(database, audit.Event.USE_CASE_EDITED)
        assert [(entry.subject_label, entry.actor_name) for entry in entries] == [("a-2025-0001", "approver")]

    def test_an_edit_that_changes_nothing_records_nothing(
        self, database: Database, actor: ActorOf, clock: FixedClock
    ) -> None:
        with database.writing() as session:
            case = make(session, actor("reporter"))
        clock.moment += dt.timedelta(hours=1)
        with database.writing() as session:
            again = {"title": f" {FULL['title']}\n", "planned_stage": Stage.VERIFICATION}
            change(session, session.get_one(UseCase, case.id), actor("approver"), **again)
        with database.reading() as session:
            stored = session.get_one(UseCase, case.id)
            assert (stored.version, stored.updated_at) == (1, NOW)
        assert events(database, audit.Event.USE_CASE_EDITED) == []

    def test_a_stale_edit_is_refused_with_what_is_stored(self, session: Session, actor: ActorOf) -> None:
        case = make(session, actor("reporter"))
        change(session, case, actor("approver"), title="先に保存した題", start_on=None)
        for version in (1, 0, 3):
            with pytest.raises(Stale) as refused:
                change(session, case, actor("reporter"), version=version, title="後から書いた題")
            assert refused.value.version == 2
            assert refused.value.theirs == {
                **FULL, "title": "先に保存した題", "start_on": None, "planned_stage": Stage.VERIFICATION,
            }  # fmt: skip
        assert case.title == "先に保存した題"

    def test_the_search_text_follows(self, session: Session, actor: ActorOf) -> None:
        case = make(session, actor("reporter"), title="ﾌﾟﾛﾝﾌﾟﾄ集", unit="ＡＩ推進室", purpose="一行目\n二行目")
        assert case.search_key == "a-2025-0001 ぷろんぷと集 ai推進室 一行目 二行目"
        change(session, case, actor("reporter"), title="新題", unit="", purpose="用途")
        assert case.search_key == "a-2025-0001 新題 用途"


class TestAISystems:
    """A case may be tied to a system of its own ministry and to those that others share."""

    @pytest.mark.parametrize(("owner", "shared"), [("approver", False), ("approver", True), ("other", True)])
    def test_it_is_tied_to_what_its_people_see(
        self, session: Session, actor: ActorOf, owner: str, shared: bool
    ) -> None:
        one = system(session, actor(owner), shared=shared)
        case = make(session, actor("reporter"), ai_system_id=one.id)
        assert case.ai_system_id == one.id

    def test_it_is_not_tied_to_what_another_ministry_keeps(self, session: Session, actor: ActorOf) -> None:
        hidden, shown = (system(session, actor("other"), shared=shared) for shared in (False, True))
        case = make(session, actor("reporter"), ai_system_id=shown.id)
        with pytest.raises(Invalid) as refused:
            change(session, case, actor("reporter"), ai_system_id=hidden.id)
        assert list(refused.value.fields) == ["ai_system_id"]
        # A system that is hidden and one that does not exist are refused in the same words.
        with pytest.raises(Invalid) as missing:
            change(session, case, actor("reporter"), ai_system_id=hidden.id + 1000)
        assert missing.value.fields == refused.value.fields


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("reporter", ["a-2025-0001"]),
        ("other-approver", ["b-2025-0001"]),
        ("secretariat", ["a-2025-0001", "b-2025-0001"]),
        ("auditor", ["a-2025-0001", "b-2025-0001"]),
        ("admin", []),
    ],
)
@pytest.mark.parametrize("model", [UseCase, LifecycleEvent])
def test_nobody_sees_the_rows_of_a_foreign_ministry(
    session: Session, actor: ActorOf, name: str, seen: list[str], model: type[UseCase | LifecycleEvent]
) -> None:
    ids = {}
    for by in (actor("reporter"), actor("other")):
        case = make(session, by)
        event = session.scalars(select(LifecycleEvent).where(LifecycleEvent.use_case_id == case.id)).one()
        ids[case.id if model is UseCase else event.id] = case.case_no
    found = session.scalars(authz.visible(select(model.id).order_by(model.id), model, actor(name)))
    assert [ids[row] for row in found] == seen
