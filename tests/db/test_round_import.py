"""Importing rounds: the whole file or nothing, and the register brought up to it by domain.md section 5."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.db import Database
from register.errors import ImportRejected, NotNow, RegisterError
from register.models import (
    AuditEntry,
    FormVersion,
    LifecycleEvent,
    Ministry,
    Round,
    Submission,
    SubmissionItem,
    UseCase,
)
from register.services import case_numbers, use_cases
from register.services.round_file import read_items
from register.vocab import Lifecycle, RoundState, Source, Stage, SubmissionState
from tests.support.round_files import FIRST, FORMS, SECOND, file_of, load, reference

DAY = dt.date.fromisoformat


def the_case(session: Session, case_no: str = "a-2025-0001") -> UseCase:
    """Return the case with this number."""
    return session.scalars(select(UseCase).where(UseCase.case_no == case_no)).one()


def life(session: Session, case_no: str = "a-2025-0001") -> list[tuple[str, dt.date]]:
    """Return the states that a case has entered, with their days."""
    events = select(LifecycleEvent).join(UseCase, UseCase.id == LifecycleEvent.use_case_id)
    return [
        (event.to_state.value, event.on)
        for event in session.scalars(events.where(UseCase.case_no == case_no).order_by(LifecycleEvent.id))
    ]


def counts(session: Session) -> dict[str, int]:
    """Return how many rows each table of the import holds."""
    tables = (FormVersion, Round, Submission, SubmissionItem, UseCase, LifecycleEvent, AuditEntry, Ministry)
    return {one.__tablename__: session.scalar(select(func.count()).select_from(one)) or 0 for one in tables}


class TestTheReferenceRounds:
    """Both rounds, loaded in their order."""

    def test_everything_is_there(self, database: Database) -> None:
        for number, version, as_of in ((1, "v1", FIRST), (2, "v2", SECOND)):
            with database.writing() as session:
                load(session, reference(number), number=number, version=version, as_of=as_of, create=True)
        with database.reading() as session:
            assert counts(session) | {"audit_entry": 0, "lifecycle_event": 0} == {
                "form_version": 2, "round": 2, "submission": 50, "submission_item": 494, "use_case": 320,
                "ministry": 25, "audit_entry": 0, "lifecycle_event": 0,
            }  # fmt: skip
            names = session.scalars(select(Ministry.name).order_by(Ministry.sort_no)).all()
            assert names == [f"府省庁{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
            assert set(session.scalars(select(Round.state))) == {RoundState.FROZEN}
            assert set(session.scalars(select(Submission.state))) == {SubmissionState.FROZEN}
            assert not audit.verify(session, []).finding

    def test_nothing_is_lost(self, database: Database) -> None:
        with database.writing() as session:
            load(session, reference(2), create=True)
        written = {
            (item.ministry, item.case_no): (item.answers, item.states) for item in read_items(reference(2), FORMS["v2"])
        }
        with database.reading() as session:
            stored = {
                (item.ministry.name, item.case_no): (item.answers, item.states)
                for item in session.scalars(select(SubmissionItem))
            }
        assert stored == written

    def test_the_lifecycle_follows_the_newest_answers(self, database: Database) -> None:
        with database.writing() as session:
            load(session, reference(2), create=True)
            load(session, reference(1), number=1, version="v1", as_of=FIRST, create=True)
        expected: Counter[str] = Counter()
        for item in read_items(reference(2), FORMS["v2"]):
            started, stage = item.answers.get("start_timing") == "1", item.answers.get("stage")
            expected["production" if started and stage == "R" else "verification" if started else "planned"] += 1
        with database.reading() as session:
            found = session.execute(
                select(UseCase.lifecycle, func.count()).where(UseCase.as_of == SECOND).group_by(UseCase.lifecycle)
            )
            assert {state.value: count for state, count in found} == expected

    def test_the_entries_are_few_and_name_the_deeds(self, database: Database) -> None:
        with database.reading() as session:
            before = counts(session)["audit_entry"]
        with database.writing() as session:
            load(session, reference(1), number=1, version="v1", as_of=FIRST, create=True)
        with database.reading() as session:
            events = Counter(session.scalars(select(AuditEntry.event).where(AuditEntry.seq > before)))
        assert events == {
            audit.Event.FORM_PUBLISHED: 1, audit.Event.ROUND_CREATED: 1,
            audit.Event.MINISTRY_CREATED: 23, audit.Event.SUBMISSION_IMPORTED: 25,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "state", "since", "stage"),
    [
        ({"start_timing": "1", "stage": "R"}, Lifecycle.PRODUCTION, "2025-04-01", Stage.PRODUCTION),
        ({"start_timing": "1", "stage": "V"}, Lifecycle.VERIFICATION, "2025-04-01", Stage.VERIFICATION),
        ({"start_timing": "1", "stage": ""}, Lifecycle.VERIFICATION, "2025-04-01", None),
        ({"start_timing": "1", "stage": "R", "start_on": ""}, Lifecycle.PRODUCTION, "2025-09-30", Stage.PRODUCTION),
        ({"start_timing": "1", "start_on": "2025-10-01"}, Lifecycle.VERIFICATION, "2025-09-30", Stage.VERIFICATION),
        ({"start_timing": "3", "stage": "R"}, Lifecycle.PLANNED, "2025-09-30", Stage.PRODUCTION),
        ({"start_timing": "", "stage": ""}, Lifecycle.PLANNED, "2025-09-30", None),
    ],
)
def test_a_new_case_enters_by_its_answers(
    session: Session, answers: Mapping[str, str], state: Lifecycle, since: str, stage: Stage | None
) -> None:
    result = load(session, file_of(answers))
    case = the_case(session)
    assert (case.lifecycle, case.lifecycle_since, case.planned_stage) == (state, DAY(since), stage)
    assert life(session) == [(state.value, DAY(since))]
    started_without_stage = answers.get("start_timing") == "1" and answers.get("stage") == ""
    assert any("導入段階が未回答の案件（" in str(warning) for warning in result.warnings) == started_without_stage


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("planned", {"stage": "R"}, ("production", "2025-09-30")),
        ("planned", {"stage": "R", "start_on": "2025-08-01"}, ("production", "2025-08-01")),
        ("verification", {"stage": "R"}, ("production", "2025-09-30")),
        ("production", {"stage": "V"}, ("verification", "2025-09-30")),
        ("production", {"start_timing": "4"}, ("planned", "2025-09-30")),
        ("production", {"stage": ""}, ("production", "2025-04-01")),
        ("planned", {"stage": ""}, ("planned", "2025-06-30")),
    ],
)
def test_a_known_case_moves_by_its_answers(
    session: Session, first: str, then: Mapping[str, str], expected: tuple[str, str]
) -> None:
    before = {"planned": {"start_timing": "2"}, "verification": {"stage": "V"}, "production": {"stage": "R"}}[first]
    load(session, file_of(before, version="v1"), number=1, version="v1", as_of=FIRST)
    load(session, file_of({"start_timing": "1", **then}))
    assert life(session)[-1] == (expected[0], DAY(expected[1]))
    assert the_case(session).lifecycle == expected[0]
    sources = session.scalars(select(LifecycleEvent.source))
    assert set(sources) == {Source.IMPORT}


def test_an_older_round_does_not_turn_the_register_back(session: Session) -> None:
    load(session, file_of({"title": "新しい名称", "stage": "R"}))
    old = file_of({"title": "古い名称", "stage": "V"}, {"case_no": "a-2024-0009", "start_timing": "2"}, version="v1")
    result = load(session, old, number=1, version="v1", as_of=FIRST)
    case = the_case(session)
    assert (case.title, case.lifecycle, case.as_of) == ("新しい名称", Lifecycle.PRODUCTION, SECOND)
    assert the_case(session, "a-2024-0009").lifecycle is Lifecycle.PLANNED
    assert (result.tally.older, result.tally.created) == (1, 1)
    linked = session.scalars(select(SubmissionItem).where(SubmissionItem.use_case_id == case.id)).all()
    assert {item.answers["title"] for item in linked} == {"新しい名称", "古い名称"}


def test_what_a_form_does_not_ask_is_not_erased(session: Session) -> None:
    load(session, file_of({"confidentiality": "3"}), number=1, as_of=FIRST)
    load(session, file_of({"title": "改めた名称"}, version="v1"), version="v1")
    case = the_case(session)
    assert (case.confidentiality, case.title, case.model_usage) == ("3", "改めた名称", "商用LLM-A")


def test_the_search_finds_what_was_imported(session: Session) -> None:
    load(session, file_of({"title": "ﾌﾟﾛﾝﾌﾟﾄ集"}))
    assert "ぷろんぷと集" in the_case(session).search_key


@pytest.mark.parametrize("state", [Lifecycle.SUSPENDED, Lifecycle.RETIRED])
def test_what_people_ended_stays_ended(session: Session, actor: Callable[[str], Actor], state: Lifecycle) -> None:
    load(session, file_of({}), number=1, as_of=FIRST)
    case, day = the_case(session), DAY("2025-08-01")
    step = {"form": FORMS["v2"], "to": state, "on": day, "reason": "終了", "version": case.version}
    use_cases.move(session, case, by=actor("approver"), **step)  # type: ignore[arg-type]
    result = load(session, file_of({"stage": "R"}))
    assert the_case(session).lifecycle is state
    assert result.tally.kept_by_hand == ["a-2025-0001"]


def test_a_later_step_than_the_round_stays(session: Session, actor: Callable[[str], Actor]) -> None:
    load(session, file_of({}), number=1, as_of=FIRST)
    case, day = the_case(session), DAY("2025-10-15")
    step = {"form": FORMS["v2"], "to": Lifecycle.PRODUCTION, "on": day, "reason": "", "version": case.version}
    use_cases.move(session, case, by=actor("approver"), **step)  # type: ignore[arg-type]
    result = load(session, file_of({"stage": "V"}))
    assert (the_case(session).lifecycle, the_case(session).lifecycle_since) == (Lifecycle.PRODUCTION, day)
    assert result.tally.kept_newer == ["a-2025-0001"]


def test_a_case_left_out_is_told_and_not_retired(session: Session) -> None:
    load(session, file_of({}, {"case_no": "a-2025-0002"}), number=1, as_of=FIRST)
    result = load(session, file_of({}))
    assert the_case(session, "a-2025-0002").lifecycle is Lifecycle.VERIFICATION
    assert any("a-2025-0002" in str(warning) for warning in result.warnings)


def test_new_numbers_pass_the_imported_ones(session: Session) -> None:
    load(session, file_of({"case_no": "a-2025-0041"}, {"case_no": "a-2025-7"}, {"case_no": "別の番号 9"}))
    ministry = session.scalars(select(Ministry).where(Ministry.key == "a")).one()
    assert case_numbers.next_number(session, ministry, 2025) == "a-2025-0042"


def test_a_number_in_another_width_is_the_same_case(session: Session) -> None:
    load(session, file_of({}), number=1, as_of=FIRST)
    load(session, file_of({"case_no": "ａ－２０２５－０００１", "ministry": "府省庁Ａ"}))
    items = session.scalars(select(SubmissionItem)).all()
    assert {item.case_no for item in items} == {"a-2025-0001"}
    assert len({item.use_case_id for item in items}) == 1


class TestMinistries:
    """Bodies that a file names and the register does not know."""

    def test_they_are_refused_unless_wanted(self, session: Session) -> None:
        with pytest.raises(ImportRejected) as refused:
            load(session, file_of({"ministry": "府省庁Q"}))
        assert [(p.line, p.column, p.value) for p in refused.value.problems] == [(2, "ministry", "府省庁Q")]

    @pytest.mark.parametrize(
        ("numbers", "key"),
        [
            (["Q1-2025-0001", "Q1-2024-0002"], "Q1"),
            (["Q1-2025-0001", "Q2-2025-0001"], None),
            (["b-2025-0001"], None),
            (["mhlw-2025-0001"], None),
            (["第1号"], None),
        ],
    )
    def test_the_key_is_the_prefix_that_all_numbers_share(
        self, session: Session, numbers: list[str], key: str | None
    ) -> None:
        rows = [{"ministry": "府省庁Q", "case_no": number, "title": number} for number in numbers]
        load(session, file_of(*rows), create=True)
        made = session.scalars(select(Ministry).where(Ministry.name == "府省庁Q")).one()
        assert made.key == key if key else made.key.startswith("m")
        assert made.sort_no > 2

    def test_a_body_of_the_roster_gets_its_own_key_and_place(self, session: Session) -> None:
        rows = ({"ministry": "府省庁Q", "case_no": "Q-1"}, {"ministry": "厚生労働省"}, {"ministry": "デジタル庁"})
        load(session, file_of(*rows), create=True)
        made = session.scalars(select(Ministry).where(Ministry.sort_no > 2).order_by(Ministry.sort_no)).all()
        assert [(one.name, one.name_short) for one in made] == [
            ("デジタル庁", "デジ庁"), ("厚生労働省", "厚労省"), ("府省庁Q", "府省庁Q"),
        ]  # fmt: skip
        assert [one.key for one in made[:2]] == ["digital", "mhlw"]


class TestAgain:
    """A round that exists already."""

    def test_the_same_content_changes_nothing(self, session: Session) -> None:
        load(session, file_of({}, {"case_no": "a-2"}))
        before = counts(session)
        assert load(session, file_of({"case_no": "a-2"}, {}, columns=list(FORMS["v2"].columns)[::-1])).unchanged
        assert counts(session) == before

    @pytest.mark.parametrize(
        ("rows", "place"),
        [
            ([{"stage": "R"}, {"case_no": "a-2"}], (2, "stage", "R")),
            ([{"stage": ""}, {"case_no": "a-2"}], (2, "stage", "")),
            ([{}], (1, "case_no", "a-2")),
            ([{}, {"case_no": "a-2"}, {"case_no": "a-3"}], (4, "case_no", "a-3")),
            ([{}, {"case_no": "a-2"}, {"ministry": "府省庁Q"}], (4, "case_no", "a-2025-0001")),
        ],
    )
    def test_other_content_is_refused(
        self, session: Session, rows: list[dict[str, str]], place: tuple[int, str, str]
    ) -> None:
        load(session, file_of({}, {"case_no": "a-2"}))
        with pytest.raises(ImportRejected) as refused:
            load(session, file_of(*rows), create=True)
        assert [(p.line, p.column, p.value) for p in refused.value.problems] == [place]

    def test_another_day_or_form_is_refused(self, session: Session) -> None:
        load(session, file_of({}))
        with pytest.raises(NotNow, match="2025-09-30"):
            load(session, file_of({}), as_of=DAY("2025-09-29"))
        with pytest.raises(NotNow, match="v2"):
            load(session, file_of({}, version="v1"), version="v1")


def test_a_changed_form_under_a_published_name_is_refused(session: Session) -> None:
    load(session, file_of({}))
    stored = session.scalars(select(FormVersion)).one()
    stored.sha256 = "0" * 64
    session.flush()
    with pytest.raises(NotNow, match="公開した様式"):
        load(session, file_of({}), number=3, as_of=DAY("2025-12-31"))


@pytest.mark.parametrize(
    "data",
    [
        file_of({}, {"case_no": "a-2", "stage": "Z"}),
        file_of({}, {}),
        file_of({}, {"ministry": "府省庁Q"}),
        file_of({}) + b"\xff",
    ],
)
def test_a_refused_file_stores_nothing(database: Database, data: bytes) -> None:
    with database.reading() as session:
        before = counts(session)
    with pytest.raises(RegisterError), database.writing() as session:
        load(session, data)
    with database.reading() as session:
        assert counts(session) == before
