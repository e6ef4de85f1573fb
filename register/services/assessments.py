"""The deeds on high-risk judgments (高リスク判定): fill in the sheet, ask for a decision, decide, supersede."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.errors import Forbidden, Invalid, NotNow, Say, Stale, say
from register.formspec.sheets import Sheet, SheetLibrary, sheet_of
from register.models import Assessment, AssessmentEvent, HighRiskFlag, UseCase
from register.queries.assessments import held_by
from register.queries.reasking import causes_of, facts_of
from register.services import form_versions
from register.services.editing import refuse_stale
from register.states import ASSESSMENT_OPEN, FILLED_IN, assessment_step
from register.text import clean, clean_line
from register.vocab import AssessmentDeed, AssessmentState, Lifecycle, RiskResult

LONGEST = 4000
LONGEST_NUMBER = 200
DECISIONS = (RiskResult.NOT_HIGH, RiskResult.POSSIBLE_HIGH)


@dataclass(frozen=True)
class Filled:
    """What a person filled in, by viewpoint: the option's code, the reason for it, what it rests on."""

    answers: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What the CAIO's side decided: on which day, under which document, and why where the sheet suggests otherwise."""

    result: RiskResult | None
    on: dt.date | None
    reason: str = ""
    document_no: str = ""


def start(
    session: Session, use_case: UseCase, filled: Filled, *, library: SheetLibrary, propose: bool = False, by: Actor
) -> Assessment:
    """Begin a judgment of ``use_case`` under the sheet in force; raise ``NotNow`` while another is under way."""
    today, now = session.info["clock"].today(), session.info["clock"].now()
    _may_begin(session, use_case)
    sheet = library.on(today)
    values = _checked(sheet, filled, whole=propose)
    last = session.scalar(select(func.max(Assessment.number)).where(Assessment.use_case_id == use_case.id)) or 0
    assessment = Assessment(
        ministry_id=use_case.ministry_id,
        use_case=use_case,
        number=last + 1,
        form_version=form_versions.publish(session, sheet, by=by),
        state=AssessmentState.DRAFT,
        causes=[cause.value for cause in causes_of(session, use_case, library, today)],
        created_at=now,
        updated_at=now,
        **values,
        **facts_of(session, use_case, library),
    )
    session.add(assessment)
    session.flush()  # its record needs the id
    _note(session, assessment, AssessmentDeed.EDIT, "", by)
    audit.record(session, audit.Event.ASSESSMENT_DRAFTED, assessment, by=by)
    if propose:
        _propose(session, assessment, library, by)
    return assessment


def edit(
    session: Session,
    assessment: Assessment,
    filled: Filled,
    *,
    library: SheetLibrary,
    version: int,
    propose: bool = False,
    by: Actor,
) -> Assessment:
    """Change what is filled in; raise ``Stale`` when it was saved since ``version`` was read."""
    assessment_step(AssessmentDeed.EDIT, assessment.state)
    _refuse_stale(assessment, version)
    values = _checked(sheet_of(assessment.form_version.canonical), filled, whole=propose)
    if changed := {name: value for name, value in values.items() if getattr(assessment, name) != value}:
        for name, value in changed.items():
            setattr(assessment, name, value)
        _note(session, assessment, AssessmentDeed.EDIT, "", by)
        audit.record(session, audit.Event.ASSESSMENT_DRAFTED, assessment, by=by)
    if propose:
        _propose(session, assessment, library, by)
    return assessment


def move(
    session: Session,
    assessment: Assessment,
    deed: AssessmentDeed,
    *,
    word: str,
    library: SheetLibrary,
    version: int,
    by: Actor,
) -> Assessment:
    """Take a step that needs words at most: ask for a decision, send back, withdraw."""
    authz.require(by, authz.ASSESSMENT_DEEDS[deed], assessment)
    step = assessment_step(deed, assessment.state)
    refuse_stale(assessment, version, ())
    word = clean(word)
    if step.reason and not word:
        raise Invalid({"word": say("理由を入力してください。")})
    if len(word) > LONGEST:
        raise Invalid({"word": say("%(longest)d文字以内で入力してください。", longest=LONGEST)})
    if deed is AssessmentDeed.PROPOSE:
        filled = Filled(assessment.answers, assessment.reasons, assessment.evidence)
        _checked(sheet_of(assessment.form_version.canonical), filled, whole=True)
        _propose(session, assessment, library, by)
        return assessment
    assessment.state = step.target or assessment.state
    _note(session, assessment, deed, word, by)
    audit.record(session, audit.Event.ASSESSMENT_MOVED, assessment, by=by, reason=word, deed=deed.value)
    return assessment


def decide(
    session: Session, assessment: Assessment, decision: Decision, *, library: SheetLibrary, version: int, by: Actor
) -> Assessment:
    """Decide a judgment, in place of the one that held until now, and raise or lower the case's flag.

    Raise ``Forbidden`` for whoever filled the sheet in, ``Stale`` when it was saved since ``version`` was read.
    """
    authz.require(by, authz.ASSESSMENT_DEEDS[AssessmentDeed.DECIDE], assessment)
    assessment_step(AssessmentDeed.DECIDE, assessment.state)
    _refuse_stale(assessment, version)
    if filled_in(session, assessment, by):
        raise Forbidden(say("シートに入力した人は、その判定を決められません。ほかの取りまとめ担当者に頼んでください。"))
    reason, document_no = clean(decision.reason), clean_line(decision.document_no)
    on, result = _sound(session, assessment, decision, reason, document_no)
    _supersede(session, assessment, by)
    now = session.info["clock"].now()
    assessment.state = AssessmentState.DECIDED
    assessment.decision, assessment.decision_reason, assessment.document_no = result, reason, document_no
    assessment.decided_on, assessment.decided_at, assessment.decided_by = on, now, by.name
    assessment.review_due = months_after(on, library.review_months)
    _note(session, assessment, AssessmentDeed.DECIDE, reason, by)
    _flag(session, assessment, on)
    audit.record(session, audit.Event.ASSESSMENT_DECIDED, assessment, by=by, reason=reason)
    return assessment


def filled_in(session: Session, assessment: Assessment, by: Actor) -> bool:
    """Tell whether ``by`` wrote anything into the sheet, in whatever role that was."""
    wrote = select(AssessmentEvent.id).where(
        AssessmentEvent.assessment_id == assessment.id,
        AssessmentEvent.deed.in_(FILLED_IN),
        AssessmentEvent.actor_id == by.user_id,
    )
    return session.scalar(wrote.limit(1)) is not None


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day ``months`` later, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _may_begin(session: Session, use_case: UseCase) -> None:
    if use_case.lifecycle is Lifecycle.RETIRED:
        raise NotNow(say("利用を終えた案件は、判定できません。"))
    own = select(Assessment.id).where(Assessment.use_case_id == use_case.id, Assessment.state.in_(ASSESSMENT_OPEN))
    if session.scalar(own) is not None:
        raise NotNow(say("この案件の判定は、すでに始まっています。案件のページから開いてください。"))


def _refuse_stale(assessment: Assessment, version: int) -> None:
    """Refuse with what is stored, by the names that the form gives to the parts of a sheet."""
    if assessment.version == version:
        return
    parts = {"answer": assessment.answers, "reason": assessment.reasons, "evidence": assessment.evidence}
    ids = sheet_of(assessment.form_version.canonical).ids
    theirs = {f"{part}_{one}": told.get(one, "") for one in ids for part, told in parts.items()}
    sentence = say("ほかの人が先に保存しました。両方の内容を確認してください。")
    raise Stale(sentence, theirs, assessment.version)


def _checked(sheet: Sheet, filled: Filled, *, whole: bool) -> dict[str, object]:
    """Return what was filled in and what it suggests; ``whole`` asks for every answer and its reason."""
    told: dict[str, dict[str, str]] = {"answers": {}, "reasons": {}, "evidence": {}}
    problems: dict[str, Say] = {}
    for viewpoint in sheet.viewpoints:
        answer = filled.answers.get(viewpoint.id) or ""
        texts = {"reasons": filled.reasons.get(viewpoint.id), "evidence": filled.evidence.get(viewpoint.id)}
        cleaned = {"answers": answer} | {part: clean(text or "") for part, text in texts.items()}
        if answer and viewpoint.option(answer) is None:
            problems[f"answer_{viewpoint.id}"] = say("選択肢の中から選んでください。")
        elif whole and not answer:
            problems[f"answer_{viewpoint.id}"] = say("どれか一つを選んでください。")
        if whole and not cleaned["reasons"]:
            problems[f"reason_{viewpoint.id}"] = say("選んだ理由を入力してください。")
        for part, name in (("reasons", "reason"), ("evidence", "evidence")):
            if len(cleaned[part]) > LONGEST:
                problems[f"{name}_{viewpoint.id}"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST)
        for part, text in cleaned.items():
            if text:
                told[part][viewpoint.id] = text
    if problems:
        raise Invalid(problems)
    return {**told, "suggested": sheet.suggest(told["answers"]).result}


def _propose(session: Session, assessment: Assessment, library: SheetLibrary, by: Actor) -> None:
    """Ask for the decision, and keep the case as it stands now: that is what is decided on."""
    for name, value in facts_of(session, assessment.use_case, library).items():
        setattr(assessment, name, value)
    assessment.state = AssessmentState.PROPOSED
    assessment.proposed_at, assessment.proposed_by = session.info["clock"].now(), by.name
    _note(session, assessment, AssessmentDeed.PROPOSE, "", by)
    deed = AssessmentDeed.PROPOSE.value
    audit.record(session, audit.Event.ASSESSMENT_MOVED, assessment, by=by, deed=deed)


def _sound(
    session: Session, assessment: Assessment, decision: Decision, reason: str, document_no: str
) -> tuple[dt.date, RiskResult]:
    """Return the day and the result of a decision that can stand; raise ``Invalid`` otherwise."""
    problems: dict[str, Say] = {}
    if decision.result not in DECISIONS:
        problems["result"] = say("判定の結果を選んでください。")
    elif decision.result is not assessment.suggested and not reason:
        problems["reason"] = say("シートの示す結果と違う判定には、理由を入力してください。")
    if len(reason) > LONGEST:
        problems["reason"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST)
    if len(document_no) > LONGEST_NUMBER:
        problems["document_no"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST_NUMBER)
    held = held_by(session, assessment.use_case)
    if decision.on is None or decision.on > session.info["clock"].today():
        problems["on"] = say("判定した日を、今日以前の日付で入力してください。")
    elif held is not None and held.decided_on is not None and decision.on < held.decided_on:
        problems["on"] = say("前の判定の日（%(day)s）以降の日付にしてください。", day=held.decided_on)
    if problems or decision.on is None or decision.result is None:
        raise Invalid(problems)
    return decision.on, decision.result


def _supersede(session: Session, assessment: Assessment, by: Actor) -> None:
    if held := held_by(session, assessment.use_case):
        held.state = AssessmentState.SUPERSEDED
        _note(session, held, AssessmentDeed.SUPERSEDE, assessment.assessment_no, by)
        audit.record(session, audit.Event.ASSESSMENT_MOVED, held, by=by, deed=AssessmentDeed.SUPERSEDE.value)
        session.flush()  # before the next takes its place: only one may hold


def _flag(session: Session, assessment: Assessment, on: dt.date) -> None:
    """Raise the flag of the case, or lower it; a decision that changes nothing leaves it as it is."""
    own = select(HighRiskFlag).where(HighRiskFlag.use_case_id == assessment.use_case_id, HighRiskFlag.until.is_(None))
    flag, high = session.scalar(own), assessment.decision is RiskResult.POSSIBLE_HIGH
    if high and flag is None:
        ids = {"ministry_id": assessment.ministry_id, "use_case_id": assessment.use_case_id}
        session.add(HighRiskFlag(since=on, raised_by_id=assessment.id, **ids))
    elif flag is not None and not high:
        flag.until, flag.lowered_by_id = on, assessment.id


def _note(session: Session, assessment: Assessment, deed: AssessmentDeed, word: str, by: Actor) -> None:
    """Write a line of the record."""
    now = session.info["clock"].now()
    assessment.updated_at = now
    session.add(
        AssessmentEvent(
            assessment_id=assessment.id,
            ministry_id=assessment.ministry_id,
            deed=deed,
            to_state=assessment.state,
            at=now,
            actor_id=by.user_id,
            actor_name=by.name,
            body=word,
        )
    )
