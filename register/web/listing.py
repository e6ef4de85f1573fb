"""What the pages of lists share: the state in the URL, and each condition in words with the way to lift it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext

from register.queries.listing import ListState
from register.web.paging import page_number

State = TypeVar("State", bound=ListState)


def state_of(kind: type[State]) -> State:
    """Return the state of a list as the URL of this request holds it."""
    return kind.of(request.args, page_number(request.args))


def chips(state: ListState, options: Mapping[str, Sequence[tuple[str, str]]]) -> list[tuple[str, dict[str, Any]]]:
    """Return each condition of the list in words, with the arguments of the list without it."""
    found = [
        (dict(options[name]).get(value, value), state.without(name, value))
        for name, values in state.chosen.items()
        for value in values
    ]
    return [(gettext("「%(text)s」", text=state.q), state.args(q="", page=1)), *found] if state.q else found
