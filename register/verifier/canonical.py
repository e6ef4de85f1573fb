"""JSON as RFC 8785 writes it: one text for one value. Read strictly, since a pack may be forged."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

LARGEST_NUMBER = 2**53 - 1
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """Return the one form of ``value``; raise ``ValueError`` for what the register does not write."""
    try:
        text = ENCODER.encode(value)
    except TypeError:
        text = ""
    # Written in one go it is right but for decimals, which are refused there, and keys that UTF-16 sorts otherwise.
    return (text if text and max(text) < "\U00010000" else _canonical(value)).encode("utf-8")


def _canonical(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        # Python and RFC 8785 write these alike; of exponents and whole numbers each has its own form.
        text = repr(float(value))
        if not re.fullmatch(r"-?\d+\.\d+", text) or text.endswith(".0"):
            raise ValueError("a number in an unusual form")
        return text
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_canonical(value[key])}" for key in keys) + "}"


def parsed(data: bytes) -> Any:
    """Return what JSON says; raise ``ValueError`` for a name that stands twice, and for what is no number."""
    text = data.decode("utf-8")
    return json.loads(text, object_pairs_hook=_once, parse_int=_integer, parse_float=Decimal, parse_constant=_constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _integer(text: str) -> int:
    if len(text) > len(str(LARGEST_NUMBER)) + 1 or abs(int(text)) > LARGEST_NUMBER:
        raise ValueError("a number that is too large")
    return int(text)


def _constant(text: str) -> Any:
    raise ValueError(f"no number: {text}")
