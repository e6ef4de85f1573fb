"""What every command shares: a session whose work is committed once, and refusals told on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from flask import current_app
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from register.errors import RegisterError
from register.runtime import Runtime, runtime_of

P = ParamSpec("P")
R = TypeVar("R")
# A database that is away, no database, or one without the tables; any other error is a defect and keeps its traceback.
UNUSABLE = (DatabaseError, OperationalError, ProgrammingError)
# How much of a bad value is shown.
SHOWN = 200


def runtime() -> Runtime:
    """Return the runtime of the application that the command runs in."""
    return runtime_of(current_app)


@contextmanager
def writing() -> Iterator[Session]:
    """Yield a session that is committed once when the command's work is done."""
    with runtime().database.writing() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """Yield a session that only reads."""
    with runtime().database.reading() as session:
        yield session


def refusals_told(command: Callable[P, R]) -> Callable[P, R]:
    """Tell a refusal, or a database that cannot be used, on standard error and exit with 1, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RegisterError as error:
            click.echo(str(error.sentence), err=True)
            for problem in getattr(error, "problems", ()):
                click.echo(_line(problem), err=True)
            raise SystemExit(1) from error
        except DatabaseError as error:
            if type(error) not in UNUSABLE:
                raise
            click.echo(f"the database cannot be used: {_one_line(' '.join(str(error.orig).split()))}", err=True)
            click.echo("check REGISTER_DATABASE_URL; a new database needs: flask db upgrade", err=True)
            raise SystemExit(1) from error

    return run


def _line(problem: Any) -> str:
    return f"{problem.line}行目 {_one_line(problem.column)}: 「{_one_line(problem.value)}」 {problem.reason}"


def _one_line(text: str) -> str:
    """Return the text on one line, with what a terminal would obey or hide written out."""
    shown = "".join(
        c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode() for c in text[:SHOWN]
    )
    return shown if len(text) <= SHOWN else f"{shown}…"
