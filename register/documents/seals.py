"""The seal of a snapshot: given at its making, and read back from its row for a copy."""

from __future__ import annotations

from register.documents.paper import Anchor, Seal
from register.models import Snapshot
from register.runtime import Runtime


def address(run: Runtime, public_id: str) -> str:
    """Return where a snapshot is checked; empty where the installation has no public address."""
    base = run.settings.public_url.rstrip("/")
    return f"{base}/verify/{public_id}" if base else ""


def seal_of(run: Runtime, snapshot: Snapshot) -> Seal:
    """Return the seal that a snapshot was made with."""
    public_id = str(snapshot.public_id)
    return Seal(
        snapshot.number,
        public_id,
        snapshot.made_at,
        snapshot.made_by,
        Anchor(snapshot.audit_seq, snapshot.audit_head, snapshot.audit_root),
        address(run, public_id),
        as_of=snapshot.as_of,
        volume=snapshot.volume,
        volumes=snapshot.volumes,
        supersedes=snapshot.supersedes.number if snapshot.supersedes else "",
    )
