"""What became of each field and code between two versions of a form: data beside the versions, total by a test."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from register.formspec.schema import Field, FormSpec, Option, Text
from register.vocab import ChangeKind


@dataclass(frozen=True)
class Change:
    """What became of a field, or of one code of it; ``rule`` says it in a sentence.

    ``to`` is the code that takes in all cases of a code that was dropped, where there is one.
    """

    kind: ChangeKind
    rule: Text
    to: str = ""

    def plain(self) -> dict[str, str]:
        """Return the change as plain values."""
        return {"kind": self.kind.value, "ja": self.rule.ja, "en": self.rule.en, "to": self.to}


@dataclass(frozen=True)
class Crosswalk:
    """The way from version ``before`` to version ``after``: changes by field, and by code where those differ too."""

    before: str
    after: str
    same: frozenset[str]
    fields: Mapping[str, Change]
    codes: Mapping[tuple[str, str], Change]

    def plain(self) -> dict[str, Any]:
        """Return the way as plain values, in the order of its file."""
        return {
            "before": self.before,
            "after": self.after,
            "same": sorted(self.same),
            "fields": [{"field": name, **change.plain()} for name, change in self.fields.items()],
            "codes": [{"field": name, "code": code, **change.plain()} for (name, code), change in self.codes.items()],
        }


def load_crosswalk(path: Path) -> Crosswalk:
    """Return the crosswalk in the TOML file ``path``; raise ``KeyError`` or ``ValueError`` when it is malformed."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    fields = raw["fields"]
    return Crosswalk(
        raw["before"],
        raw["after"],
        frozenset(raw["same"]),
        {field["id"]: _change(field) for field in fields},
        {(field["id"], code["code"]): _change(code) for field in fields for code in field.get("codes", ())},
    )


def _change(raw: Mapping[str, Any]) -> Change:
    return Change(ChangeKind(raw["kind"]), Text(raw["ja"], raw["en"]), raw.get("to", ""))


def gaps(crosswalk: Crosswalk, before: FormSpec, after: FormSpec) -> list[str]:
    """Name every place where ``crosswalk`` leaves out or contradicts the two versions; empty when it is total."""
    old, new = {field.id: field for field in before.fields}, {field.id: field for field in after.fields}
    told = {**dict.fromkeys(crosswalk.same, ChangeKind.SAME), **_kinds(crosswalk.fields)}
    found = [f"{name}: told twice" for name in sorted(crosswalk.same & crosswalk.fields.keys())]
    found += _unlike(told, old.keys(), new.keys())
    for name in sorted(old.keys() & new.keys()):
        if name in crosswalk.same and _asks(old[name]) != _asks(new[name]):
            found.append(f"{name}: not the same")
        found += _code_gaps(crosswalk, old[name], new[name])
    return found


def _kinds(changes: Mapping[str, Change]) -> dict[str, ChangeKind]:
    return {name: change.kind for name, change in changes.items()}


def _unlike(told: Mapping[str, ChangeKind], old: Set[str], new: Set[str]) -> list[str]:
    expected = dict.fromkeys(new - old, ChangeKind.NEW) | dict.fromkeys(old - new, ChangeKind.RETIRED)
    wrong = {name for name, kind in told.items() if expected.get(name) != kind and (name in expected or _lone(kind))}
    missing = (old | new) - told.keys()
    unknown = told.keys() - old - new
    return [f"{name}: left out, unknown or of the wrong kind" for name in sorted(wrong | missing | unknown)]


def _lone(kind: ChangeKind) -> bool:
    return kind in (ChangeKind.NEW, ChangeKind.RETIRED)


def _asks(field: Field) -> tuple[object, ...]:
    return field.text, field.type, tuple(map(_means, field.options))


def _means(option: Option) -> tuple[object, ...]:
    return option.code, option.text, option.meaning


def _code_gaps(crosswalk: Crosswalk, before: Field, after: Field) -> Iterator[str]:
    """Codes whose meaning changed must be told, and no others."""
    changes = {code: change for (name, code), change in crosswalk.codes.items() if name == after.id}
    told = _kinds(changes)
    changed = {
        code
        for code in before.codes | after.codes
        if code not in before.codes or code not in after.codes or before.option(code) != after.option(code)
    }
    known = {code: kind for code, kind in told.items() if code in changed}
    yield from (f"{after.id} {line}" for line in _unlike(known, before.codes & changed, after.codes & changed))
    yield from (f"{after.id} {code}: did not change" for code in sorted(told.keys() - changed))
    for code, change in sorted(changes.items()):
        if change.to and (change.kind is not ChangeKind.RETIRED or change.to not in after.codes):
            yield f"{after.id} {code}: leads to no code that takes its place"
