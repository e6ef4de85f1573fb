"""Links that speak for themselves: a value signed for one purpose, readable without signing in."""

from __future__ import annotations

import hashlib
from typing import Any

from itsdangerous import BadData, URLSafeSerializer


def sealed(key: str, purpose: str, value: Any) -> str:
    """Return ``value`` (plain JSON) as a part of an address that nobody else can make up."""
    return str(_signer(key, purpose).dumps(value))


def opened(key: str, purpose: str, token: str) -> Any:
    """Return the value of a token; None where it is none of ours, or was made for another purpose."""
    try:
        return _signer(key, purpose).loads(token)
    except BadData:
        return None


def _signer(key: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})
