"""Form versions that nobody published: those of the installation with other options, and a chain of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import rfc8785

from register.formspec.crosswalk import Change, Crosswalk
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import FormSpec, Text
from register.vocab import ChangeKind
from tests.support.round_files import LIBRARY

RULE = Text("規則", "Rule")


def with_options(
    spec: FormSpec, field: str, more: Mapping[str, str], *, without: tuple[str, ...] = (), version: str = ""
) -> FormSpec:
    """Return a version in which a field has further options and lacks others."""
    plain = json.loads(spec.canonical)
    own = next(one for one in plain["fields"] if one["id"] == field)
    blank = {"ja": "", "en": ""}
    own["options"] = [one for one in own["options"] if one["code"] not in without]
    own["options"] += [
        {
            "code": code,
            "ja": label,
            "en": label,
            "printed": {"ja": label, "en": label},
            "definition": blank,
            "group": "",
        }
        for code, label in more.items()
    ]
    return from_canonical(rfc8785.dumps(plain | {"version": version or spec.version}))


def step(before: str, after: str, codes: Mapping[tuple[str, str], tuple[ChangeKind, str]]) -> Crosswalk:
    """Return a crosswalk that says what became of some codes: the kind, and the code that a dropped one became."""
    told = {name: Change(kind, RULE, to) for name, (kind, to) in codes.items()}
    fields = {field: Change(ChangeKind.NARROWED, RULE) for field, _ in codes}
    return Crosswalk(before, after, frozenset(), fields, told)


# Form 3 drops general-purpose 2 for general-purpose 1, splits specialised 1, drops specialised 2, and has a new type.
V3 = with_options(LIBRARY.versions["v2"], "usage_type", {"N3": "新しい型"}, without=("G2", "S2"), version="v3")
# Form 4 narrows the new type and drops it from the scopes of users what is outside.
V4 = with_options(V3, "user_scope", {}, without=("7",), version="v4")
LONGER = FormLibrary(
    {**LIBRARY.versions, "v3": V3, "v4": V4},
    (
        *LIBRARY.crosswalks,
        step(
            "v2",
            "v3",
            {
                ("usage_type", "G2"): (ChangeKind.RETIRED, "G1"),
                ("usage_type", "S1"): (ChangeKind.SPLIT, ""),
                ("usage_type", "S2"): (ChangeKind.RETIRED, ""),
                ("usage_type", "N3"): (ChangeKind.NEW, ""),
            },
        ),
        step(
            "v3",
            "v4",
            {("usage_type", "N3"): (ChangeKind.NARROWED, ""), ("user_scope", "7"): (ChangeKind.RETIRED, "6")},
        ),
    ),
)
