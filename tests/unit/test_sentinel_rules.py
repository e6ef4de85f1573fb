"""Every rule of the consistency check by itself: facts that it asks about, and facts that only look like them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from register.sentinel import (
    BY_CODE,
    FACTS,
    RULES,
    AssessmentFacts,
    AxisFacts,
    CaseFacts,
    IncidentFacts,
    Limits,
    Moment,
    RoundFacts,
    Rule,
    SystemFacts,
    TiedFacts,
    UseFacts,
    fingerprint,
    load_limits,
    runnable,
    told,
)
from register.vocab import About, IncidentKind, IncidentState, Lifecycle, Need, RiskResult
from tests.support.sources import ROOT

TODAY = dt.date(2025, 11, 10)
DAY = dt.timedelta(days=1)
AT = Moment(TODAY, Limits(start_passed=30, suspended=180, unregistered=30))
AS_OF, BEFORE = dt.date(2025, 9, 30), dt.date(2025, 6, 30)
PLANNED, TRIAL, IN_USE, STOPPED, ENDED = Lifecycle


def case(**changes: Any) -> CaseFacts:
    """Return a case that no rule asks about, with some of it changed."""
    plain: dict[str, Any] = {
        "id": 1,
        "ministry_id": 1,
        "case_no": "a-2025-0001",
        "title": "議事録の要約",
        "lifecycle": IN_USE,
        "since": dt.date(2025, 4, 1),
        "start_on": dt.date(2025, 4, 1),
        "usage_type": "G2",
        "user_scope": "1",
        "confidentiality": "1",
        "model_usage": "商用LLM-A",
    }
    return CaseFacts(**plain | changes)


def answer(**changes: Any) -> RoundFacts:
    """Return the answers of the newest round, with some of it changed; what is no field of it is an answer."""
    facts: dict[str, Any] = {"round": "2025-2", "form": "v2", "as_of": AS_OF, "after": BEFORE}
    names = set(RoundFacts.__dataclass_fields__)
    facts |= {name: value for name, value in changes.items() if name in names}
    return RoundFacts(**facts, answers={name: value for name, value in changes.items() if name not in names})


def answered(*rounds: RoundFacts, **changes: Any) -> CaseFacts:
    """Return a case with these answers, the newest first."""
    return case(answered=rounds, **changes)


def earlier(**changes: Any) -> RoundFacts:
    """Return the answers of the round before."""
    return answer(**{"round": "2025-1", "as_of": BEFORE, "after": None} | changes)


def incident(**changes: Any) -> IncidentFacts:
    """Return an open risk case that no rule asks about, with some of it changed."""
    plain: dict[str, Any] = {
        "id": 5,
        "ministry_id": 1,
        "incident_no": "a-RC2025-001",
        "state": IncidentState.IN_RESPONSE,
        "kind": IncidentKind.RISK_CASE,
        "detected_on": dt.date(2025, 9, 1),
        "grade": "L1",
        "codes": frozenset({"RC01"}),
        "report_due": dt.date(2025, 9, 2),
        "notify_due": dt.date(2025, 9, 4),
    }
    return IncidentFacts(**plain | changes)


def tied(of_case: dict[str, Any] | None = None, **changes: Any) -> TiedFacts:
    """Return a case with one of its incidents."""
    return TiedFacts(case(**of_case or {}), incident(**changes))


def judged(
    result: RiskResult = RiskResult.NOT_HIGH, *, a: bool | None = True, c: bool | None = True, **changes: Any
) -> AssessmentFacts:
    """Return a judgment with its answers to the viewpoints A and C (None: no answer)."""
    axes = {name: AxisFacts(f"{name}1", high) for name, high in (("A", a), ("C", c)) if high is not None}
    facts: dict[str, Any] = {"decided_on": dt.date(2025, 5, 1), "review_due": dt.date(2026, 5, 1), "open": False}
    return AssessmentFacts(result=result, axes=axes, **facts | changes)


def use(**changes: Any) -> UseFacts:
    """Return how ministry 1 describes a system."""
    return UseFacts(3, 1, **changes)


OWN = SystemFacts(3, 1, "商用LLM-A（クラウド）")
SHARED = SystemFacts(3, 2, "商用LLM-A", shared=True)
GRAVE = incident(grade="L3", detected_on=dt.date(2025, 6, 1))
STARTED = {"start_timing": "1"}
LEFT_OUT = {"left_out": "2025-2"}
# Of each rule: what it asks about, and what only looks like it.
SEEN: dict[str, tuple[Any, Any]] = {
    "C01": (case(start_on=TODAY + DAY), case(start_on=TODAY)),
    "C02": (
        case(lifecycle=PLANNED, start_on=TODAY - 31 * DAY),
        case(lifecycle=PLANNED, start_on=TODAY - 30 * DAY),
    ),
    "C03": (case(usage_type="S1", model_usage=""), case(usage_type="G1", model_usage="")),
    "C04": (
        case(lifecycle=STOPPED, since=TODAY - 181 * DAY),
        case(lifecycle=STOPPED, since=TODAY - 180 * DAY),
    ),
    "C05": (case(usage_type="S2", confidentiality="3"), case(usage_type="S2", confidentiality="4")),
    "C06": (case(usage_type="G1", confidentiality="4"), case(usage_type="G1", confidentiality="3")),
    "C07": (case(twin="a-2025-0002"), case(twin="a-2025-0002", lifecycle=ENDED)),
    "C08": (
        case(goal_kind="QN", goal_text="作業時間を短くする"),
        case(goal_kind="QN", goal_text="作業時間を半分にする"),
    ),
    "C09": (case(user_scope="8"), answered(answer(reasoned=frozenset({"user_scope"})), user_scope="8")),
    "C10": (case(user_scope="6", confidentiality="2"), case(user_scope="5", confidentiality="2")),
    "C11": (case(confidentiality=None), case(confidentiality=None, lifecycle=PLANNED)),
    "C12": (case(user_scope="4", system=OWN), case(user_scope="4", system=SHARED)),
    "R01": (
        answered(answer(risk_case_count=0), incidents=(incident(),)),
        answered(answer(risk_case_count=0), incidents=(incident(detected_on=BEFORE),)),
    ),
    "R02": (
        answered(answer(risk_case_count=1)),
        answered(answer(risk_case_count=1, reasoned=frozenset({"risk_case_count"}))),
    ),
    "R03": (
        answered(answer(stage="V", **STARTED), earlier(stage="R", **STARTED)),
        answered(answer(stage="V", **STARTED), earlier(stage="R", start_timing="2")),
    ),
    "R04": (
        answered(answer(usage_type="G2"), earlier(usage_type="G1")),
        answered(answer(usage_type="G2"), earlier(usage_type="G1", form="v1")),
    ),
    "R05": (case(**LEFT_OUT), case()),
    "R06": (
        answered(answer(usage_type="G1", additional_learning="有")),
        answered(answer(usage_type="G1", additional_learning="無")),
    ),
    "R07": (
        answered(answer(running=True), lifecycle=ENDED, since=AS_OF),
        answered(answer(running=True), lifecycle=ENDED, since=AS_OF + DAY),
    ),
    "R08": (answered(answer(**STARTED), lifecycle=PLANNED), answered(answer(**STARTED), lifecycle=TRIAL)),
    "R09": (
        answered(answer(start_timing="3"), since=AS_OF),
        answered(answer(start_timing="3"), since=AS_OF + DAY),
    ),
    "R10": (
        answered(answer(start_on="2025-10-01", **STARTED)),
        answered(answer(start_on="2025-09-30", **STARTED)),
    ),
    "R11": (
        answered(answer(confidentiality="1"), earlier(confidentiality="3")),
        answered(answer(confidentiality="3"), earlier(confidentiality="1")),
    ),
    "I01": (tied(grade="L3"), tied({"lifecycle": STOPPED}, grade="L3")),
    "I02": (
        incident(state=IncidentState.RECEIVED, notify_due=TODAY - DAY),
        incident(state=IncidentState.RECEIVED, notify_due=TODAY),
    ),
    "I03": (tied(codes=frozenset({"RC02"})), tied({"confidentiality": "2"}, codes=frozenset({"RC02"}))),
    "I04": (
        tied({"since": TODAY}, suspended_from=TODAY - DAY),
        tied({"since": TODAY}, suspended_from=TODAY - DAY, suspended_to=TODAY),
    ),
    "I05": (incident(late_measures=1), incident(late_measures=1, open=False)),
    "I06": (
        incident(cases=0, detected_on=TODAY - 31 * DAY),
        incident(cases=1, detected_on=TODAY - 31 * DAY),
    ),
    "I07": (
        incident(kind=IncidentKind.NEAR_MISS, affected_count=1),
        incident(kind=IncidentKind.NEAR_MISS, affected_count=0),
    ),
    "A01": (case(confidentiality="2"), case(confidentiality="2", assessment=judged())),
    "A02": (case(user_scope="7"), case(user_scope="7", assessment=judged())),
    "A03": (
        case(user_scope="7", assessment=judged(a=False)),
        case(user_scope="7", assessment=judged(a=True)),
    ),
    "A04": (
        case(confidentiality="4", assessment=judged(c=False)),
        case(confidentiality="4", assessment=judged(c=True)),
    ),
    "A05": (
        case(assessment=judged(review_due=TODAY - DAY)),
        case(assessment=judged(review_due=TODAY - DAY, open=True)),
    ),
    "A06": (
        case(assessment=judged(), incidents=(GRAVE,)),
        case(assessment=judged(RiskResult.POSSIBLE_HIGH), incidents=(GRAVE,)),
    ),
    "A07": (
        case(usage_type="S2", confidentiality="4", assessment=judged(c=None)),
        case(usage_type="S2", confidentiality="4", assessment=judged(c=True)),
    ),
    "Y01": (
        use(own_confidentiality=("1",), other_confidentiality=("2", "3")),
        use(own_confidentiality=("1",), other_confidentiality=("1", "3")),
    ),
    "Y02": (
        use(own_stages=("verification",), other_stages=("production",)),
        use(own_stages=("verification",), other_stages=()),
    ),
    "Y03": (
        use(vendor="株式会社甲", shared_vendor="株式会社乙"),
        use(vendor="㈱甲", shared_vendor="(株)甲"),
    ),
    "Y04": (
        case(model_usage="商用LLM-B", system=OWN),
        case(model_usage="商用ＬＬＭ－Ａ", system=OWN),
    ),
    "N01": (case(open_notices="NT2025-001"), case(open_notices="")),
}


def asked(*views: Any, rules: tuple[Rule, ...] = RULES) -> set[str]:
    """Return the rules that ask about one of the views."""
    kinds = {CaseFacts: About.CASE, TiedFacts: About.TIED, IncidentFacts: About.INCIDENT, UseFacts: About.SYSTEM}
    return {rule.code for view in views for rule in rules if rule.about is kinds[type(view)] and rule.holds(view, AT)}


def test_every_rule_is_tried() -> None:
    assert len(RULES) == len(BY_CODE) >= 20
    assert list(SEEN) == [rule.code for rule in RULES]


@pytest.mark.parametrize("code", list(SEEN))
def test_a_rule_asks_about_its_facts_and_not_about_others(code: str) -> None:
    hit, near = SEEN[code]
    assert code in asked(hit)
    assert code not in asked(near)


def test_nothing_is_asked_about_what_agrees() -> None:
    plain = case(
        answered=(answer(stage="R", risk_case_count=0, usage_type="G2", confidentiality="1", **STARTED), earlier()),
        system=OWN,
    )
    assert asked(plain, TiedFacts(plain, incident()), incident(), use()) == set()


def test_a_retired_case_is_left_alone() -> None:
    odd = case(
        lifecycle=ENDED, usage_type="S2", user_scope="8", goal_kind="QN", twin="a-2025-0002", confidentiality=None,
        start_on=TODAY + DAY, assessment=judged(a=False, c=False, review_due=BEFORE), incidents=(GRAVE,),
    )  # fmt: skip
    assert asked(odd, TiedFacts(odd, GRAVE)) == set()


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: rule.code)
def test_a_rule_names_the_facts_that_its_question_speaks_of(rule: Rule) -> None:
    named = set(re.findall(r"%\((\w+)\)", rule.asks.template))
    assert named <= set(rule.looks) <= set(FACTS)
    hit, _ = SEEN[rule.code]
    shown = told(rule, hit)
    assert set(shown) == set(rule.looks)
    assert not re.findall(r"%\(", rule.checks.template)


@pytest.mark.parametrize("code", list(SEEN))
def test_the_facts_of_a_question_change_its_fingerprint(code: str) -> None:
    rule, (hit, _) = BY_CODE[code], SEEN[code]
    assert fingerprint(rule, hit) == fingerprint(rule, hit)
    assert len(fingerprint(rule, hit)) == 64


def test_an_explanation_holds_until_the_facts_are_others() -> None:
    rule, first = BY_CODE["C05"], case(usage_type="S2", confidentiality="2")
    assert fingerprint(rule, first) == fingerprint(rule, case(usage_type="S2", confidentiality="2", title="別の題"))
    assert fingerprint(rule, first) != fingerprint(rule, case(usage_type="S2", confidentiality="3"))


def test_a_long_text_is_told_by_its_whole_and_shown_in_part() -> None:
    rule, start = BY_CODE["C08"], "長" * 200
    one, other = (case(goal_kind="QN", goal_text=start + end) for end in "甲乙")
    assert told(rule, one) == told(rule, other)
    assert len(told(rule, one)["goal_text"]) == 101
    assert fingerprint(rule, one) != fingerprint(rule, other)


def test_a_rule_runs_only_when_its_facts_are_loaded() -> None:
    without = {rule.code for rule in runnable(set(Need) - {Need.ASSESSMENTS})}
    assert without == {rule.code for rule in RULES if not rule.code.startswith("A")}
    assert {rule.code for rule in runnable(set(Need))} == set(BY_CODE)
    assert {rule.code for rule in runnable(frozenset())} == {rule.code for rule in RULES if not rule.needs}


@pytest.mark.parametrize(
    ("code", "view", "inside"),
    [
        ("R01", answered(answer(risk_case_count=0), incidents=(incident(),)), False),
        ("R01", answered(answer(risk_case_count=0), incidents=(incident(told=False),)), True),
        ("R01", answered(answer(risk_case_count=0, handed_in=False), incidents=(incident(),)), True),
        ("R10", answered(answer(start_on="2025-10-01", handed_in=False, **STARTED)), True),
        ("I01", tied(grade="L3", told=False), True),
        ("I02", incident(told=False), True),
        ("I02", incident(), False),
        ("A06", case(assessment=judged(), incidents=(incident(grade="L3", told=False),)), True),
        ("C05", case(), False),
    ],
)
def test_what_only_the_ministry_knows_is_asked_of_it_alone(code: str, view: Any, inside: bool) -> None:
    assert BY_CODE[code].inside(view) is inside


def test_no_question_about_a_shared_system_speaks_of_others() -> None:
    for rule in RULES:
        assert not [name for name in rule.looks if name.startswith("other_")], rule.code


def test_the_limits_are_those_of_the_file(tmp_path: Any) -> None:
    assert load_limits(ROOT / "config") == Limits(start_passed=30, suspended=180, unregistered=30)
    for wrong in ("[days]\nsuspended = 1\n", "[days]\nstart_passed = -1\nsuspended = 1\nunregistered = 1\n"):
        (tmp_path / "sentinel.toml").write_text(wrong)
        with pytest.raises(ValueError, match="a number of days"):
            load_limits(tmp_path)
