"""Sign-in through flask-security, set up once; what it does is named in the audit chain.

Identity reads on the request's reading session. Its deeds (sign-in, a stronger hash of a password) are written in
short transactions of their own, so that no password is ever hashed while the write lock is held.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from flask import Flask, g, session
from flask_login import user_logged_out
from flask_security import FSQLALiteUserDatastore, LoginForm, Security, user_authenticated, user_failed_authn
from flask_security.utils import get_message
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.models import User
from register.models.user import RoleRecord
from register.runtime import Runtime
from register.web.session import reading_session, runtime

# Normalized, a character may become eighteen; passlib raises beyond 4096.
LONGEST_PASSWORD = 200


class _ReadingDatabase:
    """What flask-security knows as its database: the reading session of the request."""

    @property
    def session(self) -> Session:
        return reading_session()


class SignInForm(LoginForm):
    """The form of flask-security without "remember me", which would outlive every session.

    A password longer than its library hashes is answered like a wrong one.
    """

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        if len(self.password.data or "") > LONGEST_PASSWORD:
            self.password.errors = [get_message("INVALID_PASSWORD")[0]]
            return False
        return super().validate(**kwargs)


_BY_UNIQUIFIER = select(User).where(User.fs_uniquifier == bindparam("fs_uniquifier"))


class Accounts(FSQLALiteUserDatastore):
    """The accounts as flask-security sees them; a rehashed password is the one thing that it writes by itself."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> User | None:
        """Return the account with these values; the one asked for by every request is found by a fixed statement."""
        if kwargs.keys() == {"fs_uniquifier"}:
            return reading_session().scalar(_BY_UNIQUIFIER, kwargs)
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
    Security(app, Accounts(_ReadingDatabase(), User, RoleRecord), login_form=SignInForm)
    user_authenticated.connect(_signed_in, app)
    user_failed_authn.connect(_failed, app)
    user_logged_out.connect(_signed_out, app)


def _signed_in(_app: Flask, user: User, **_: Any) -> None:
    # Permanent means: until nothing was asked for ``session_minutes``; every answer renews the cookie.
    session.permanent = True
    _record(audit.Event.SIGNED_IN, user)


def _failed(_app: Flask, user: User, **_: Any) -> None:
    _record(audit.Event.SIGN_IN_FAILED, user)


def _signed_out(_app: Flask, user: User | None, **_: Any) -> None:
    if isinstance(user, User):
        _record(audit.Event.SIGNED_OUT, user)


def _record(event: audit.Event, user: User) -> None:
    with runtime().database.writing() as writing:
        writing.info["request_id"] = g.request_id
        audit.record(writing, event, writing.get_one(User, user.id), by=Actor.of(user))
