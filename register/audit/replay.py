"""The state of the register at any entry of the log, made from the log alone: entry after entry from the first one.

What is read was checked first (see ``verify``), so that a state that was made stands on an unbroken chain.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from register.audit.chain import GENESIS, LARGEST
from register.audit.restore import UNTOLD_VERSION, Bound, Shape, shapes
from register.audit.scratch import PURGED_VALUES, add_indexes
from register.audit.verify import Broken, Checked, Finding, checked
from register.db import Database, table_of
from register.errors import say
from register.models import AuditEntry, AuditHead, Edition, EditionText, texts_digest

# How many entries, and how many changed rows, are gathered before they are written.
ENTRIES = ROWS = 2_000
Key = tuple[str, int]
Values = dict[str, Any]


@dataclass(frozen=True)
class Replayed:
    """A state that was made: after entry ``seq`` with hash ``head``, done ``at``; None before the first entry.

    ``rows`` is how many rows it has; ``purged`` how many of its values nobody knows any more.
    """

    seq: int
    head: str
    at: dt.datetime | None
    rows: int
    purged: int


NOTHING = Replayed(0, GENESIS, None, 0, 0)


def seq_at(session: Session, moment: dt.datetime) -> int:
    """Return the number of the last entry of the chain that was written at ``moment`` or before; 0 when none was.

    The chain's order is the truth. Where a clock was set back, entries before that one may bear a later time: they
    were written before it all the same, and belong to the state.
    """
    statement = select(AuditEntry.seq).where(AuditEntry.at <= moment).order_by(AuditEntry.seq.desc()).limit(1)
    return session.scalar(statement) or 0


def replay(session: Session, seq: int, into: Database, *, since: Replayed = NOTHING) -> Replayed:
    """Make the state after entry ``seq`` in ``into``, which ``scratch`` gave; ``since`` is the state that it holds.

    Raise ``Broken`` where the log up to there is not whole. What is in ``into`` is then of no use.
    """
    if seq < since.seq:
        raise ValueError("a state cannot be made from a later one")
    last = since
    with into.engine.begin() as past:
        batch = _Batch(session, past, purged=since.purged > 0)
        with closing(checked(session, after=since.seq, prev=since.head, upto=seq)) as entries:
            for count, entry in enumerate(entries, 1):
                last = Replayed(entry.seq, entry.hash, batch.take(entry), 0, 0)
                if count % ENTRIES == 0 or len(batch.rows) >= ROWS:
                    batch.write()
        batch.write()
        add_indexes(past)
        _set_head(past, last)
        rows = sum(past.scalar(select(func.count()).select_from(shape.table)) or 0 for shape in shapes().values())
        purged = past.scalar(select(func.count()).select_from(PURGED_VALUES)) or 0
    into.optimize()
    return Replayed(last.seq, last.head, last.at, rows, purged)


def copy_edition_texts(session: Session, into: Database) -> int:
    """Copy what the replayed editions say, and return how many texts that were.

    The log does not hold them; it holds each edition's digest, which binds them. Where they have another one now, the
    edition was checked anew since then, and what it said is gone.
    """
    texts, copied = table_of(EditionText), 0
    with into.engine.begin() as past:
        past.execute(delete(texts))
        for number, sha256 in past.execute(select(Edition.id, Edition.sha256).where(Edition.sha256 != "")).all():
            found = session.execute(select(*texts.c).where(texts.c.edition_id == number)).mappings().all()
            if texts_digest({(text["variant"], text["language"]): text["content"] for text in found}) == sha256:
                past.execute(insert(texts), [dict(text) for text in found])
                copied += len(found)
    return copied


def _set_head(past: Connection, last: Replayed) -> None:
    past.execute(delete(AuditHead))
    past.execute(insert(AuditHead), {"id": 1, "seq": last.seq, "hash": last.head})


@dataclass
class _Row:
    """What a batch does to a row, told last by entry ``seq``: ``whole`` puts it in place of whatever is there.

    ``values`` are by the names of the columns; without them the row goes. ``purged`` names those that nobody knows.
    """

    seq: int
    whole: bool
    values: Values | None
    purged: set[str]


class _Batch:
    """Changes of many entries, folded to one per row, then written with few statements."""

    def __init__(self, session: Session, past: Connection, *, purged: bool) -> None:
        self.session, self.past = session, past
        self.rows: dict[Key, _Row] = {}
        self.some_purged = purged

    def take(self, entry: Checked) -> dt.datetime:
        """Add the changes of an entry and return its moment; raise ``Broken`` where they do not fit what was before."""
        try:
            for change in entry.body["changes"]:
                # A table that the register gave up since is part of no state that can be shown.
                if shape := shapes().get(change["table"]):
                    self._change(entry, change, shape)
            return dt.datetime.fromisoformat(entry.body["at"])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise _unfit(entry.seq) from error

    def _change(self, entry: Checked, change: Mapping[str, Any], shape: Shape) -> None:
        key, op = (shape.table.name, int(change["pk"])), change["op"]
        if op not in ("insert", "update", "delete") or not 0 < key[1] <= LARGEST:
            raise ValueError(op)
        if op == "delete":
            self.rows[key] = _Row(entry.seq, True, None, set())
            return
        values, purged = _told(change, shape, entry.texts)
        if op == "insert":
            # A deed that removed a row and made one that took its number is told as the making alone.
            self.rows[key] = _Row(entry.seq, True, shape.blank(key[1]) | values, purged)
        elif key not in self.rows:
            self.rows[key] = _Row(entry.seq, False, values, purged)
        else:
            row = self.rows[key]
            if row.values is None:
                raise LookupError(key)
            row.seq, row.purged = entry.seq, row.purged - values.keys() | purged
            row.values |= values

    def write(self) -> None:
        """Write what was gathered, and forget it."""
        self._note_purged()
        tables: dict[str, dict[int, _Row]] = defaultdict(dict)
        for (table, pk), row in self.rows.items():
            tables[table][pk] = row
        for table, rows in tables.items():
            self._write(shapes()[table], rows)
        self.rows.clear()

    def _write(self, shape: Shape, rows: Mapping[int, _Row]) -> None:
        for name in shape.bound:
            self._find_bound(shape, name, rows)
        if going := [{"pk": pk} for pk, row in rows.items() if row.values is None]:
            self.past.execute(delete(shape.table).where(shape.table.c.id == bindparam("pk")), going)
        for group in _alike(rows, whole=True):
            self.past.execute(insert(shape.table).prefix_with("OR REPLACE"), [*group.values()])
        for group in _alike(rows, whole=False):
            self._update(shape, group, rows)

    def _update(self, shape: Shape, group: Mapping[int, Values], rows: Mapping[int, _Row]) -> None:
        own = shape.table.c.id
        names = next(iter(group.values()))
        statement = (
            update(shape.table).where(own == bindparam("pk")).values({one: bindparam(f"to_{one}") for one in names})
        )
        changed = [
            {"pk": pk, **{f"to_{name}": value for name, value in values.items()}} for pk, values in group.items()
        ]
        if self.past.execute(statement, changed).rowcount != len(group):
            have = set(self.past.scalars(select(own).where(own.in_(group))))
            raise _unfit(min(rows[pk].seq for pk in group if pk not in have))

    def _find_bound(self, shape: Shape, name: str, rows: Mapping[int, _Row]) -> None:
        """Take bytes from the row as it stands now where it still holds those that the log names by their digest."""
        told = {pk: row.values for pk, row in rows.items() if row.values and isinstance(row.values.get(name), Bound)}
        own, content = shape.table.c.id, type_coerce(shape.table.c[name], NullType())
        now = self.session.execute(select(own, content).where(own.in_(told))).all()
        found = {pk: stored for pk, stored in now if isinstance(stored, bytes)}
        for pk, values in told.items():
            same = pk in found and hashlib.sha256(found[pk]).hexdigest() == values[name].sha256
            values[name] = found[pk] if same else shape.blanks[name]

    def _note_purged(self) -> None:
        """Keep which values are not known; nothing is to be done before the first of them."""
        self.some_purged = self.some_purged or any(row.purged for row in self.rows.values())
        if not self.some_purged:
            return
        own = PURGED_VALUES.c
        row_of = (own.table_name == bindparam("of"), own.pk == bindparam("row"))
        told: list[dict[str, Any]] = []
        whole, gone = [], []
        for (table, pk), row in self.rows.items():
            names = {"of": table, "row": pk}
            if row.whole:
                whole.append(names)
            else:
                told += [names | {"name": name} for name in row.values or ()]
            gone += [{"table_name": table, "pk": pk, "field": name} for name in sorted(row.purged)]
        for statement, params in (
            (delete(PURGED_VALUES).where(*row_of), whole),
            (delete(PURGED_VALUES).where(*row_of, own.field == bindparam("name")), told),
            (insert(PURGED_VALUES), gone),
        ):
            if params:
                self.past.execute(statement, params)


def _alike(rows: Mapping[int, _Row], *, whole: bool) -> Iterable[Mapping[int, Values]]:
    """Return the values of rows by their ids, those together that name the same columns: one statement writes them."""
    groups: dict[tuple[str, ...], dict[int, Values]] = defaultdict(dict)
    for pk, row in rows.items():
        if row.values and row.whole is whole:
            groups[tuple(sorted(row.values))][pk] = row.values
    return groups.values()


def _told(change: Mapping[str, Any], shape: Shape, texts: Mapping[str, Any] | None) -> tuple[Values, set[str]]:
    """Return the new values that a change tells, by the names of the columns, and those of them that were purged."""
    values: Values = {}
    purged = set()
    for name, (_, new) in change["fields"].items():
        field = shape.fields.get(name)
        if field is None:
            continue  # a column that the register gave up since
        column = field.column.key
        if field.secret:
            values[column] = ""
        elif not (isinstance(new, dict) and new.keys() == {"hmac"}):
            values[column] = field.value(new)
        elif texts is None:
            values[column] = field.purged
            purged.add(column)
        else:
            values[column] = field.value(texts[f"{change['table']}/{change['pk']}/{name}"][1])
    if shape.version and shape.version not in values:
        values[shape.version] = UNTOLD_VERSION
    return values, purged


def _unfit(seq: int) -> Broken:
    return Broken(Finding(seq, "state", say("%(seq)d番の記録の変更は、それより前の記録と合いません。", seq=seq)))
