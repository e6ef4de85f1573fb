"""Importing a round from a file: the whole file or nothing, and the register's cases brought up to it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import ImportRejected, NotNow, RowProblem, Say, say
from register.formspec.schema import FormSpec
from register.models import Ministry, Round, Submission, SubmissionItem, UseCase
from register.services import case_update, form_versions, lifecycle, ministries
from register.services.round_file import FileItem, read_items
from register.text import code_key
from register.vocab import AnswerState, Lifecycle, RoundState, Source, SubmissionState


@dataclass(frozen=True)
class RoundFacts:
    """What the secretariat says of the round that a file belongs to."""

    fiscal_year: int
    number: int
    as_of: dt.date
    opens_on: dt.date | None = None
    due_on: dt.date | None = None


@dataclass
class Result:
    """What the import did; ``unchanged`` when the round already holds exactly this file."""

    round: Round
    items: int
    submissions: int = 0
    ministries_created: int = 0
    unchanged: bool = False
    tally: case_update.Tally = field(default_factory=case_update.Tally)
    warnings: list[Say] = field(default_factory=list)


def import_round(
    session: Session,
    facts: RoundFacts,
    data: bytes,
    *,
    spec: FormSpec,
    create_ministries: bool,
    roster: Mapping[str, Mapping[str, Any]],
    by: Actor,
) -> Result:
    """Take the whole file into its round, or raise ``ImportRejected`` or ``NotNow`` and store nothing."""
    items = read_items(data, spec)
    known = ministries.by_name(session)
    unknown = _unknown(items, known)
    if unknown and not create_ministries:
        raise ImportRejected(_unknown_problems(items, unknown))
    round = _round(session, facts, spec, by=by)
    result = Result(round, len(items))
    if stored := _stored(session, round):
        _refuse_difference(items, stored, known)
        result.unchanged = True
        return result
    added = ministries.add(session, unknown, roster=roster, by=by)
    result.ministries_created = len(added)
    by_ministry: dict[str, list[FileItem]] = {}
    for item in items:
        by_ministry.setdefault(code_key(item.ministry), []).append(item)
    for key, own in by_ministry.items():
        _submission(session, (known | added)[key], round, own, by=by, tally=result.tally)
    result.submissions = len(by_ministry)
    result.warnings = [*_missing(items, spec), *_told(result.tally), *_gone(session, round, by_ministry, known)]
    return result


def _unknown(items: Sequence[FileItem], known: Mapping[str, Ministry]) -> dict[str, list[str]]:
    """Return the names that no ministry has, each with its case numbers, in the order of the file."""
    names: dict[str, str] = {}
    numbers: dict[str, list[str]] = {}
    for item in items:
        key = code_key(item.ministry)
        if key not in known:
            numbers.setdefault(names.setdefault(key, item.ministry), []).append(item.case_no)
    return numbers


def _unknown_problems(items: Sequence[FileItem], unknown: Mapping[str, Any]) -> list[RowProblem]:
    keys = {code_key(name) for name in unknown}
    reason = say("登録されていない府省庁です。名称を確認するか、--create-ministries を付けてください。")
    return [
        RowProblem(item.line, "ministry", item.ministry, reason) for item in items if code_key(item.ministry) in keys
    ]


def _round(session: Session, facts: RoundFacts, spec: FormSpec, *, by: Actor) -> Round:
    version = form_versions.publish(session, spec, by=by)
    statement = select(Round).where(Round.fiscal_year == facts.fiscal_year, Round.number == facts.number)
    round = session.scalar(statement)
    if round is None:
        round = Round(
            fiscal_year=facts.fiscal_year,
            number=facts.number,
            as_of=facts.as_of,
            opens_on=facts.opens_on,
            due_on=facts.due_on,
            state=RoundState.FROZEN,
            form_version=version,
        )
        session.add(round)
        audit.record(session, audit.Event.ROUND_CREATED, round, by=by)
    elif round.form_version_id != version.id or round.as_of != facts.as_of:
        raise NotNow(
            say(
                "%(code)sの回は、基準日%(as_of)s、様式%(version)sで登録されています。指定を確認してください。",
                code=round.code,
                as_of=round.as_of.isoformat(),
                version=round.form_version.version,
            )
        )
    return round


def _stored(session: Session, round: Round) -> dict[tuple[int, str], tuple[Any, Any]]:
    statement = select(
        SubmissionItem.ministry_id, SubmissionItem.case_no, SubmissionItem.answers, SubmissionItem.states
    ).where(SubmissionItem.round_id == round.id)
    return {(row.ministry_id, row.case_no): (row.answers, row.states) for row in session.execute(statement)}


def _refuse_difference(
    items: Sequence[FileItem], stored: Mapping[tuple[int, str], Any], known: Mapping[str, Ministry]
) -> None:
    problems = []
    for item in items:
        ministry = known.get(code_key(item.ministry))
        before = stored.get((ministry.id if ministry else 0, item.case_no))
        if before is None:
            reason = say("この回は確定しています。この案件は確定した内容にありません。")
            problems.append(RowProblem(item.line, "case_no", item.case_no, reason))
        elif before != (dict(item.answers), dict(item.states)):
            reason = say("この回は確定しています。この案件は確定した内容と違います。")
            problems.append(RowProblem(item.line, "case_no", item.case_no, reason))
    if not problems and len(items) != len(stored):
        reason = say("この回は確定しています。確定した%(count)d件のうち一部がこのファイルにありません。", count=len(stored))
        problems.append(RowProblem(1, "", "", reason))
    if problems:
        raise ImportRejected(problems)


def _submission(
    session: Session, ministry: Ministry, round: Round, items: Sequence[FileItem], *, by: Actor, tally: case_update.Tally
) -> None:
    """Store one ministry's frozen items and bring its use cases up to them, as one named deed."""
    submission = Submission(
        round_id=round.id,
        ministry_id=ministry.id,
        state=SubmissionState.FROZEN,
        submitted_at=session.info["clock"].now(),
    )
    session.add(submission)
    cases = _cases(session, ministry, [item.case_no for item in items])
    new = [
        case_update.create(session, ministry, item.case_no, item.answers, round=round, tally=tally)
        for item in items
        if item.case_no not in cases
    ]
    session.flush()  # the events and items of new cases need their ids
    for use_case in new:
        lifecycle.begin(session, use_case, source=Source.IMPORT, by=by, round=round)
    for item in items:
        if item.case_no in cases:
            case_update.update(
                session, cases[item.case_no], item.answers, item.states, round=round, by=by, tally=tally
            )
    cases |= {use_case.case_no: use_case for use_case in new}
    session.add_all(
        SubmissionItem(
            round_id=round.id,
            submission_id=submission.id,
            ministry_id=ministry.id,
            use_case_id=cases[item.case_no].id,
            case_no=item.case_no,
            answers=dict(item.answers),
            states=dict(item.states),
        )
        for item in items
    )
    audit.record(session, audit.Event.SUBMISSION_IMPORTED, submission, by=by, round=round.code, items=len(items))


def _cases(session: Session, ministry: Ministry, numbers: Sequence[str]) -> dict[str, UseCase]:
    wanted = set(numbers)
    own = session.scalars(select(UseCase).where(UseCase.ministry_id == ministry.id))
    return {use_case.case_no: use_case for use_case in own if use_case.case_no in wanted}


def _missing(items: Sequence[FileItem], spec: FormSpec) -> list[Say]:
    counts = Counter(
        field_id for item in items for field_id, state in item.states.items() if state == AnswerState.MISSING
    )
    return [
        say("「%(field)s」が未回答の案件：%(count)d件", field=spec.field(field_id).label("ja"), count=count)
        for field_id, count in counts.items()
    ]


def _told(tally: case_update.Tally) -> list[Say]:
    sentences = (
        (tally.without_stage, "利用開始済みで導入段階が未回答の案件（新しい案件は検証段階として登録）：%(cases)s"),
        (tally.kept_by_hand, "停止中または利用終了の案件が報告されています（状態は変えていません）：%(cases)s"),
        (tally.kept_newer, "基準日より後に状態が変わっている案件です（状態は変えていません）：%(cases)s"),
    )
    return [say(template, cases="、".join(numbers)) for numbers, template in sentences if numbers]


def _gone(
    session: Session, round: Round, by_ministry: Mapping[str, Sequence[FileItem]], known: Mapping[str, Ministry]
) -> list[Say]:
    """Tell which cases of earlier rounds this one does not name: they are asked about, never retired silently."""
    named = {(known[key].id, item.case_no) for key, items in by_ministry.items() if key in known for item in items}
    statement = select(UseCase.ministry_id, UseCase.case_no).where(
        UseCase.as_of < round.as_of, UseCase.lifecycle != Lifecycle.RETIRED
    )
    gone = sorted(row.case_no for row in session.execute(statement) if (row.ministry_id, row.case_no) not in named)
    return [say("前の回にあり、この回に報告のない案件：%(cases)s", cases="、".join(gone))] if gone else []
