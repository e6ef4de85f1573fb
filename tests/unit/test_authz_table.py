"""Who may do what: the table of ``authz`` against domain.md section 13, written down once more."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from register import authz
from register.authz import RULES, SIGHT, Actor, Permission, Reach
from register.db import Base
from register.errors import Forbidden
from register.models import (
    AISystem,
    Assessment,
    AssessmentEvent,
    AuditEntry,
    BuiltTable,
    CalendarFeed,
    DeadAddress,
    Disclosure,
    Edition,
    HighRiskFlag,
    Incident,
    IncidentCase,
    IncidentEvent,
    IncidentFile,
    IncidentReference,
    ItemVersion,
    Job,
    JobRun,
    Measure,
    Message,
    NilReport,
    Notice,
    NoticeAnswer,
    NoticeRecipient,
    Question,
    QuestionEvent,
    Referral,
    ReferralCondition,
    ReferralEvent,
    ReferralPackage,
    Remark,
    Reminder,
    Round,
    Snapshot,
    Submission,
    SubmissionEvent,
    SubmissionItem,
    Upload,
    UseCase,
    User,
    Webhook,
)
from register.models.mixins import OfMinistry
from register.states import QUESTION_BY_CHECK
from register.vocab import MINISTRY_ROLES, NoticeState, QuestionDeed, ReplyState, Role, RoundState, SubmissionState
from tests.support.permissions import TABLE

SEEN_BY = {
    UseCase: "use_case.read",
    AISystem: "ai_system.read",
    Round: "round.read",
    Submission: "submission.read",
    SubmissionItem: "submission_item.read",
    Remark: "submission.read",
    Upload: "upload.read",
    BuiltTable: "built_table.read",
    Snapshot: "snapshot.read",
    Job: "job.read",
    JobRun: "job_run.read",
    AuditEntry: "audit.read",
    Message: "delivery.read",
    DeadAddress: "delivery.read",
    Reminder: "reminder.read",
    CalendarFeed: "inbox.read",
    Webhook: "webhook.read",
    Incident: "incident.read",
    Measure: "incident.read",
    IncidentFile: "incident.read",
    NilReport: "nil_report.read",
    Assessment: "assessment.read",
    HighRiskFlag: "assessment.read",
    Referral: "referral.read",
    Notice: "notice.read",
    NoticeRecipient: "notice.read",
    NoticeAnswer: "notice_answer.read",
    Question: "question.read",
    Disclosure: "disclosure.read",
    Edition: "edition.read",
}
# What is only ever read with the row that it belongs to, of which sight is asked.
HISTORIES = {SubmissionEvent, ItemVersion, IncidentCase, IncidentEvent, IncidentReference, AssessmentEvent}
HISTORIES |= {ReferralCondition, ReferralEvent, ReferralPackage, QuestionEvent}


def actor(role: Role) -> Actor:
    """Return a person of ``role``, of ministry 1 where the role has one."""
    return Actor("person", user_id=7, role=role, ministry_id=1 if role in MINISTRY_ROLES else None)


def test_every_permission_has_its_rule_and_no_rule_is_left_over() -> None:
    assert set(RULES) == set(Permission)
    assert all(isinstance(role, Role) for rule in RULES.values() for role in rule)
    assert all(isinstance(reach, Reach) for rule in RULES.values() for reach in rule.values())


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_the_table_is_that_of_the_domain(permission: Permission, role: Role) -> None:
    reach = authz.reach(actor(role), permission)
    assert (reach.name if reach else None) == TABLE[permission.value].get(role.value)


def test_the_administrator_sees_no_content() -> None:
    # Whether the chores are done is no content, nor is whom mail reaches, or where a webhook leads: what they say is not kept.
    may = {Permission.HOME, Permission.JOB_RUN_READ, Permission.JOB_RUN_AGAIN, Permission.DELIVERY_READ}
    may |= {Permission.WEBHOOK_READ, Permission.WEBHOOK_MANAGE}
    assert {permission for permission in Permission if authz.can(actor(Role.ADMIN), permission)} == may


def test_only_people_of_a_ministry_have_a_reach_over_its_own_rows() -> None:
    by_ministry = {Reach.OWN, Reach.OWN_OR_SHARED, Reach.ADDRESSED, Reach.ORIGIN}
    assert {role for rule in RULES.values() for role, reach in rule.items() if reach in by_ministry} <= MINISTRY_ROLES


def test_whoever_may_do_something_with_a_thing_may_see_it() -> None:
    readers = {permission.value.partition(".")[0]: permission for permission in SIGHT.values()}
    for permission in Permission:
        thing = permission.value.partition(".")[0]
        if thing in readers:
            assert set(RULES[permission]) <= set(RULES[readers[thing]]), permission


def test_every_table_of_a_ministry_says_who_sees_its_rows() -> None:
    scoped = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, OfMinistry)}
    assert {UseCase, AISystem, Submission, SubmissionItem} <= scoped
    assert scoped - HISTORIES <= set(SIGHT)
    assert scoped & HISTORIES == HISTORIES
    assert not HISTORIES & set(SIGHT)
    assert all(model.ministry_scoped for model in scoped)


def test_what_lets_a_row_be_seen_is_the_right_to_read_it() -> None:
    assert {model: SIGHT[model].value for model in SEEN_BY} == SEEN_BY
    assert all(permission.value.endswith(".read") for permission in SIGHT.values())


@pytest.mark.parametrize("model", SIGHT, ids=lambda model: model.__name__)
def test_every_rule_of_sight_can_be_asked_of_the_table(model: type[Base]) -> None:
    for role in Role:
        assert str(authz.sight(model, actor(role)))


@pytest.mark.parametrize(
    ("role", "row", "may"),
    [
        (Role.APPROVER, SimpleNamespace(ministry_id=1), True),
        (Role.APPROVER, SimpleNamespace(ministry_id=2), False),
        (Role.REPORTER, SimpleNamespace(ministry_id=1), False),
        (Role.SECRETARIAT, SimpleNamespace(ministry_id=1), False),
        (Role.ADMIN, SimpleNamespace(ministry_id=1), False),
    ],
)
def test_only_the_approver_of_a_ministry_retires_its_cases(role: Role, row: object, may: bool) -> None:
    assert authz.can(actor(role), Permission.USE_CASE_RETIRE, row) is may
    if may:
        authz.require(actor(role), Permission.USE_CASE_RETIRE, row)
        return
    with pytest.raises(Forbidden) as refused:
        authz.require(actor(role), Permission.USE_CASE_RETIRE, row)
    assert str(refused.value) == "この操作を行う権限がありません。"


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        (SubmissionState.NOT_STARTED, False),
        (SubmissionState.IN_PROGRESS, False),
        (SubmissionState.IN_REVIEW, False),
        (SubmissionState.SUBMITTED, True),
        (SubmissionState.RETURNED, True),
        (SubmissionState.ACCEPTED, True),
        (SubmissionState.FROZEN, True),
    ],
)
def test_the_secretariat_reads_a_return_from_its_submission_on(state: SubmissionState, seen: bool) -> None:
    submission = Submission(state=state, ministry_id=1)
    item = SubmissionItem(submission=submission, ministry_id=1)
    secretariat = actor(Role.SECRETARIAT)
    assert authz.can(secretariat, Permission.SUBMISSION_READ, submission) is seen
    assert authz.can(secretariat, Permission.ITEM_READ, item) is seen


@pytest.mark.parametrize(
    ("permission", "model"),
    [
        (Permission.SUBMISSION_REVIEW, Submission),
        (Permission.SUBMISSION_READ, Remark),
        (Permission.ITEM_CORRECT, SubmissionItem),
    ],
)
def test_the_secretariat_does_nothing_with_what_was_not_handed_in(permission: Permission, model: type[Base]) -> None:
    for state in SubmissionState:
        submission = Submission(state=state, ministry_id=1)
        row = submission if model is Submission else model(submission=submission, ministry_id=1)
        handed_in = state.value in {"submitted", "returned", "accepted", "frozen"}
        assert authz.can(actor(Role.SECRETARIAT), permission, row) is handed_in


def test_a_ministry_knows_of_a_round_once_it_is_announced_and_of_its_figures_once_they_are_settled() -> None:
    for state in RoundState:
        row = Round(state=state)
        for role in MINISTRY_ROLES:
            assert authz.can(actor(role), Permission.ROUND_READ, row) is (state is not RoundState.DRAFT)
            settled = state in (RoundState.FROZEN, RoundState.PUBLISHED)
            assert authz.can(actor(role), Permission.REPORT_READ, row) is settled
        assert authz.can(actor(Role.SECRETARIAT), Permission.ROUND_READ, row)
        assert authz.can(actor(Role.AUDITOR), Permission.REPORT_READ, row)


@pytest.mark.parametrize("state", NoticeState)
def test_a_ministry_knows_of_a_notice_that_it_received_or_was_asked_to_clear(state: NoticeState) -> None:
    asked = dt.datetime(2025, 11, 10, tzinfo=dt.UTC)
    received = Notice(state=state, recipients=[NoticeRecipient(ministry_id=1)])
    cleared = Notice(state=state, origin_ministry_id=1, asked_at=asked)
    foreign = Notice(state=state, origin_ministry_id=2, asked_at=asked, recipients=[NoticeRecipient(ministry_id=2)])
    for role in MINISTRY_ROLES:
        assert authz.can(actor(role), Permission.NOTICE_READ, received)
        assert authz.can(actor(role), Permission.NOTICE_READ, cleared) is (state is not NoticeState.DRAFT)
        assert not authz.can(actor(role), Permission.NOTICE_READ, foreign)
    assert authz.can(actor(Role.APPROVER), Permission.NOTICE_CONSENT, cleared)
    assert not authz.can(actor(Role.APPROVER), Permission.NOTICE_CONSENT, received)
    assert not authz.can(actor(Role.APPROVER), Permission.NOTICE_CONSENT, foreign)


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.AUDITOR])
def test_an_answer_is_its_ministrys_until_it_was_confirmed(role: Role) -> None:
    for state in ReplyState:
        recipient = NoticeRecipient(ministry_id=1, state=state)
        answer = NoticeAnswer(ministry_id=1, recipient=recipient)
        for row in (recipient, answer):
            assert authz.can(actor(role), Permission.NOTICE_ANSWER_READ, row) is (state is ReplyState.CONFIRMED)
    assert {deed.value: permission.value for deed, permission in authz.QUESTION_DEEDS.items()} == {
        "claim": "question.answer",
        "explain": "question.answer",
        "accept": "question.review",
        "ask_back": "question.review",
    }
    assert set(authz.QUESTION_DEEDS) == set(QuestionDeed) - QUESTION_BY_CHECK


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.AUDITOR])
def test_an_incident_is_its_ministrys_until_the_secretariat_was_told(role: Role) -> None:
    incident = Incident(ministry_id=1, notified_at=None)
    measure = Measure(ministry_id=1, incident=incident)
    assert not authz.can(actor(role), Permission.INCIDENT_READ, incident)
    assert not authz.can(actor(role), Permission.INCIDENT_READ, measure)
    incident.notified_at = dt.datetime(2025, 11, 10, tzinfo=dt.UTC)
    assert authz.can(actor(role), Permission.INCIDENT_READ, incident)
    assert authz.can(actor(role), Permission.INCIDENT_READ, measure)


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.AUDITOR])
def test_a_judgment_is_its_ministrys_until_it_is_decided(role: Role) -> None:
    one = Assessment(ministry_id=1, decided_at=None)
    assert not authz.can(actor(role), Permission.ASSESSMENT_READ, one)
    one.decided_at = dt.datetime(2025, 11, 10, tzinfo=dt.UTC)
    assert authz.can(actor(role), Permission.ASSESSMENT_READ, one)


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.AUDITOR])
def test_a_referral_is_its_ministrys_until_it_was_sent(role: Role) -> None:
    referral = Referral(ministry_id=1, sent_at=None)
    assert not authz.can(actor(role), Permission.REFERRAL_READ, referral)
    referral.sent_at = dt.datetime(2025, 11, 10, tzinfo=dt.UTC)
    assert authz.can(actor(role), Permission.REFERRAL_READ, referral)
    assert authz.can(actor(role), Permission.REFERRAL_REVIEW, referral) is (role is Role.SECRETARIAT)


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.AUDITOR])
def test_a_question_that_rests_on_what_only_the_ministry_knows_is_its_own(role: Role) -> None:
    question = Question(ministry_id=1, internal=True)
    assert authz.can(actor(Role.REPORTER), Permission.QUESTION_READ, question)
    assert not authz.can(actor(role), Permission.QUESTION_READ, question)
    question.internal = False
    assert authz.can(actor(role), Permission.QUESTION_READ, question)
    assert authz.can(actor(role), Permission.QUESTION_REVIEW, question) is (role is Role.SECRETARIAT)


@pytest.mark.parametrize("role", [Role.REPORTER, Role.APPROVER, Role.AUDITOR])
def test_a_built_table_is_the_secretariats_until_it_is_shared_and_again_once_it_is_withdrawn(role: Role) -> None:
    table = BuiltTable(shared=False, withdrawn_at=None)
    assert not authz.can(actor(role), Permission.TABLE_READ, table)
    table.shared = True
    assert authz.can(actor(role), Permission.TABLE_READ, table)
    assert not authz.can(actor(role), Permission.TABLE_BUILD, table)
    table.withdrawn_at = dt.datetime(2025, 11, 10, tzinfo=dt.UTC)
    assert not authz.can(actor(role), Permission.TABLE_READ, table)
    assert authz.can(actor(Role.SECRETARIAT), Permission.TABLE_READ, table)


def test_a_shared_system_is_read_by_all_and_written_by_its_ministry() -> None:
    theirs = AISystem(ministry_id=2, shared=True)
    assert authz.can(actor(Role.REPORTER), Permission.AI_SYSTEM_READ, theirs)
    assert not authz.can(actor(Role.REPORTER), Permission.AI_SYSTEM_WRITE, theirs)
    theirs.shared = False
    assert not authz.can(actor(Role.REPORTER), Permission.AI_SYSTEM_READ, theirs)


@pytest.mark.parametrize("permission", Permission)
def test_a_command_of_the_system_has_no_permission_of_a_person(permission: Permission) -> None:
    system = Actor.system("flask rounds import")
    assert system == Actor("flask rounds import", user_id=None, role=None, ministry_id=None)
    assert authz.reach(system, permission) is None
    assert not authz.can(system, permission)


@pytest.mark.parametrize(("role", "ministry_id"), [(Role.APPROVER, 3), (Role.AUDITOR, None)])
def test_a_person_acts_with_the_role_and_the_ministry_of_the_account(role: Role, ministry_id: int | None) -> None:
    person = User(id=5, name="担当者", email="person@example.go.jp", role=role, ministry_id=ministry_id)
    assert Actor.of(person) == Actor("担当者", user_id=5, role=role, ministry_id=ministry_id)
