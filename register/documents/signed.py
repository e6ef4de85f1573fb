"""Signing what was rendered, where the installation has a key: the unsigned bytes stay the first bytes of the file."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import structlog

from register.errors import Unusable
from register.formats.signing import SealFailed, StampAway
from register.formats.signing_process import seal_in_child
from register.runtime import Runtime
from register.vocab import SnapshotState

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Signed:
    """A file as it is handed out, and how it was rendered: where it waits for its signature, both are one."""

    content: bytes
    rendered: bytes
    state: SnapshotState
    signed_at: dt.datetime | None

    @property
    def sha256(self) -> str:
        """The digest of the file as it is handed out, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def unsigned_sha256(self) -> str:
        """The digest of the file as it was rendered, in hex."""
        return hashlib.sha256(self.rendered).hexdigest()


def signed(run: Runtime, rendered: bytes) -> Signed:
    """Return the file signed and stamped; unsigned without a key, and waiting where key or time stamp cannot be had.

    Never a signature without the stamp that the settings ask for: what could not be stamped is signed later.
    """
    if not run.signing.signs:
        return Signed(rendered, rendered, SnapshotState.ISSUED, None)
    now = run.clock.now()
    try:
        return Signed(seal_in_child(rendered, run.signing, now), rendered, SnapshotState.SIGNED, now)
    except (StampAway, SealFailed) as error:
        log.error("a snapshot could not be signed", sentence=str(error.sentence), detail=error.detail)
    except Unusable as error:
        log.error("a snapshot could not be signed", sentence=str(error))
    return Signed(rendered, rendered, SnapshotState.WAITING, None)
