"""Form versions from ``config/forms`` and back from the canonical JSON that the database keeps."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import rfc8785

from register.formspec.crosswalk import Crosswalk, load_crosswalk
from register.formspec.schema import Condition, Field, FormSpec, Option, Section, Text

LONGEST = {"line": 200, "long": 4000}
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True)
class FormLibrary:
    """The versions of one form that this installation ships, oldest first, and the ways from each to the next."""

    versions: Mapping[str, FormSpec]
    crosswalks: tuple[Crosswalk, ...]

    @property
    def newest(self) -> FormSpec:
        """The version whose codes the register itself speaks."""
        return list(self.versions.values())[-1]

    def between(self, before: str, after: str) -> tuple[Crosswalk, ...]:
        """Return the ways from version ``before`` to version ``after``, step by step; none when both are one."""
        order = list(self.versions)
        if before not in order or after not in order:
            return ()
        steps = set(order[order.index(before) + 1 : order.index(after) + 1])
        return tuple(step for step in self.crosswalks if step.after in steps)


def load_library(config_dir: Path, form: str) -> FormLibrary:
    """Return every version of ``form`` in ``config_dir``, ordered by its number."""
    folder = config_dir / "forms" / form
    versions = {path.stem: load_form(path) for path in sorted(folder.glob("v*.toml"), key=lambda p: int(p.stem[1:]))}
    crosswalks = (load_crosswalk(folder / f"crosswalk-{before}-{after}.toml") for before, after in pairwise(versions))
    return FormLibrary(versions, tuple(crosswalks))


def load_form(path: Path) -> FormSpec:
    """Return the form version in the TOML file ``path`` with the code lists that it names."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    codes = path.parent.parent.parent / "codes"
    fields = [_plain_field(field, codes) for field in raw["fields"]]
    plain = {
        "form": raw["form"],
        "version": raw["version"],
        "title": raw["title"],
        "sections": raw["sections"],
        "fields": fields,
    }
    return from_canonical(rfc8785.dumps(plain))


def from_canonical(canonical: bytes) -> FormSpec:
    """Return the form version that ``canonical`` describes."""
    plain = json.loads(canonical)
    return FormSpec(
        plain["form"],
        plain["version"],
        Text(**plain["title"]),
        tuple(Section(section["id"], Text(section["ja"], section["en"])) for section in plain["sections"]),
        tuple(_field(field) for field in plain["fields"]),
        canonical,
    )


def _plain_field(raw: dict[str, Any], codes: Path) -> dict[str, Any]:
    """Return a field with every default written out, so that the canonical form stands by itself."""
    options = _options(codes / f"{raw['codes']}.toml", raw) if "codes" in raw else []
    return {
        "id": raw["id"],
        "type": raw["type"],
        "ja": raw["ja"],
        "en": raw["en"],
        "help": raw.get("help", {"ja": "", "en": ""}),
        "section": raw["section"],
        "options": options,
        "identity": raw.get("identity", False),
        "required": raw.get("required", True),
        "exempt": raw.get("exempt"),
        "asked": raw.get("asked"),
        "max_chars": raw.get("max_chars", LONGEST.get(raw["type"], 0)),
    }


def _options(path: Path, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["codes"]
    without = raw.get("without", [])
    meanings = raw.get("definitions", {})
    return [
        {
            "code": code["code"],
            "ja": code["ja"],
            "en": code["en"],
            "printed": code.get("printed") or _printed(code),
            "definition": meanings.get(code["code"], {"ja": "", "en": ""}),
            "group": code.get("group", ""),
        }
        for code in sorted(listed, key=lambda code: int(code["order"]))
        if code["code"] not in without
    ]


def _printed(code: Mapping[str, Any]) -> dict[str, str]:
    """The tables print a numbered code before its label, in full width; a letter code stays unprinted."""
    if not code["code"].isdigit():
        return {"ja": code["ja"], "en": code["en"]}
    return {"ja": f"{code['code'].translate(_FULL_WIDTH)}．{code['ja']}", "en": f"{code['code']}. {code['en']}"}


def _field(plain: Mapping[str, Any]) -> Field:
    return Field(
        plain["id"],
        plain["type"],
        Text(plain["ja"], plain["en"]),
        Text(**plain["help"]),
        plain["section"],
        tuple(_option(option) for option in plain["options"]),
        plain["identity"],
        plain["required"],
        _condition(plain["exempt"]),
        _condition(plain["asked"]),
        plain["max_chars"],
    )


def _option(plain: Mapping[str, Any]) -> Option:
    return Option(
        plain["code"],
        Text(plain["ja"], plain["en"]),
        Text(**plain["printed"]),
        Text(**plain["definition"]),
        plain["group"],
    )


def _condition(plain: Mapping[str, Any] | None) -> Condition | None:
    return Condition(plain["field"], tuple(plain["in"])) if plain else None
