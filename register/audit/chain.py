"""The chain's arithmetic: canonical bodies, hashes, the Merkle root. Pure, so that a verifier needs nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

import rfc8785

GENESIS = "0" * 64


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of ``value``."""
    return rfc8785.dumps(value)


def entry_hash(body: bytes) -> str:
    """Return the hash of an entry's canonical body: the RFC 6962 leaf hash, in hex."""
    return hashlib.sha256(b"\x00" + body).hexdigest()


def merkle_root(leaves: Iterable[str]) -> str:
    """Return the RFC 6962 tree head over entry hashes, in hex (section 2.1: split at the largest power of two)."""
    # A stack of complete subtrees, one per set bit of the count, gives the same tree without recursion.
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        node, height = bytes.fromhex(leaf), 0
        while stack and stack[-1][0] == height:
            node = _inner(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    if not stack:
        return hashlib.sha256(b"").hexdigest()
    node = stack.pop()[1]
    while stack:
        node = _inner(stack.pop()[1], node)
    return node.hex()


def _inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def digest_of(salt: str, value: Any) -> str:
    """Return the salted digest that stands in the chain for a confidential ``value``."""
    return hmac.new(bytes.fromhex(salt), canonical(value), hashlib.sha256).hexdigest()
