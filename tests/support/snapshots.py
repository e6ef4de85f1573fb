"""Rows of snapshots without files: what a test that only needs a row takes."""

from __future__ import annotations

from typing import Any

from register.models import Snapshot
from register.vocab import SnapshotKind
from tests.support.data import NOW


def values(**others: Any) -> dict[str, Any]:
    """Return the values of a row, with ``others`` in the place of the usual ones."""
    digests = dict.fromkeys(("sha256", "unsigned_sha256", "data_sha256", "audit_head", "audit_root"), "0" * 64)
    return {
        "kind": SnapshotKind.REPORT,
        "title": "台帳写し",
        "language": "ja",
        "file_name": "report-2025-2-001-ja.pdf",
        "path": "none.pdf",
        "size": 1,
        "unsigned_size": 1,
        "pages": 1,
        "audit_seq": 0,
        "made_at": NOW,
        "made_by": "事務局",
        **digests,
        **others,
    }


def row(**others: Any) -> Snapshot:
    """Return a snapshot with these values."""
    return Snapshot(**values(**others))
