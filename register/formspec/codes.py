"""The roster of ministries in ``config/ministries.toml`` and the check digit of their corporate numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from register.text import code_key


def load_roster(config_dir: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the bodies of the roster by folded name; raise ``ValueError`` on a wrong corporate number."""
    raw = tomllib.loads((config_dir / "ministries.toml").read_text(encoding="utf-8"))["ministries"]
    for entry in raw:
        number = entry.get("corporate_number")
        if number and not is_corporate_number(number):
            raise ValueError(f"{number} of {entry['name']} is no corporate number")
    return {code_key(entry["name"]): entry for entry in raw}


def is_corporate_number(text: str) -> bool:
    """Tell whether ``text`` is a 法人番号: 13 digits, the first of which checks the others.

    The check digit is 9 − (Σ Pn·Qn mod 9), n counted from the right, Qn 1 for odd and 2 for even n (国税庁).
    """
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        return False
    weighted = sum(int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text[1:])))
    return int(text[0]) == 9 - weighted % 9
