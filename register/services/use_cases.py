"""The deeds on use cases: register, edit, move through the lifecycle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz, states
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import Invalid, Say, say
from register.formspec.schema import FormSpec
from register.formspec.sheets import SheetLibrary
from register.models import AISystem, Ministry, UseCase
from register.queries.reasking import unjudged
from register.services import case_numbers, lifecycle
from register.services.editing import refuse_stale
from register.text import clean, clean_line, search_key
from register.vocab import Lifecycle, Source, Stage

LINES = ("title", "unit", "model_usage")
TEXTS = ("purpose", "goal_text")
CODES = ("usage_type", "user_scope", "confidentiality", "goal_kind", "output_type")
EDITABLE = (*LINES, *TEXTS, *CODES, "planned_stage", "start_on", "ai_system_id")
# What must be known before a use may start (states.facts_for_start).
START_FACTS = ("usage_type", "user_scope", "confidentiality")
LONGEST = {"title": 200, "unit": 200, "model_usage": 1000, "purpose": 4000, "goal_text": 4000}
LONGEST_REASON = 4000


def create(session: Session, *, form: FormSpec, values: Mapping[str, Any], by: Actor) -> UseCase:
    """Register a planned use case of the actor's ministry under a new number; raise ``Invalid`` on bad values."""
    ministry = session.get_one(Ministry, by.ministry_id)
    cleaned = _checked(session, form, values, by)
    now, today = session.info["clock"].now(), session.info["clock"].today()
    use_case = UseCase(
        ministry_id=ministry.id,
        case_no=case_numbers.next_number(session, ministry, fiscal_year(today)),
        created_at=now,
        updated_at=now,
        lifecycle=Lifecycle.PLANNED,
        lifecycle_since=today,
        **cleaned,
    )
    _fold(use_case)
    session.add(use_case)
    session.flush()  # the first lifecycle event needs the row's id
    lifecycle.begin(session, use_case, source=Source.WEB, by=by)
    audit.record(session, audit.Event.USE_CASE_CREATED, use_case, by=by)
    return use_case


def edit(
    session: Session, use_case: UseCase, *, form: FormSpec, values: Mapping[str, Any], version: int, by: Actor
) -> UseCase:
    """Change what is known of a use case; raise ``Stale`` when it was saved since ``version`` was read."""
    refuse_stale(use_case, version, EDITABLE)
    checked = _checked(session, form, values, by, tied=use_case.ai_system_id)
    if changed := {name: value for name, value in checked.items() if getattr(use_case, name) != value}:
        for name, value in changed.items():
            setattr(use_case, name, value)
        _fold(use_case)
        use_case.updated_at = session.info["clock"].now()
        audit.record(session, audit.Event.USE_CASE_EDITED, use_case, by=by)
    return use_case


def move(
    session: Session,
    use_case: UseCase,
    *,
    form: FormSpec,
    to: Lifecycle,
    on: dt.date,
    reason: str,
    version: int,
    by: Actor,
    sheets: SheetLibrary | None = None,
) -> UseCase:
    """Take a use case to another state of its life; raise ``NotNow`` or ``Invalid`` when the table says no.

    ``sheets`` says whether a start wants a high-risk judgment first; without it none is asked for.
    """
    refuse_stale(use_case, version, EDITABLE)
    transition = states.lifecycle_move(use_case.lifecycle, to)
    if to is Lifecycle.RETIRED:
        authz.require(by, authz.Permission.USE_CASE_RETIRE, use_case)
    reason = clean(reason)
    problems: dict[str, Say] = {}
    if transition.reason and not reason:
        problems["reason"] = say("理由を入力してください。")
    blocked = sheets is not None and sheets.start == "block" and unjudged(session, use_case, sheets, on)
    today, blank = session.info["clock"].today(), unanswered(use_case, form)
    facts = states.MoveFacts(on, today, use_case.lifecycle_since, blank, blocked)
    if refusals := states.refusals(transition, facts):
        problems["on"] = refusals[0]
    if problems:
        raise Invalid(problems)
    lifecycle.enter(session, use_case, to, on=on, source=Source.WEB, reason=reason, by=by)
    audit.record(session, audit.Event.USE_CASE_MOVED, use_case, by=by, reason=reason)
    return use_case


def unanswered(use_case: UseCase, form: FormSpec) -> tuple[str, ...]:
    """Return the labels of what must be known before a use may start and is not."""
    return tuple(form.field(name).label("ja") for name in START_FACTS if getattr(use_case, name) is None)


def _checked(
    session: Session, form: FormSpec, values: Mapping[str, Any], by: Actor, tied: int | None = None
) -> dict[str, Any]:
    cleaned: dict[str, Any] = {name: clean_line(values.get(name) or "") for name in LINES}
    cleaned |= {name: clean(values.get(name) or "") for name in TEXTS}
    cleaned |= {name: values.get(name) or None for name in CODES}
    stage = values.get("planned_stage")
    cleaned |= {"planned_stage": Stage(stage) if stage else None, "start_on": values.get("start_on")}
    cleaned["ai_system_id"] = values.get("ai_system_id")
    problems: dict[str, Say] = {}
    if not cleaned["title"]:
        problems["title"] = say("案件名を入力してください。")
    for name, longest in LONGEST.items():
        if len(cleaned[name]) > longest:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=longest)
    for name in CODES:
        if cleaned[name] is not None and cleaned[name] not in form.field(name).codes:
            problems[name] = say("選択肢の中から選んでください。")
    system_id = cleaned["ai_system_id"]
    # A tie that was made while the system was shared may stay.
    if system_id not in (None, tied) and not _may_use(session, system_id, by):
        problems["ai_system_id"] = say("選択肢の中から選んでください。")
    if problems:
        raise Invalid(problems)
    return cleaned


def _may_use(session: Session, system_id: int, by: Actor) -> bool:
    statement = authz.visible(select(AISystem.id).where(AISystem.id == system_id), AISystem, by)
    return session.scalar(statement) is not None


def _fold(use_case: UseCase) -> None:
    """Renew the text that the list searches."""
    use_case.search_key = search_key(" ".join((use_case.case_no, use_case.title, use_case.unit, use_case.purpose)))
