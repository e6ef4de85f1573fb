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
from register.errors import ImportRejected, Invalid, NotNow, RowProblem, Say, say
from register.formspec.schema import FormSpec
from register.models import Ministry, Round, Submission, SubmissionItem, UseCase
from register.services import case_numbers, case_update, form_versions, lifecycle, ministries
from register.services.round_file import FileItem, number_key, read_items
from register.vocab import AnswerState, Lifecycle, RoundState, Source, SubmissionState

# How many of the cases that a file leaves out are named.
SHOWN = 10


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
    known = ministries.by_name(session)
    items = read_items(data, spec, None if create_ministries else known)
    current = _round(session, facts, spec, by=by)
    result = Result(current, len(items))
    if stored := _stored(session, current):
        _refuse_difference(items, spec, stored, known)
        result.unchanged = True
        return result
    added = ministries.add(session, _unknown(items, known), roster=roster, by=by)
    result.ministries_created = len(added)
    by_ministry: dict[str, list[FileItem]] = {}
    for item in items:
        by_ministry.setdefault(item.ministry_key, []).append(item)
    for key, own in by_ministry.items():
        _submission(session, (known | added)[key], current, own, by=by, tally=result.tally)
    result.submissions = len(by_ministry)
    result.warnings = [*_missing(items, spec), *_told(result.tally), *_gone(session, current, by_ministry, known)]
    return result


def _unknown(items: Sequence[FileItem], known: Mapping[str, Ministry]) -> dict[str, list[str]]:
    """Return the names that no ministry has, each with its case numbers, in the order of the file."""
    names: dict[str, str] = {}
    numbers: dict[str, list[str]] = {}
    for item in items:
        if item.ministry_key not in known:
            name = names.setdefault(item.ministry_key, item.ministry)
            numbers.setdefault(name, []).append(item.case_no)
    return numbers


def _round(session: Session, facts: RoundFacts, spec: FormSpec, *, by: Actor) -> Round:
    version = form_versions.publish(session, spec, by=by)
    named = (Round.fiscal_year == facts.fiscal_year, Round.number == facts.number, Round.rehearsal.is_(False))
    statement = select(Round).where(*named)
    if known := session.scalar(statement):
        _refuse_other_facts(known, facts, spec)
        return known
    if facts.opens_on and facts.due_on and facts.opens_on > facts.due_on:
        raise Invalid({"due_on": say("締切日は受付開始日以降の日付にしてください。")})
    created = Round(
        fiscal_year=facts.fiscal_year,
        number=facts.number,
        as_of=facts.as_of,
        opens_on=facts.opens_on,
        due_on=facts.due_on,
        state=RoundState.FROZEN,
        form_version=version,
    )
    session.add(created)
    audit.record(session, audit.Event.ROUND_CREATED, created, by=by)
    return created


def _refuse_other_facts(round: Round, facts: RoundFacts, spec: FormSpec) -> None:
    """A round that exists keeps its facts; an opening or deadline that is not named is not asked about."""
    named = ((facts.opens_on, round.opens_on), (facts.due_on, round.due_on))
    if (
        round.form_version.version == spec.version
        and round.as_of == facts.as_of
        and all(given is None or given == stored for given, stored in named)
    ):
        return
    days = (round.opens_on, round.due_on)
    raise NotNow(
        say(
            "%(code)sの回は、基準日%(as_of)s、様式%(version)s、受付期間%(days)sで登録されています。指定を確認してください。",
            code=round.code,
            as_of=round.as_of.isoformat(),
            version=round.form_version.version,
            days="～".join(day.isoformat() if day else "－" for day in days),
        )
    )


def _stored(session: Session, round: Round) -> dict[tuple[int, str], Mapping[str, Any]]:
    """Return the answers that the round holds, by ministry and case."""
    statement = select(SubmissionItem.ministry_id, SubmissionItem.case_no, SubmissionItem.answers).where(
        SubmissionItem.round_id == round.id
    )
    return {(row.ministry_id, number_key(row.case_no)): row.answers for row in session.execute(statement)}


def _refuse_difference(
    items: Sequence[FileItem],
    spec: FormSpec,
    stored: Mapping[tuple[int, str], Mapping[str, Any]],
    known: Mapping[str, Ministry],
) -> None:
    """A frozen round is what it is: raise ``ImportRejected`` with every place where the file is another."""
    problems: list[RowProblem] = []
    left = dict(stored)
    for item in items:
        ministry = known.get(item.ministry_key)
        before = left.pop((ministry.id, item.number_key), None) if ministry else None
        if before is None:
            reason = say("この回は確定しています。この案件は確定した内容にありません。")
            problems.append(RowProblem(item.line, "case_no", item.case_no, reason))
            continue
        reason = say("この回は確定しています。確定した回答と違います。")
        problems += [
            RowProblem(item.line, name, str(item.answers.get(name, "")), reason)
            for name in spec.columns
            if item.answers.get(name) != before.get(name)
        ]
    if left:
        numbers = sorted(case_no for _, case_no in left)
        reason = say(
            "この回は確定しています。確定した案件のうち%(count)d件がこのファイルにありません。", count=len(left)
        )
        problems.append(RowProblem(1, "case_no", "、".join(numbers[:SHOWN]), reason))
    if problems:
        raise ImportRejected(problems)


def _submission(
    session: Session,
    ministry: Ministry,
    round: Round,
    items: Sequence[FileItem],
    *,
    by: Actor,
    tally: case_update.Tally,
) -> None:
    """Store one ministry's frozen items and bring its use cases up to them, as one named deed."""
    # The file does not say when the ministry handed it in.
    submission = Submission(round_id=round.id, ministry_id=ministry.id, state=SubmissionState.FROZEN, submitted_at=None)
    cases = _cases(session, ministry)
    case_numbers.reserve(session, ministry, [item.case_no for item in items])
    session.add(submission)
    new = {
        item.number_key: case_update.create(session, ministry, item.case_no, item.answers, round=round, tally=tally)
        for item in items
        if item.number_key not in cases
    }
    session.flush()  # the events and items of new cases need their ids
    for use_case in new.values():
        lifecycle.begin(session, use_case, source=Source.IMPORT, by=by, round=round)
    for item in items:
        if known := cases.get(item.number_key):
            case_update.update(session, known, item.answers, item.states, round=round, by=by, tally=tally)
    cases |= new
    session.add_all(_stored_item(item, submission, cases[item.number_key]) for item in items)
    audit.record(session, audit.Event.SUBMISSION_IMPORTED, submission, by=by, round=round.code, items=len(items))


def _stored_item(item: FileItem, submission: Submission, use_case: UseCase) -> SubmissionItem:
    # The case keeps its number from round to round, also when a file writes it in another width.
    return SubmissionItem(
        round_id=submission.round_id,
        submission_id=submission.id,
        ministry_id=submission.ministry_id,
        use_case_id=use_case.id,
        case_no=use_case.case_no,
        answers=dict(item.answers),
        states=dict(item.states),
    )


def _cases(session: Session, ministry: Ministry) -> dict[str, UseCase]:
    own = session.scalars(select(UseCase).where(UseCase.ministry_id == ministry.id))
    return {number_key(use_case.case_no): use_case for use_case in own}


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
        (
            tally.without_stage,
            say("利用開始済みで導入段階が未回答の案件（新しい案件は検証段階として登録）：%(count)d件 %(cases)s"),
        ),
        (tally.back, say("利用開始前に戻った案件：%(count)d件 %(cases)s")),
        (
            tally.kept_by_hand,
            say("停止中または利用終了の案件が報告されています（状態は変えていません）：%(count)d件 %(cases)s"),
        ),
        (
            tally.kept_newer,
            say("基準日より後に状態が変わっている案件です（状態は変えていません）：%(count)d件 %(cases)s"),
        ),
    )
    return [_listed(sentence, numbers) for numbers, sentence in sentences if numbers]


def _listed(sentence: Say, numbers: Sequence[str]) -> Say:
    return say(sentence.template, count=len(numbers), cases="、".join(numbers))


def _gone(
    session: Session, round: Round, by_ministry: Mapping[str, Sequence[FileItem]], known: Mapping[str, Ministry]
) -> list[Say]:
    """Tell which cases of earlier rounds this one does not name: they are asked about, never retired silently."""
    named = {(known[key].id, item.number_key) for key, items in by_ministry.items() if key in known for item in items}
    statement = (
        select(UseCase.ministry_id, UseCase.case_no)
        .join(Ministry, Ministry.id == UseCase.ministry_id)
        .where(UseCase.as_of < round.as_of, UseCase.lifecycle != Lifecycle.RETIRED)
        .order_by(Ministry.sort_no, Ministry.id, UseCase.case_no)
    )
    gone = [
        row.case_no for row in session.execute(statement) if (row.ministry_id, number_key(row.case_no)) not in named
    ]
    sentence = say("前の回にあり、この回に報告のない案件：%(count)d件 %(cases)s")
    return [_listed(sentence, gone)] if gone else []
