"""The way of a message: it is handed over once, and what may have been handed over is never sent again by itself."""

from __future__ import annotations

from collections.abc import Mapping

from register.errors import NotNow, say
from register.vocab import MessageState

_QUEUED, _CLAIMED, _SENDING, _SENT, _UNCERTAIN, _FAILED, _SUPERSEDED = MessageState

MESSAGE: Mapping[MessageState, frozenset[MessageState]] = {
    # Let go by a person, where its channel was turned off or it has waited too long.
    _QUEUED: frozenset({_CLAIMED, _SUPERSEDED}),
    # Nothing was handed over yet: whoever leads next may begin anew.
    _CLAIMED: frozenset({_SENDING, _QUEUED, _FAILED, _SUPERSEDED}),
    _SENDING: frozenset({_SENT, _QUEUED, _FAILED, _UNCERTAIN}),
    # What was taken may still come back.
    _SENT: frozenset({_FAILED}),
    # By a person alone, or by what comes back.
    _UNCERTAIN: frozenset({_QUEUED, _FAILED, _SUPERSEDED}),
    _FAILED: frozenset({_QUEUED, _SUPERSEDED}),
    _SUPERSEDED: frozenset(),
}
# What a person has to look at, in the order in which it is shown.
MESSAGE_FLAGGED = (_UNCERTAIN, _FAILED)
# In the runner's hands: what a person did to it meanwhile would be sent all the same, or twice.
_HELD = (_CLAIMED, _SENDING)


def message_move(source: MessageState, target: MessageState) -> None:
    """Raise ``NotNow`` when a person cannot make ``target`` of a message in ``source``."""
    if source in _HELD or target not in MESSAGE[source]:
        raise NotNow(say("このメールは「%(state)s」です。最新の状態を確認してください。", state=source))
