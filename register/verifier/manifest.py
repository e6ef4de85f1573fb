"""The manifest (manifest.json): what it must tell of a pack and of each file, by kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from register.verifier.canonical import canonical, parsed
from register.verifier.findings import why

FORMAT = "ai-case-register/pack/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.p7s"
CHAIN, LEAVES = "audit/chain.jsonl", "audit/leaves.txt"
DEFINITIONS, CROSSWALK = "tables/definitions.json", "tables/crosswalk.json"
HEX = re.compile(r"[0-9a-f]{64}")


def _is_hex(value: Any) -> bool:
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_audit(value: Any) -> bool:
    return isinstance(value, dict) and not list(unlike(value, AUDIT, ""))


Shape = dict[str, Callable[[Any], bool]]
AUDIT: Shape = {"length": _is_count, "head": _is_hex, "root": _is_hex}
# The types of document, and the folder of each.
TYPES = {"report": "documents", "edition": "documents", "annex": "documents", "receipt": "receipts"}
WHOLE: Shape = {
    "format": lambda value: value == FORMAT,
    "number": _is_text,
    "id": _is_text,
    "round": _is_text,
    "made_at": _is_text,
    "audit": _is_audit,
    "software": _is_texts,
    "without_receipt": _is_names,
    "files": lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
    "digest": _is_hex,
}
EVERY: Shape = {"path": _is_text, "size": _is_count, "sha256": _is_hex, "kind": _is_text}
DOCUMENT: Shape = {
    "type": lambda value: value in TYPES,
    "snapshot": _is_text,
    "id": _is_text,
    "issued": lambda value: isinstance(value, bool),
    "unsigned_size": _is_count,
    "unsigned_sha256": _is_hex,
    "data": _is_text,
    "data_sha256": _is_hex,
    "language": lambda value: value in ("ja", "en"),
    "variant": lambda value: value in ("public", "closed"),
}
# The kinds of file: what the manifest tells of each, and where it lies.
KINDS: dict[str, tuple[Shape, str]] = {
    "document": (DOCUMENT, r"(documents|receipts)/[^/]+\.pdf"),
    "data": ({"document": _is_text, "attachment": _is_text}, r"data/[^/]+\.(json|csv|xlsx)"),
    "form": ({"form": _is_text, "version": _is_text}, r"forms/[^/]+\.json"),
    "table": ({}, r"tables/(definitions|crosswalk)\.json"),
    "chain": ({}, r"audit/chain\.jsonl"),
    "leaves": ({}, r"audit/leaves\.txt"),
    "program": ({}, r"verify\.py"),
    "readme": ({}, r"README\.txt"),
}
NEEDED = (DEFINITIONS, CROSSWALK, CHAIN, LEAVES, "verify.py", "README.txt")


def unlike(value: dict[str, Any], shape: Shape, where: str) -> Iterator[str]:
    """Yield what of an object is not as its shape says."""
    yield from (f"{where}{key}" for key in sorted(shape.keys() ^ value.keys()))
    yield from (f"{where}{key}" for key, right in shape.items() if key in value and not right(value[key]))


def manifest_problems(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return the manifest and what is wrong with it."""
    try:
        value = parsed(data)
        if not isinstance(value, dict):
            return {}, ["no object"]
        own = {name: part for name, part in value.items() if name != "digest"}
        found = list(unlike(value, WHOLE, ""))
        if canonical(value) != data:
            found.append("RFC 8785")
        if hashlib.sha256(canonical(own)).hexdigest() != value.get("digest"):
            found.append("digest")
    except (ValueError, RecursionError) as error:
        return {}, [why(error)]
    if "files" not in found and "files" in value:
        for place, one in enumerate(value["files"]):
            shape = {**EVERY, **KINDS.get(str(one.get("kind")), ({}, ""))[0]}
            found += unlike(one, shape, f"files[{place}].")
    return value, found
