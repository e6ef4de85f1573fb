"""The life of a piece of slow work, and of a run of a chore."""

from __future__ import annotations

from collections.abc import Mapping

from register.vocab import JobState, RunState

JOB: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING}),
    JobState.RUNNING: frozenset({JobState.DONE, JobState.FAILED, JobState.QUEUED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
}

RUN: Mapping[RunState, frozenset[RunState]] = {
    RunState.RUNNING: frozenset({RunState.DONE, RunState.FAILED, RunState.PARKED, RunState.RUNNING}),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset({RunState.RUNNING}),
    # Somebody asks for it to be tried again.
    RunState.PARKED: frozenset({RunState.FAILED}),
}
