"""Sign-in through flask-security, set up once; what it does is named in the audit chain.

Identity reads on the request's reading session. Its deeds (sign-in, a stronger hash of a password) are written in
short transactions of their own, so that no password is ever hashed while the write lock is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask import Flask, g, session
from flask_login import user_logged_out
from flask_security import (
    FSQLALiteUserDatastore,
    LoginForm,
    RoleMixin,
    Security,
    UserMixin,
    user_authenticated,
    user_failed_authn,
)
from flask_security.utils import get_message
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.db import table_of
from register.models import Ministry, User
from register.models.user import RoleRecord
from register.runtime import Runtime
from register.vocab import Role
from register.web.session import reading_session, runtime

# How the log names who signs in with an address that no account has; what was typed may be a password, and is not kept.
NOBODY = Actor.system("登録のない利用者")
# Normalized, a character may become eighteen; passlib raises beyond 4096.
LONGEST_PASSWORD = 200


class _ReadingDatabase:
    """What flask-security knows as its database: the reading session of the request."""

    @property
    def session(self) -> Session:
        return reading_session()


class SignInForm(LoginForm):
    """The form of flask-security without "remember me", which would outlive every session.

    A password longer than its library hashes is answered like a wrong one. An address that nobody has is recorded like
    a wrong password, though not which: the time that an answer takes must not tell which addresses have an account.
    """

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        if len(self.password.data or "") > LONGEST_PASSWORD:
            self.password.errors = [get_message("INVALID_PASSWORD")[0]]
            return False
        right: bool = super().validate(**kwargs)
        if self.ifield and self.user is None:
            _record(audit.Event.SIGN_IN_FAILED, None)
        return right


@dataclass(frozen=True, eq=False)
class SignedIn(UserMixin):
    """Who asks, as each request reads it: what the rules and the head of a page tell; never changed, never stored."""

    id: int
    name: str
    role: Role
    ministry_id: int | None
    active: bool
    fs_uniquifier: str
    ministry_name: str | None
    ministry_name_en: str | None

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]
        """The person's one role, as flask-security asks for it."""
        return [RoleRecord(self.role)]

    @property
    def ministry(self) -> Ministry | None:
        """The ministry as the head of a page names it."""
        return Ministry(name=self.ministry_name, name_en=self.ministry_name_en) if self.ministry_id else None


# Columns, not the entity: what every request asks costs a third so.
_PERSON, _MINISTRY = table_of(User), table_of(Ministry)
_SIGNED_IN = (
    select(
        *(_PERSON.c[name] for name in ("id", "name", "role", "ministry_id", "active", "fs_uniquifier")),
        _MINISTRY.c.name.label("ministry_name"),
        _MINISTRY.c.name_en.label("ministry_name_en"),
    )
    .select_from(_PERSON)
    .outerjoin(_MINISTRY, _MINISTRY.c.id == _PERSON.c.ministry_id)
    .where(_PERSON.c.fs_uniquifier == bindparam("fs_uniquifier"))
)


class Accounts(FSQLALiteUserDatastore):
    """The accounts as flask-security sees them; a rehashed password is the one thing that it writes by itself."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> User | SignedIn | None:
        """Return the account with these values; whose session it is, which every request asks, without its row."""
        if kwargs.keys() == {"fs_uniquifier"}:
            found = reading_session().connection().execute(_SIGNED_IN, kwargs).one_or_none()
            return SignedIn(**found._mapping) if found else None
        return cast("User | None", super().find_user(case_insensitive, **kwargs))

    def put(self, model: Any) -> Any:
        """Take note of a changed account; it is written by ``commit`` in a transaction of its own."""
        return model

    def commit(self) -> None:
        """Write the passwords that a sign-in hashed anew, each as a named deed."""
        reading = reading_session()
        rehashed = {row.id: row.password for row in reading.dirty if isinstance(row, User)}
        reading.rollback()
        for user_id, password in rehashed.items():
            with runtime().database.writing() as writing:
                user = writing.get_one(User, user_id)
                user.password = password
                audit.record(writing, audit.Event.PASSWORD_REHASHED, user, by=Actor.of(user))


def init_app(app: Flask, run: Runtime) -> None:
    """Set up sign-in, sessions and cookies, and the audit of both."""
    app.config.update(
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # argon2 salts by itself; a second pepper would have to be kept as long as the passwords.
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_SALT=None,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_LOGIN_USER_TEMPLATE="security/login_user.html",
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_FLASH_MESSAGES=False,
        # Its commands would change accounts past the audit.
        SECURITY_CLI_USERS_NAME=False,
        SECURITY_CLI_ROLES_NAME=False,
        # No deed asks for the password again yet; without this, flask-security shows a page of its own for it.
        SECURITY_FRESHNESS=timedelta(-1),
        SECURITY_ZXCVBN_MINIMUM_SCORE=3,
        SESSION_COOKIE_NAME="register",
        SESSION_COOKIE_SECURE=run.settings.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_DURATION=timedelta(0),
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=run.settings.session_minutes),
    )
    security = Security(app, Accounts(_ReadingDatabase(), User, RoleRecord), login_form=SignInForm)
    # Nobody asks the identity that flask-principal would gather for every request: who may do what stands in authz.
    security.principal.identity_loaders.clear()
    user_authenticated.connect(_signed_in, app)
    user_failed_authn.connect(_failed, app)
    user_logged_out.connect(_signed_out, app)


def _signed_in(_app: Flask, user: User, **_: Any) -> None:
    # Permanent means: until nothing was asked for ``session_minutes``; every answer renews the cookie.
    session.permanent = True
    _record(audit.Event.SIGNED_IN, user.id)


def _failed(_app: Flask, user: User, **_: Any) -> None:
    _record(audit.Event.SIGN_IN_FAILED, user.id)


def _signed_out(_app: Flask, user: Any, **_: Any) -> None:
    if isinstance(user, SignedIn):
        _record(audit.Event.SIGNED_OUT, user.id)


def _record(event: audit.Event, user_id: int | None) -> None:
    with runtime().database.writing() as writing:
        writing.info["request_id"] = g.request_id
        # Asked for nobody too, for the time that it takes.
        account = writing.get(User, user_id or 0)
        audit.record(writing, event, account, by=Actor.of(account) if account else NOBODY)
