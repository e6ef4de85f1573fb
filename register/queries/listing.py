"""What the lists share: their whole state as a URL holds it, and how many rows a page has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from register.text import clean_line

PER_PAGE = 50
# SQLite takes a thousand conditions at most; nobody means more words than this.
MOST_WORDS = 50


@dataclass(frozen=True)
class ListState:
    """The list's whole state as the URL holds it; an unknown value in a URL is dropped, not guessed.

    Each list names its ``filters`` and ``sorts`` and gives ``sort`` the usual one.
    """

    filters: ClassVar[Collection[str]] = ()
    sorts: ClassVar[Collection[str]] = ()

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    q: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def of(cls, args: Any, page: int) -> Self:
        """Read the state from the arguments of a URL (a MultiDict); ``page`` is read by the edge."""
        chosen = {name: tuple(filter(None, map(clean_line, args.getlist(name)))) for name in cls.filters}
        sort, words = args.get("sort", cls.sort), clean_line(args.get("q", ""))
        kept = {name: values for name, values in chosen.items() if values}
        return cls(kept, words, sort if sort in cls.sorts else cls.sort, page)

    def args(self, **changes: Any) -> dict[str, Any]:
        """Return the arguments of the URL of this state with ``changes``; defaults are left out."""
        state = replace(self, **changes)
        args: dict[str, Any] = dict(state.chosen)
        args |= {"q": state.q} if state.q else {}
        args |= {"sort": state.sort} if state.sort != type(self).sort else {}
        return args | ({"page": state.page} if state.page > 1 else {})

    def without(self, name: str, value: str) -> dict[str, Any]:
        """Return the arguments without one filter value, on the first page."""
        chosen = {key: tuple(v for v in values if (key, v) != (name, value)) for key, values in self.chosen.items()}
        return self.args(chosen={key: values for key, values in chosen.items() if values}, page=1)


def pages_of(total: int) -> int:
    """Return on how many pages ``total`` rows stand; an empty list has one page."""
    return max(1, -(-total // PER_PAGE))
