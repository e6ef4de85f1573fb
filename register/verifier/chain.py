"""The audit chain of the register: its entries, one by one, and the tree over their hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from register.verifier.canonical import canonical, parsed
from register.verifier.findings import why
from register.verifier.manifest import TYPES

MOST_FOUND = 1_000


class Chain:
    """What the entries of the round's segment say, and what is wrong with them, by check."""

    def __init__(self) -> None:
        self.problems: dict[str, list[str]] = {"bodies": [], "links": []}
        self.first, self.last, self.before, self.head = 0, 0, "", ""
        self.hashes: list[str] = []
        self.round = ""
        self.made: dict[str, dict[str, Any]] = {}
        self.gone: list[str] = []
        self.approved: dict[str, list[str]] = {}
        self.checked: list[str] = []

    @property
    def newest(self) -> dict[str, str]:
        """The documents of the round that stand now, by the name of their file: the series of each."""
        last = {one["series"]: number_of(label) for label, one in self.made.items()}
        found = {label: one["series"] for label, one in self.made.items() if number_of(label) == last[one["series"]]}
        return {label: series for label, series in found.items() if label not in self.gone}

    def take(self, line: bytes, place: str, code: str) -> None:
        """Take in one line of the chain."""
        try:
            told = parsed(line)
            seq, own, text = told["seq"], told["hash"], told["body"].encode("utf-8")
            body = parsed(text)
            if canonical(told) != line or told.keys() != {"seq", "hash", "body"} or canonical(body) != text:
                raise ValueError("RFC 8785")
            if hashlib.sha256(b"\x00" + text).hexdigest() != own or body["seq"] != seq:
                raise ValueError(own)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            self._wrong("bodies", f"{place}: {why(error)}")
            return
        if not self.hashes:
            self.first, self.before = seq, body["prev"]
            subject = body["subject"]
            self.round = str(subject["pk"])
            begins = (body["event"], subject["table"], subject["label"])
            if begins != ("round.created", "round", code):
                self._wrong("links", f"{place}: {body['event']}")
        elif seq != self.last + 1 or body["prev"] != self.head:
            self._wrong("links", place)
        self.last, self.head = seq, own
        self.hashes.append(own)
        self._remember(body)

    def _wrong(self, code: str, what: str) -> None:
        if len(self.problems[code]) < MOST_FOUND:
            self.problems[code].append(what)

    def _remember(self, body: dict[str, Any]) -> None:
        event, details, label = body["event"], body["details"], body["subject"]["label"]
        if event == "snapshot.made" and "unsigned_sha256" in details:
            fields = next(one["fields"] for one in body["changes"] if one["table"] == "snapshot")
            new = {name: fields[name][1] for name in ("kind", "series", "round_id", "internal") if name in fields}
            if str(new.get("round_id")) == self.round and new.get("kind") in TYPES and not new.get("internal"):
                public_id = fields.get("public_id", [None, None])[1]
                self.made[label] = {**details, "series": new.get("series", ""), "id": public_id}
        elif event == "snapshot.signed" and label in self.made:
            self.made[label]["sha256"] = details["sha256"]
        elif event == "snapshot.disposed":
            self.gone.append(label)
        elif event == "submission.approved":
            self.approved.setdefault(details["sha256"], []).append(label)
        elif event == "edition.moved" and "sha256" in details:
            self.checked.append(details["sha256"])


def number_of(label: str) -> str:
    """Return the number of a snapshot from the name of its file: without volume, language and kind of file."""
    return re.sub(r"(-\d+of\d+)?-(ja|en)\.pdf$", "", label)


def roots(content: bytearray, lengths: Iterable[int]) -> dict[int, str]:
    """Return the tree heads (RFC 6962 section 2.1) over the first so many leaves of 32 bytes each."""
    wanted, found = set(lengths), {}
    stack: list[tuple[bytes, int]] = []
    for seq in range(1, len(content) // 32 + 1):
        node, height = bytes(content[32 * (seq - 1) : 32 * seq]), 0
        while stack and stack[-1][1] == height:
            node, height = hashlib.sha256(b"\x01" + stack.pop()[0] + node).digest(), height + 1
        stack.append((node, height))
        if seq in wanted:
            node = stack[-1][0]
            for left, _ in stack[-2::-1]:
                node = hashlib.sha256(b"\x01" + left + node).digest()
            found[seq] = node.hex()
    return found
