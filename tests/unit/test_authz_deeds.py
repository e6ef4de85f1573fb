"""Which permission each deed asks for: the tables of ``authz``, written down once more."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from register import authz
from register.authz import Permission
from register.vocab import (
    AssessmentDeed,
    EditionDeed,
    IncidentDeed,
    NoticeDeed,
    ReferralDeed,
    RoundDeed,
    SubmissionDeed,
    Term,
)

DEEDS: list[tuple[Mapping[Term, Permission], type[Term], dict[str, str]]] = [
    (
        authz.SUBMISSION_DEEDS,
        SubmissionDeed,
        {
            "fill": "submission.fill",
            "declare_nil": "submission.send",
            "send": "submission.send",
            "decline": "submission.approve",
            "approve": "submission.approve",
            "ask": "submission.review",
            "reply": "remark.reply",
            "extend": "submission.extend",
            "return": "submission.review",
            "accept": "submission.review",
            "correct": "submission_item.correct",
        },
    ),
    (
        authz.INCIDENT_DEEDS,
        IncidentDeed,
        {
            "edit": "incident.report",
            "revise": "incident.manage",
            "report": "incident.report",
            "receive": "incident.manage",
            "dismiss": "incident.manage",
            "notify": "incident.manage",
            "complete": "incident.manage",
            "close": "incident.close",
            "reopen": "incident.reopen",
            "withdraw": "incident.report",
            "comment": "incident.note",
        },
    ),
    (
        authz.ASSESSMENT_DEEDS,
        AssessmentDeed,
        {
            "edit": "assessment.write",
            "propose": "assessment.write",
            "send_back": "assessment.decide",
            "decide": "assessment.decide",
            "supersede": "assessment.decide",
            "withdraw": "assessment.write",
        },
    ),
    (
        authz.REFERRAL_DEEDS,
        ReferralDeed,
        {
            "edit": "referral.draft",
            "send": "referral.send",
            "return": "referral.review",
            "schedule": "referral.review",
            "advise": "referral.review",
            "respond": "referral.send",
            "close": "referral.review",
            "withdraw": "referral.send",
        },
    ),
    (
        authz.NOTICE_DEEDS,
        NoticeDeed,
        {
            "edit": "notice.write",
            "ask": "notice.write",
            "clear": "notice.consent",
            "refuse": "notice.consent",
            "issue": "notice.write",
            "extend": "notice.write",
            "close": "notice.write",
            "withdraw": "notice.write",
            "answer": "notice_answer.draft",
            "reopen": "notice_answer.draft",
            "confirm": "notice_answer.confirm",
        },
    ),
    (
        authz.EDITION_DEEDS,
        EditionDeed,
        {
            "edit": "edition.write",
            "check": "edition.write",
            "send_back": "edition.write",
            "approve": "edition.approve",
            "publish": "edition.write",
            "supersede": "edition.write",
            "discard": "edition.write",
        },
    ),
]


@pytest.mark.parametrize(("table", "deeds", "wanted"), DEEDS, ids=[deeds.__name__ for _, deeds, _ in DEEDS])
def test_every_deed_has_its_permission(
    table: Mapping[Term, Permission], deeds: type[Term], wanted: dict[str, str]
) -> None:
    assert {deed.value: permission.value for deed, permission in table.items()} == wanted
    assert set(table) == set(deeds)


def test_every_step_of_a_round_is_the_secretariats() -> None:
    assert dict.fromkeys(RoundDeed, Permission.ROUND_PLAN) == authz.ROUND_DEEDS
