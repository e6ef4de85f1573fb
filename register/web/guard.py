"""The fixed order of every request: load the object (404), ask who (403), run the view, commit once.

The application does not start with an endpoint that declares neither a permission nor that it is public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from hashlib import sha256
from itertools import chain
from typing import Any, TypeVar

from flask import Flask, abort, before_render_template, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import get_translations
from flask_security import current_user
from sqlalchemy import Integer, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session

from register.authz import SIGHT, Actor, AnySelect, Permission, can, require, visible
from register.db import table_of
from register.errors import NotFound, RegisterError, say
from register.models import (
    AISystem,
    Assessment,
    AuditEntry,
    BuiltTable,
    CalendarFeed,
    DeadAddress,
    Disclosure,
    Edition,
    Incident,
    IncidentFile,
    Job,
    JobRun,
    Measure,
    Message,
    Notice,
    NoticeRecipient,
    Question,
    Referral,
    Remark,
    Reminder,
    RequestToken,
    Round,
    Snapshot,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    Webhook,
)
from register.vocab import Role
from register.web.session import SAFE_METHODS, current_actor, db_session, reading_session, runtime

View = Callable[..., ResponseReturnValue]
Row = TypeVar("Row", bound=DeclarativeBase)


@dataclass(frozen=True)
class Access:
    """What an endpoint declares: the permission it asks (None: it is public), and the rows that its URL names."""

    permission: Permission | None
    loads: Mapping[str, type[DeclarativeBase]] = field(default_factory=dict)


PUBLIC: tuple[type[DeclarativeBase], ...] = (
    UseCase,
    AISystem,
    Submission,
    SubmissionItem,
    Remark,
    Upload,
    BuiltTable,
    Snapshot,
    Job,
    JobRun,
    Incident,
    Measure,
    IncidentFile,
    Assessment,
    Referral,
    Notice,
    NoticeRecipient,
    Question,
    Disclosure,
    Edition,
    Message,
    DeadAddress,
    Reminder,
    CalendarFeed,
    Webhook,
)
# The columns by which the value in a URL names a row of each kind.
KEYS: Mapping[type[DeclarativeBase], tuple[str, ...]] = {
    **dict.fromkeys(PUBLIC, ("public_id",)),
    Round: ("fiscal_year", "number", "rehearsal"),
    # An entry's number would tell a ministry how much the others do; its hash tells nothing.
    AuditEntry: ("hash",),
}

# Endpoints of extensions that cannot carry our declaration; each is public by its nature.
PUBLIC_ENDPOINTS = frozenset({"static", "security.static", "security.login", "security.logout"})


def public(view: View) -> View:
    """Declare that anybody may call ``view``, signed in or not."""
    view.access = Access(None)  # type: ignore[attr-defined]
    return view


def guarded(permission: Permission, *, changes: bool = True, **loads: type[DeclarativeBase]) -> Callable[[View], View]:
    """Declare the permission of a view and the rows it wants: ``use_case=UseCase`` loads the URL's ``use_case``.

    The permission is asked of the last row named. A row that the actor may not see is answered like a missing one.
    A view that ``changes`` nothing may draw its answer to a POST: one that takes a file only to look at it.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def run(**values: Any) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
            actor, row = current_actor(), None
            for name, model in loads.items():
                row = values[name] = _load(model, values[name], actor)
            require(actor, permission, row)
            if request.method in SAFE_METHODS or not changes:
                return view(**values)
            g.permission = permission
            return _commit_once(db_session(), actor, lambda: view(**values))

        run.access = Access(permission, loads)  # type: ignore[attr-defined]
        return run

    return declare


def refuse_unreadable() -> None:
    """Refuse what no page of ours sends, before anything reads it: JSON, and a NUL, which PostgreSQL does not take."""
    if request.is_json:
        abort(415)
    sent = (request.path, *chain(*request.args.listvalues(), *request.form.listvalues()))
    if "\0" in "".join(sent):
        abort(400)


def _load(model: type[DeclarativeBase], value: Any, actor: Actor) -> Any:
    key = dict(zip(KEYS[model], value if isinstance(value, tuple) else (value,), strict=True))
    asks = {"ministry_id": actor.ministry_id, "user_id": actor.user_id}
    row = reading_session().scalar(_visible_row(model, actor.role), asks | key)
    if row is None:
        raise NotFound(say("お探しのページはありません。"))
    return row


@cache
def _visible_row(model: type[DeclarativeBase], role: Role | None) -> AnySelect:
    """Return the statement that finds a row, if people of ``role`` may see it; built once, for every request asks it.

    What differs between two people of a role is bound when it is asked.
    """
    ministry, person = bindparam("ministry_id", type_=Integer), bindparam("user_id", type_=Integer)
    anybody = Actor("", role=role, ministry_id=ministry, user_id=person)  # type: ignore[arg-type]
    named = (getattr(model, name) == bindparam(name) for name in KEYS[model])
    return visible(select(model).where(*named), model, anybody)


@cache
def _locked_row(model: type[DeclarativeBase]) -> AnySelect:
    named = model.id == bindparam("id")  # type: ignore[attr-defined]
    locked = select(model).where(named).with_for_update(of=model, key_share=True)
    return locked.execution_options(populate_existing=True)


def writable(row: Row) -> Row:
    """Return ``row``, which the guard loaded to be read, as the writing session has it; call it last before the deed.

    Until then nothing is locked, however long the form takes. Two who save the same row at once come one after the
    other: the second reads what the first has saved. What was seen a moment ago is asked again: the row (404), the
    permission (403).
    """
    actor, model = current_actor(), type(row)
    # What the deed will be told in is looked up now, while nobody waits.
    get_translations()
    found: Row | None = db_session().scalar(_locked_row(model), {"id": row.id})  # type: ignore[attr-defined]
    if found is None or not can(actor, SIGHT[model], found):
        raise NotFound(say("お探しのページはありません。"))
    require(actor, g.permission, found)
    return found


def _commit_once(session: Session, actor: Actor, view: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Run a changing view and commit its work once; a form sent twice is carried out once.

    The second sending is noticed where the first shows: the view refuses, for the row has moved on, or the token is
    there already. Either way the answer is the first one's.
    """
    token = _own(actor)
    try:
        response = current_app.make_response(view())
        if response.status_code < 400:
            if "drawn" in g:
                raise RuntimeError("a view gave up its deed when it drew a page, and then said that it was done")
            _keep(session, token, actor, response.location)
            session.commit()
            return response
        session.rollback()
    except Exception as error:
        session.rollback()
        if isinstance(error, RegisterError | IntegrityError) and (done := _location(token)):
            return redirect(done, 303)
        raise
    done = _location(token)
    return redirect(done, 303) if done else response


@before_render_template.connect
def _let_go(_app: Flask, **_: Any) -> None:
    """Give up the deed of a view that draws a page: it was refused, and nobody shall wait while that is drawn."""
    session: Session | None = g.get("writing")
    if session is not None and session.in_transaction():
        session.rollback()
        g.drawn = True


_ADD_TOKEN = insert(table_of(RequestToken))


def _keep(session: Session, token: str, actor: Actor, location: str | None) -> None:
    if token and location:
        used = {"token": token, "user_id": actor.user_id, "location": location, "used_at": runtime().clock.now()}
        session.connection().execute(_ADD_TOKEN, used)


def _own(actor: Actor) -> str:
    """Return what the form's token is stored as: the same for nobody else, and not for the form filled otherwise."""
    if not request.form.get("request_token"):
        return ""
    sent = sorted((name, text) for name, text in request.form.items(multi=True) if name != "csrf_token")
    return sha256(f"{actor.user_id} {request.path} {sent}".encode(errors="surrogatepass")).hexdigest()


def _location(token: str) -> str | None:
    if not token:
        return None
    # Seen from now, not from when the request began: the other sending may have ended in between.
    with runtime().database.reading() as now:
        return now.scalar(select(RequestToken.location).where(RequestToken.token == token))


def access_of(app: Flask, endpoint: str) -> Access | None:
    """Return what ``endpoint`` declares; None when it declares nothing."""
    if endpoint in PUBLIC_ENDPOINTS:
        return Access(None)
    access: Access | None = getattr(app.view_functions[endpoint], "access", None)
    return access


def refuse_undeclared(app: Flask) -> None:
    """Raise when an endpoint declares no access: a forgotten guard must stop the start, not wait for a visitor."""
    silent = sorted(rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None)
    if silent:
        raise RuntimeError(f"endpoints without a declared permission: {', '.join(silent)}")
