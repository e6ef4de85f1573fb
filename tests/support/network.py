"""The guard that keeps the tests on this machine: Python sockets reach the loopback only."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

LOCAL_NAMES = {"localhost", "", "0.0.0.0"}


class NetworkRefused(RuntimeError):
    """A test wanted to leave this machine."""


def is_local(host: object) -> bool:
    """Return whether ``host`` is this machine; what is no text (a netlink or a file socket) is."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections and look-ups that leave the machine; installed as an audit hook of the interpreter."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if not is_local(host):
        raise NetworkRefused(f"tests use no network, but something wanted to reach {host!r}")


def forbid() -> None:
    """Install the guard for the rest of this process; there is no way back."""
    sys.addaudithook(watch)
