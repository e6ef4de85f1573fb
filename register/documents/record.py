"""What a record tells, as blocks of named values: printed, attached as data and as a list, all from the one thing.

A template prints the parts in order (``templates/documents/_record.html``); ``plain`` and ``lines`` give the same to
programs. What is not in the parts is in none of them, so that sight is settled where they are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

# About half a page.
SHORT = 600


@dataclass(frozen=True)
class Told:
    """One value: ``text`` as a person reads it, of one line or more; ``value`` as canonical JSON can hold it."""

    text: str
    value: Any = None


@dataclass(frozen=True)
class Fact:
    """A value under the name of the data and the label of the reader."""

    name: str
    label: str
    told: Told


@dataclass(frozen=True)
class Facts:
    """Values one below the other."""

    kind: ClassVar = "facts"

    name: str
    title: str
    facts: Sequence[Fact]

    @property
    def short(self) -> bool:
        """Whether they are so few that no page break should part them."""
        return sum(len(fact.label) + len(fact.told.text) for fact in self.facts) < SHORT


@dataclass(frozen=True)
class Column:
    """A column of a grid; ``width`` in mm, 0 for what is left."""

    name: str
    label: str
    width: int = 0


@dataclass(frozen=True)
class Grid:
    """Rows of the same values; ``empty`` is the sentence in place of none. The first column names the row.

    The texts of the column ``key`` must stand in the file. The first ``left_out`` rows are not printed, and are in the
    data.
    """

    kind: ClassVar = "grid"

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Told]]
    empty: str
    key: str = ""
    left_out: int = 0

    @property
    def printed(self) -> Sequence[Sequence[Told]]:
        """What of it stands in the file."""
        return self.rows[self.left_out :]


@dataclass(frozen=True)
class Words:
    """A text of some length under a heading of its own."""

    kind: ClassVar = "words"

    name: str
    title: str
    told: Told


@dataclass(frozen=True)
class Note:
    """A sentence to the reader that is no value."""

    kind: ClassVar = "note"

    text: str


@dataclass(frozen=True)
class Change:
    """A changed field in words; ``operation`` tells of a new row, which had nothing before."""

    label: str
    old: str
    new: str
    is_new: bool


@dataclass(frozen=True)
class Entry:
    """An entry of the log: ``head`` in words, what is printed of its changes, and all of it as plain values."""

    head: str
    reason: str
    changes: Sequence[Change]
    value: Mapping[str, Any]


@dataclass(frozen=True)
class Log:
    """Entries of the log with what they changed; the first ``left_out`` are not printed, and are in the data."""

    kind: ClassVar = "log"

    name: str
    title: str
    entries: Sequence[Entry]
    empty: str
    left_out: int = 0

    @property
    def printed(self) -> Sequence[Entry]:
        """What of it stands in the file."""
        return self.entries[self.left_out :]


@dataclass(frozen=True)
class Block:
    """Parts under a heading; ``key`` is the number by which people know what it tells of."""

    kind: ClassVar = "block"

    name: str
    title: str
    parts: Sequence[Part]
    key: str = ""


@dataclass(frozen=True)
class Series:
    """Several blocks of one kind; ``empty`` is the sentence in place of none."""

    kind: ClassVar = "series"

    name: str
    blocks: Sequence[Block]
    empty: str


Part = Facts | Grid | Words | Note | Log | Block | Series


def plain(parts: Sequence[Part]) -> dict[str, Any]:
    """Return what the parts tell, by their names, as canonical JSON can hold it; two of one name are an error."""
    told = [(part.name, _plain(part)) for part in parts if not isinstance(part, Note)]
    if len(found := dict(told)) < len(told):
        raise ValueError(f"two parts of a record have one name: {[name for name, _ in told]}")
    return found


def _plain(part: Part) -> Any:
    if isinstance(part, Facts):
        return {fact.name: fact.told.value for fact in part.facts}
    if isinstance(part, Grid):
        names = [column.name for column in part.columns]
        return [{name: told.value for name, told in zip(names, row, strict=True)} for row in part.rows]
    if isinstance(part, Words):
        return part.told.value
    if isinstance(part, Log):
        return [dict(entry.value) for entry in part.entries]
    if isinstance(part, Series):
        return [plain(block.parts) for block in part.blocks]
    return plain(part.parts) if isinstance(part, Block) else None


def names(parts: Sequence[Part]) -> list[str]:
    """Return the numbers that must stand in the file, in the order of their places."""
    return [name for part in parts for name in _names(part)]


def _names(part: Part) -> Iterator[str]:
    if isinstance(part, Block):
        yield from ([part.key] if part.key else [])
        yield from names(part.parts)
    elif isinstance(part, Series):
        yield from names(part.blocks)
    elif isinstance(part, Grid) and part.key:
        place = [column.name for column in part.columns].index(part.key)
        yield from (row[place].text for row in part.printed)


def entries(parts: Sequence[Part]) -> list[Entry]:
    """Return the entries of the log in all the parts."""
    found: list[Entry] = []
    for part in parts:
        if isinstance(part, Log):
            found += part.entries
        elif isinstance(part, Block):
            found += entries(part.parts)
        elif isinstance(part, Series):
            found += entries(part.blocks)
    return found


def lines(parts: Sequence[Part], path: tuple[str, ...] = ()) -> list[list[str]]:
    """Return every value but those of the log as rows: chapter, section, table, row, label, text."""
    return [line for part in parts for line in _lines(part, path)]


def _lines(part: Part, path: tuple[str, ...]) -> Iterator[list[str]]:
    if isinstance(part, Block):
        yield from lines(part.parts, (*path, part.title))
    elif isinstance(part, Series):
        yield from lines(part.blocks, path)
    else:
        chapter, *rest = path or ("",)
        yield from ([chapter, " ".join(rest), *line] for line in _cells(part))


def _cells(part: Part) -> Iterator[list[str]]:
    if isinstance(part, Facts):
        yield from ([part.title, "", fact.label, fact.told.text] for fact in part.facts)
    elif isinstance(part, Grid):
        for number, row in enumerate(part.rows, 1):
            for column, told in zip(part.columns, row, strict=True):
                yield [part.title, str(number), column.label, told.text]
    elif isinstance(part, Words):
        yield ["", "", part.title, part.told.text]
