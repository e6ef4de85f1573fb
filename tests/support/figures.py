"""Opening the figures of a report as its pages do."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.authz import Actor
from register.models import Round
from register.reports.cases import Cases, behind
from register.reports.figures import Figure, resolve
from register.reports.place import Place
from register.reports.report import build
from tests.support.round_files import LIBRARY


@dataclass(frozen=True)
class Opened:
    """A figure with the first page of its cases."""

    figure: Figure
    cases: Cases


def opened(session: Session, round: Round, actor: Actor, *, table: str, row: str, column: str) -> Opened:
    """Return a figure of a round's report, in Japanese, as ``actor`` opens it."""
    figure = resolve(build(session, round, "ja", LIBRARY), Place(table, row, column))
    return Opened(figure, behind(session, figure, actor, 1))
