"""What machines of random deeds share: a database of their own, deeds that may be refused, a log that verifies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.clock import FixedClock
from register.db import Database
from register.errors import RegisterError
from tests.support.data import NOW, lent
from tests.support.databases import Databases


class Deeds(RuleBasedStateMachine):
    """Random deeds on a lent database that ``begun`` built; in the end the audit log must verify.

    ``desk`` makes of a session what its people do in a line.
    """

    desk: Callable[[Session], Any]

    def __init__(self, databases: Databases, kind: str, begun: Callable[[str], None]) -> None:
        super().__init__()
        self.stack = ExitStack()
        url = self.stack.enter_context(lent(databases, kind, begun))
        self.clock = FixedClock(NOW)
        self.database = Database(url, self.clock)
        self.stack.callback(self.database.engine.dispose)

    def teardown(self) -> None:
        with self.stack, self.database.reading() as session:
            assert audit.verify(session, []).finding is None

    def row(self, session: Session, model: Any, place: int) -> Any:
        """Return the row of ``model`` that comes ``place`` before the newest, going round; None while there is none."""
        found = session.scalars(select(model).order_by(model.id.desc())).all()
        return found[place % len(found)] if found else None

    def tried(self, deed: Callable[[Session, Any], object]) -> None:
        """Do a deed in a transaction of its own: a refusal leaves nothing behind."""
        with suppress(RegisterError), self.database.writing() as session:
            deed(session, self.desk(session))


def walk(machine: Callable[[], RuleBasedStateMachine], *, times: int = 12) -> None:
    """Take random steps with ``times`` machines that ``machine`` makes."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=times,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),
        ),
    )
