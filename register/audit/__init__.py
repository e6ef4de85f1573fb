"""Who did what, when and why: written in the deed's own transaction, chained, and verifiable without us."""

from register.audit.chain import GENESIS, entry_hash, merkle_root
from register.audit.compare import Difference, differences
from register.audit.events import Event
from register.audit.record import UnnamedChange, head, record
from register.audit.replay import Replayed, copy_edition_texts, replay, seq_at
from register.audit.restore import PURGED
from register.audit.scratch import scratch
from register.audit.verify import Anchor, Broken, Finding, verify

__all__ = [
    "GENESIS",
    "PURGED",
    "Anchor",
    "Broken",
    "Difference",
    "Event",
    "Finding",
    "Replayed",
    "UnnamedChange",
    "copy_edition_texts",
    "differences",
    "entry_hash",
    "head",
    "merkle_root",
    "record",
    "replay",
    "scratch",
    "seq_at",
    "verify",
]
