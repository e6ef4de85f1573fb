"""Who did what, when and why: written in the deed's own transaction, chained, and verifiable without us."""

from register.audit.chain import GENESIS, entry_hash, merkle_root
from register.audit.events import Event
from register.audit.record import UnnamedChange, head, record
from register.audit.verify import Anchor, Finding, verify

__all__ = [
    "GENESIS",
    "Anchor",
    "Event",
    "Finding",
    "UnnamedChange",
    "entry_hash",
    "head",
    "merkle_root",
    "record",
    "verify",
]
