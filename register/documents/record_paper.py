"""The paper of a record: its chapters as a document, the same as data and as lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from register.documents.paper import Listing, Paper
from register.documents.record import Block, Entry, entries, lines, names, plain
from register.documents.tell import Tell
from register.errors import Say, say

LINES = (say("章"), say("節"), say("表"), say("行"), say("項目"), say("内容"))
ENTRIES = (
    say("番号"), say("日時"), say("行った人"), say("役割"), say("したこと"), say("対象"), say("理由"),
    say("項目"), say("変更前"), say("変更後"),
)  # fmt: skip


def record_paper(
    tell: Tell,
    template: str,
    name: str,
    title: Say,
    chapters: Sequence[Block],
    values: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> Paper:
    """Return the document of ``chapters``; ``values`` are what its template asks for beside them.

    ``data`` are its data where they are not the chapters as they stand.
    """
    told = tell.say(title)
    listings = [_listing(tell, name, told, LINES, lines(chapters))]
    if logged := entries(chapters):
        log = tell.say(say("監査記録"))
        listings.append(_listing(tell, f"{name}-log", log, ENTRIES, [line for one in logged for line in _lines(one)]))
    return Paper(
        f"documents/{template}",
        told,
        name,
        {"title": told, **(data or {"names": names(chapters), **plain(chapters)})},
        listings,
        {"chapters": chapters, **values},
        author=tell.ground.actor.name,
        created=tell.ground.moment,
    )


def _listing(tell: Tell, name: str, title: str, head: Sequence[Say], rows: Sequence[Sequence[str]]) -> Listing:
    return Listing(name, title, [tell.say(one) for one in head], rows)


def _lines(entry: Entry) -> Iterator[list[str]]:
    """Yield a line per changed field of an entry, and one for an entry without any."""
    value = entry.value
    lead = [str(value.get("seq", "")), value["at"], value["by"]["name"], value["by"]["role"], value["text"]]
    lead += [value["subject"]["label"], entry.reason]
    for change in entry.changes or ():
        yield [*lead, change.label, change.old, change.new]
    if not entry.changes:
        yield [*lead, "", "", ""]
