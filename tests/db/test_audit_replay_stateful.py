"""Random deeds of every part of the register: the log gives back what a copy of the tables held at each moment."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from register import audit
from register.errors import RegisterError
from tests.support.databases import Databases
from tests.support.past import Copy, copy_of, replayed, told
from tests.support.random_deeds import DEEDS, begun, numbers, texts
from tests.support.running_round import Office
from tests.support.stateful import Deeds

# What is done, with what, and whether it is undone at once.
steps = st.tuples(st.sampled_from(sorted(DEEDS)), numbers, texts, st.sampled_from([False, False, False, True]))


class Undone(Exception):
    """Somebody thought better of it."""


class Register(Deeds):
    """Transactions of several deeds each; of a deed, or of all of them, nothing may be left."""

    desk = Office

    def __init__(self, databases: Databases, kind: str, done: set[str]) -> None:
        super().__init__(databases, kind, begun)
        self.copies: dict[int, Copy] = {}
        self.done = done

    @initialize(order=st.permutations(sorted(DEEDS)), number=numbers, text=texts)
    def begin(self, order: list[str], number: int, text: str) -> None:
        """Have every deed tried once."""
        for place in range(0, len(order), 4):
            self.keep()
            self.transact([(name, number, text, False) for name in order[place : place + 4]], undo=False, kept=False)

    @rule(plan=st.lists(steps, min_size=1, max_size=4), undo=st.sampled_from([False] * 5 + [True]), kept=st.booleans())
    def transact(self, plan: list[tuple[str, int, str, bool]], undo: bool, kept: bool) -> None:
        with suppress(Undone), self.database.writing() as session:
            for name, number, text, undone in plan:
                with suppress(RegisterError, Undone), session.begin_nested():
                    DEEDS[name](session, number, text)
                    session.flush()
                    if undone:
                        raise Undone
                    self.done.add(name)
            if undo:
                raise Undone
        if kept:
            self.keep()

    @rule(hours=st.integers(-2, 40))
    def time_goes_by_or_is_set_back(self, hours: int) -> None:
        self.clock.moment += dt.timedelta(hours=hours)

    def keep(self) -> None:
        """Keep a copy of the tables with the number of the last entry."""
        with self.database.reading() as session:
            self.copies[audit.head(session)[0]] = copy_of(session)

    def teardown(self) -> None:
        try:
            if self.copies:
                self.compare()
        finally:
            super().teardown()

    def compare(self) -> None:
        self.keep()
        with self.database.reading() as session, audit.scratch(self.clock) as scratch:
            made = audit.replay(session, 0, scratch)
            for seq, copy in sorted(self.copies.items()):
                made = audit.replay(session, seq, scratch, since=made)
                with scratch.reading() as then:
                    assert copy_of(then) == copy
        middle = sorted(self.copies)[len(self.copies) // 2]
        assert replayed(self.database, middle) == self.copies[middle]
        assert told(self.database) == []


EXAMPLES = {"sqlite": (6, 10), "postgresql": (2, 6)}


def test_the_log_gives_back_every_state(databases: Databases, database_kind: str) -> None:
    examples, count = EXAMPLES[database_kind]
    done: set[str] = set()
    options: dict[str, Any] = {"max_examples": examples, "stateful_step_count": count, "deadline": None}
    options |= {"suppress_health_check": list(HealthCheck), "phases": (Phase.explicit, Phase.generate)}
    run_state_machine_as_test(lambda: Register(databases, database_kind, done), settings=settings(**options))
    # What is always refused would say nothing.
    assert len(done) > len(DEEDS) / 2
