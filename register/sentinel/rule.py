"""What a rule is: a question with the facts that it is about, and the condition under which it is asked."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rfc8785

from register.errors import Say
from register.sentinel.limits import Moment
from register.vocab import About, Need, Weight

# What a question shows of a long text; whether it changed is told by the whole of it.
SHOWN = 100


def _nothing(_view: Any) -> bool:
    return False


@dataclass(frozen=True)
class Rule:
    """One rule of the check.

    ``checks`` says what is looked for, ``asks`` puts the question and may name the facts in ``looks``. ``holds`` tells
    whether to ask. ``inside`` tells whether the facts are known to the ministry only, which then is asked alone.
    """

    code: str
    about: About
    weight: Weight
    checks: Say
    asks: Say
    looks: tuple[str, ...]
    holds: Callable[[Any, Moment], bool]
    needs: frozenset[Need] = frozenset()
    inside: Callable[[Any], bool] = _nothing


def told(rule: Rule, view: Any) -> dict[str, Any]:
    """Return the facts that a question of ``rule`` is about, as JSON can hold them and a page shows them."""
    return {name: _short(_plain(getattr(view, name))) for name in rule.looks}


def fingerprint(rule: Rule, view: Any) -> str:
    """Return what tells these facts from others: an explanation holds while it stays the same."""
    whole = {name: _plain(getattr(view, name)) for name in rule.looks}
    return hashlib.sha256(rfc8785.dumps(whole)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, StrEnum) else value


def _short(value: Any) -> Any:
    return f"{value[:SHOWN]}…" if isinstance(value, str) and len(value) > SHOWN else value
