"""Notices on both databases: who takes which step when, a consent that is of one text, recipients that stay as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, Notice, NoticeEvent, NoticeRecipient, UseCase
from register.queries import notice_tasks, worklist
from register.queries import notices as queries
from register.services import ai_systems, notices, use_cases
from register.services.notice_values import digest
from register.states import NOTICE, notice_steps
from register.vocab import AudienceKind, IncidentState, Lifecycle, NoticeDeed, NoticeState, ReplyState
from tests.support.assessments import SHEETS
from tests.support.data import STAFF
from tests.support.incidents import RISK, TODAY
from tests.support.notices import WAYS, Bureau
from tests.support.running_round import LIBRARY, Office

DAY = dt.timedelta(days=1)
STEPS = list(dict.fromkeys(step.deed for step in NOTICE if step.deed is not NoticeDeed.EDIT))
TEN_DAYS_ON = dt.date(2025, 11, 25)  # 24 November is a holiday


@pytest.fixture
def bureau(session: Session) -> Iterator[Bureau]:
    """The people at their desks; what they did must be told in the log in the end."""
    yield Bureau(session)
    session.commit()
    assert audit.verify(session).finding is None


def record(session: Session, notice: Notice) -> list[str]:
    """Return the deeds in the record of a notice."""
    own = select(NoticeEvent).where(NoticeEvent.notice_id == notice.id).order_by(NoticeEvent.id)
    return [event.deed.value for event in session.scalars(own)]


@pytest.mark.parametrize("state", NoticeState)
def test_who_takes_which_step_when(session: Session, state: NoticeState) -> None:
    bureau = Bureau(session)
    number = bureau.noticed(state).id
    session.commit()
    for name, deed in product(STAFF, STEPS):
        made, by = session.get_one(Notice, number, populate_existing=True), bureau.people[name]
        step = next((one for one in notice_steps(state) if one.deed is deed), None)
        if not authz.can(by, authz.NOTICE_DEEDS[deed], made):
            with pytest.raises(Forbidden):
                bureau.take(made, deed.value, who=name)
        elif step is None:
            with pytest.raises(NotNow):
                bureau.take(made, deed.value, who=name)
        elif step not in queries.steps_for(made, by):
            assert (deed, state) == (NoticeDeed.ISSUE, NoticeState.DRAFT)
            with pytest.raises(Invalid, match="了承を求めて"):
                bureau.take(made, deed.value, who=name)
        elif deed is NoticeDeed.EXTEND:
            with pytest.raises(Invalid, match="加わる府省庁はありません"):
                bureau.take(made, deed.value, who=name)
        else:
            bureau.take(made, deed.value, who=name)
            session.flush()
            assert made.state is step.target, (name, deed)
            assert record(session, made)[-1] == deed.value
        session.rollback()


@pytest.mark.parametrize("state", NoticeState)
def test_who_writes_and_rewrites_when(session: Session, state: NoticeState) -> None:
    bureau = Bureau(session)
    number = bureau.noticed(state).id
    session.commit()
    for name in STAFF:
        made = session.get_one(Notice, number, populate_existing=True)
        if name != "secretariat":
            with pytest.raises(Forbidden):
                bureau.rewrite(made, who=name, title="別の題")
            with pytest.raises(Forbidden):
                bureau.write(who=name)
        elif state in queries.UNISSUED:
            bureau.rewrite(made, title="別の題")
            assert (made.state, made.cleared_at, made.cleared_sha256) == (NoticeState.DRAFT, None, "")
        else:
            with pytest.raises(NotNow):
                bureau.rewrite(made, title="別の題")
        session.rollback()


def test_only_the_approver_of_the_ministry_it_comes_from_clears(bureau: Bureau) -> None:
    made = bureau.noticed(NoticeState.ASKED)
    may = {name for name, by in bureau.people.items() if authz.can(by, Permission.NOTICE_CONSENT, made)}
    assert may == {"approver"}


def test_consent_is_of_the_very_text_that_was_shown(bureau: Bureau) -> None:
    made = bureau.noticed(NoticeState.ASKED)
    read = made.version
    bureau.rewrite(made, text="別の文面")
    bureau.take(made, "ask")
    with pytest.raises(Stale):
        notices.move(bureau.session, made, NoticeDeed.CLEAR, version=read, by=bureau.people["approver"])
    bureau.take(made, "clear", who="approver")
    assert (made.cleared_by, made.cleared_sha256) == ("approver", digest(made))
    cleared = made.cleared_sha256
    bureau.rewrite(made, text="別の文面")
    assert (made.state, made.cleared_sha256) == (NoticeState.CLEARED, cleared), "nothing was changed"
    bureau.rewrite(made, text="別の文面", audience_kind="usage_type", audience_value="G1")
    assert (made.state, made.cleared_sha256) == (NoticeState.DRAFT, "")
    with pytest.raises(Invalid, match="了承を求めて"):
        bureau.take(made, "issue")


def test_a_cleared_text_that_was_changed_behind_the_services_is_not_issued(session: Session) -> None:
    bureau = Bureau(session)
    made = bureau.noticed(NoticeState.CLEARED)
    made.text = "すり替えた文面"
    session.flush()
    with pytest.raises(Invalid, match="了承を求めて"):
        bureau.take(made, "issue")


@pytest.mark.parametrize("step", [step for step in NOTICE if step.reason], ids=lambda step: step.deed.value)
def test_a_step_that_wants_words_is_not_taken_without(session: Session, step: queries.NoticeStep) -> None:
    bureau = Bureau(session)
    made = bureau.noticed(min(step.sources))
    who = next(name for name, by in bureau.people.items() if authz.can(by, authz.NOTICE_DEEDS[step.deed], made))
    for word in ("　", "長" * 4001):
        with pytest.raises(Invalid) as refused:
            bureau.take(made, step.deed.value, who=who, word=word)
        assert list(refused.value.fields) == ["word"]


def test_what_comes_from_nobody_needs_no_consent(bureau: Bureau) -> None:
    made = bureau.write()
    with pytest.raises(Invalid, match="了承はいりません"):
        bureau.take(made, "ask")
    bureau.take(made, "issue")
    assert (made.notice_no, made.due_on, made.state) == ("NT2025-001", TEN_DAYS_ON, NoticeState.ISSUED)
    assert record(bureau.session, made) == ["issue"]


def test_numbers_are_given_when_a_notice_leaves_and_never_twice(bureau: Bureau) -> None:
    first, second = bureau.write(), bureau.write()
    assert bureau.take(bureau.write(), "withdraw").notice_no is None
    assert bureau.take(second, "issue").notice_no == "NT2025-001"
    assert bureau.take(first, "issue").notice_no == "NT2025-002"
    bureau.on(dt.date(2026, 4, 1))
    assert bureau.issued().notice_no == "NT2026-001"


def test_an_incident_that_the_secretariat_does_not_know_makes_no_notice(session: Session) -> None:
    bureau = Bureau(session)
    with pytest.raises(Forbidden):
        bureau.write(incident=bureau.at(IncidentState.RECEIVED))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "題" * 201}, "title"),
        ({"text": ""}, "text"),
        ({"action": ""}, "action"),
        ({"action": "長" * 4001}, "action"),
        ({"audience_kind": "usage_type", "audience_value": "G9"}, "audience_value"),
        ({"audience_kind": "confidentiality"}, "audience_value"),
        ({"audience_kind": "model", "audience_value": "A"}, "audience_value"),
        ({"audience_kind": "vendor", "audience_value": "社" * 201}, "audience_value"),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field(session: Session, changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Bureau(session).write(**changes)
    assert list(refused.value.fields) == [field]


def test_a_stale_edit_is_refused_with_what_is_stored(session: Session) -> None:
    bureau = Bureau(session)
    made = bureau.write()
    bureau.rewrite(made, title="先の題")
    with pytest.raises(Stale) as refused:
        notices.edit(session, made, {}, form=LIBRARY.newest, version=1, by=bureau.people["secretariat"])
    assert refused.value.theirs["title"] == "先の題"
    assert set(refused.value.theirs) == {"title", "text", "action", "audience_kind", "audience_value"}


def test_a_day_that_has_passed_is_no_day_for_answers(session: Session) -> None:
    bureau = Bureau(session)
    made = bureau.write()
    own = {"terms": RISK, "version": made.version, "by": bureau.people["secretariat"]}
    with pytest.raises(Invalid) as refused:
        notices.issue(session, made, due_on=TODAY - DAY, **own)  # type: ignore[arg-type]
    assert list(refused.value.fields) == ["due_on"]
    assert notices.issue(session, made, due_on=TODAY, **own).due_on == TODAY  # type: ignore[arg-type]


class TestAudience:
    """Whom a notice means: by the cases of the day on which it is issued."""

    @pytest.fixture
    def office(self, session: Session) -> Office:
        """Ministry A with two cases of one kind, B with one of another that runs on a system; each has ended ones."""
        office = Office(session)
        office.case(usage_type="G1", model_usage="商用LLM-A（クラウド）", confidentiality="1")
        office.case(Lifecycle.PLANNED, usage_type="G1", model_usage="商用ＬＬＭ-A", confidentiality="2")
        office.case(Lifecycle.RETIRED, usage_type="S1", model_usage="公開モデルC")
        office.case(who="other", usage_type="G2", model_usage="", confidentiality="2")
        return office

    @pytest.mark.parametrize(
        ("kind", "value", "found"),
        [
            ("all", "", {"a": 2, "b": 1}),
            ("usage_type", "G1", {"a": 2}),
            ("usage_type", "G2", {"b": 1}),
            ("usage_type", "S1", {}),
            ("confidentiality", "2", {"a": 1, "b": 1}),
            ("model", "llm-a", {"a": 2}),
            ("model", "クラウド", {"a": 1}),
            ("model", "公開モデル", {}),
            ("vendor", "サンプル", {}),
        ],
    )
    def test_ministries_are_meant_by_their_live_cases(
        self, office: Office, bureau: Bureau, kind: str, value: str, found: dict[str, int]
    ) -> None:
        made = bureau.write(audience_kind=kind, audience_value=value)
        page = queries.notice_page(bureau.session, made, bureau.people["secretariat"], TODAY)
        assert page.audience is not None
        assert {body.key: count for body, count in page.audience} == found
        if not found:
            with pytest.raises(Invalid, match="宛先に当てはまる府省庁"):
                bureau.take(made, "issue")
            return
        bureau.take(made, "issue")
        assert {one.ministry.key for one in made.recipients} == set(found)
        assert {one.state for one in made.recipients} == {ReplyState.OPEN}

    def test_a_system_lends_its_model_and_its_vendor_to_the_cases_on_it(self, office: Office, bureau: Bureau) -> None:
        case = bureau.session.scalars(select(UseCase).where(UseCase.ministry_id == office.ministry("b").id)).one()
        system = {"name": "基盤", "vendor": "（株）サンプル社", "model_usage": "基盤モデルX"}
        by = bureau.people["other"]
        known = {name: getattr(case, name) for name in use_cases.EDITABLE}
        known["ai_system_id"] = ai_systems.create(bureau.session, values=system, by=by).id
        use_cases.edit(bureau.session, case, form=LIBRARY.newest, values=known, version=case.version, by=by)
        for kind, value in (("model", "基盤モデルX"), ("vendor", "サンプル社")):
            made = bureau.issued(audience_kind=kind, audience_value=value)
            assert [one.ministry.key for one in made.recipients] == ["b"], kind

    def test_recipients_stay_and_later_cases_are_counted(self, office: Office, bureau: Bureau) -> None:
        made = bureau.issued(audience_kind="usage_type", audience_value="G1")
        office.case(usage_type="G1")
        office.case(who="other", usage_type="G1")
        page = queries.notice_page(bureau.session, made, bureau.people["reporter"], TODAY)
        assert (page.resembling, page.audience) == (3, None)
        assert [one.ministry.key for one in made.recipients] == ["a"]
        assert not authz.can(bureau.people["other"], Permission.NOTICE_READ, made)

    def test_a_ministry_that_has_ended_is_not_addressed(self, office: Office, bureau: Bureau) -> None:
        ended = office.ministry("b")
        ended.valid_to = TODAY - DAY
        audit.record(bureau.session, audit.Event.MINISTRY_CREATED, ended, by=bureau.people["secretariat"])
        assert [one.ministry.key for one in bureau.issued().recipients] == ["a"]


def seen(session: Session, by: Actor, model: type = Notice) -> int:
    """Return how many rows a person may know of."""
    return session.scalar(select(func.count()).select_from(model).where(authz.sight(model, by))) or 0


@pytest.mark.parametrize("state", NoticeState)
def test_who_knows_of_a_notice_when(session: Session, state: NoticeState) -> None:
    bureau = Bureau(session)
    Office(session).case(usage_type="G1", who="other")
    made = bureau.noticed(state, audience_kind="usage_type", audience_value="G1")
    session.commit()
    issued = made.issued_at is not None
    wanted = {"secretariat", "auditor"} | ({"other", "other-approver"} if issued else set())
    # The ministry that it comes from is asked, and not addressed: it has no such case.
    wanted |= {"reporter", "approver"} if state is not NoticeState.DRAFT else set()
    for name, by in bureau.people.items():
        assert authz.can(by, Permission.NOTICE_READ, made) is (name in wanted), name
        assert seen(session, by) == (1 if name in wanted else 0), name
        page = queries.list_page(session, by, queries.ListState(), TODAY)
        assert page.total == (1 if name in wanted else 0), name


def test_what_was_never_asked_of_a_ministry_stays_unknown_to_it(session: Session) -> None:
    bureau = Bureau(session)
    made = bureau.noticed(NoticeState.DRAFT)
    assert not authz.can(bureau.people["approver"], Permission.NOTICE_READ, made)
    bureau.take(made, "withdraw")
    assert not authz.can(bureau.people["approver"], Permission.NOTICE_READ, made)
    again = bureau.noticed(NoticeState.ASKED)
    bureau.take(again, "refuse", who="approver")
    assert not authz.can(bureau.people["approver"], Permission.NOTICE_READ, again)


def test_where_a_notice_comes_from_is_shown_to_its_ministry_and_those_who_oversee(bureau: Bureau) -> None:
    made = bureau.noticed(NoticeState.CLOSED)
    for name in ("reporter", "other", "secretariat", "auditor"):
        page = queries.notice_page(bureau.session, made, bureau.people[name], TODAY)
        told = {event.deed.value for event in page.events}
        if name == "other":
            assert (page.incident, page.origin, told) == (None, None, {"issue", "close"})
        else:
            assert page.incident is not None
            assert page.origin is not None
            assert told == {"ask", "clear", "issue", "close"}


def test_the_log_of_a_ministry_holds_its_own_deeds_and_no_others(bureau: Bureau) -> None:
    made = bureau.noticed(NoticeState.ISSUED, title="秘密の題")
    bureau.session.commit()
    own = bureau.people["approver"].ministry_id
    rows = select(AuditEntry).where(AuditEntry.event.startswith("notice.")).order_by(AuditEntry.seq)
    entries = bureau.session.scalars(rows).all()
    assert [(entry.event, entry.ministry_id) for entry in entries] == [
        ("notice.written", None),
        ("notice.moved", None),
        ("notice.moved", own),
        ("notice.moved", None),
    ]
    assert not any("秘密の題" in entry.body for entry in entries)
    assert entries[-1].subject_label == made.notice_no


def test_the_worklist_tells_what_waits_for_whom(bureau: Bureau) -> None:
    bureau.write()
    bureau.noticed(NoticeState.ASKED)
    bureau.noticed(NoticeState.CLEARED)
    bureau.noticed(NoticeState.ISSUED)

    def waits(name: str, today: dt.date = TODAY) -> dict[str, tuple[int, dt.date | None, bool]]:
        found = notice_tasks.tasks(bureau.session, bureau.people[name], today)
        return {str(task.text): (task.count, task.due, task.late) for task in found}

    late = TEN_DAYS_ON + DAY
    reply, consent = "注意喚起に回答する", "注意喚起の文面を確かめて了承する"
    assert waits("reporter") == {reply: (1, TEN_DAYS_ON, False)}
    assert waits("reporter", late) == {reply: (1, TEN_DAYS_ON, True)}
    assert waits("approver") == {consent: (1, None, False), reply: (1, TEN_DAYS_ON, False)}
    assert waits("other-approver") == {reply: (1, TEN_DAYS_ON, False)}
    drafts = {"下書きの注意喚起を仕上げる": (1, None, False), "了承された注意喚起を発出する": (1, None, False)}
    assert waits("secretariat") == drafts
    behind = {"回答が遅れている注意喚起を府省庁に確かめる": (1, TEN_DAYS_ON, True)}
    assert waits("secretariat", late) == drafts | behind
    assert waits("auditor") == waits("admin") == {}
    assert any(
        str(task.text) == consent
        for task in worklist.tasks(bureau.session, bureau.people["approver"], RISK, SHEETS, TODAY)
    )


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, {"draft", "asked", "issued"}),
        ({"state": ("draft", "nonsense")}, {"draft"}),
        ({"reply": ("open",)}, {"issued"}),
        ({"reply": ("late",)}, set()),
        ({"state": ("draft",), "reply": ("open",)}, set()),
    ],
)
def test_the_list_is_narrowed(bureau: Bureau, chosen: dict[str, tuple[str, ...]], found: set[str]) -> None:
    for state in (NoticeState.DRAFT, NoticeState.ASKED, NoticeState.ISSUED):
        bureau.noticed(state)
    page = queries.list_page(bureau.session, bureau.people["auditor"], queries.ListState(chosen, 9), TODAY)
    assert {row.notice.state.value for row in page.rows} == found
    assert (page.total, page.state.page) == (len(found), 1)


def test_every_audience_has_its_rule_and_every_way_its_end(bureau: Bureau) -> None:
    assert set(WAYS) == set(NoticeState)
    for kind in AudienceKind:
        value = {"usage_type": "G1", "confidentiality": "1"}.get(kind.value, "名称")
        made = bureau.write(audience_kind=kind.value, audience_value=value)
        assert made.audience_value == ("" if kind is AudienceKind.ALL else value)
    assert seen(bureau.session, bureau.people["secretariat"], NoticeRecipient) == 0
