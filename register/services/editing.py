"""What every edit of a versioned row shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from register.errors import Stale, say


def refuse_stale(row: Any, version: int, shown: Sequence[str]) -> None:
    """Raise ``Stale`` with the stored values of ``shown`` when ``row`` was saved since ``version`` was read."""
    if row.version != version:
        theirs = {name: getattr(row, name) for name in shown}
        raise Stale(say("ほかの人が先に保存しました。両方の内容を確認してください。"), theirs, row.version)
