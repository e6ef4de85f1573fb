"""Webhooks: one signed POST to an address that this installation admits.

Signed as in Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over the id, the moment and the body, so that the
receiver can tell who sent it, that nobody changed it, and that it has it already. Where a request may go at all is not
for whoever enters the address to say: the installation names the hosts, and a host that leads to an address inside the
network is refused unless that network is named too (SSRF). The name is looked up once, and what was looked at is
connected to. No redirect is followed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from register.errors import RegisterError, Say, Unusable, say

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Of IPv6, only what is given out as public (IANA). An address of NAT64 (64:ff9b::/96), outside of it, and of 6to4 and
# Teredo, in it, leads to the IPv4 address that it holds, and that may be an inner one.
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
TUNNELS = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))
PREFIX = "whsec_"
LONGEST_URL = 2000
# Of an answer, only the beginning is kept for whoever looks why it was refused.
SHOWN = 500
# The part of the time that a name, a connection and its encryption may take.
TO_CONNECT = 0.5


class Refused(RegisterError):
    """The address is none that may be called; the sentence says why."""


class NotReached(Exception):
    """No answer came. ``sure``: the request was not handed over, so that it may be made again."""

    def __init__(self, detail: str, *, sure: bool) -> None:
        super().__init__(detail)
        self.sure = sure


@dataclass(frozen=True)
class Admitted:
    """Where this installation lets webhooks go: hosts by name, and inner networks in which they may lie."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def host(self, url: str) -> URL:
        """Return the address in parts; raise ``Refused`` when it is none, or not one of ours."""
        try:
            parts = URL(url)
            port = parts.port
        except ValueError:
            parts, port = URL(), None
        if len(url) > LONGEST_URL or not parts.host or port is None:
            raise Refused(say("送信先は、https:// で始まるURLで入力してください。"))
        if parts.user or parts.password or parts.fragment:
            raise Refused(say("送信先のURLに、利用者名、パスワード、「#」は入れられません。"))
        if parts.host.lower().rstrip(".") not in self.hosts:
            raise Refused(_unknown(parts.host, self.hosts))
        if parts.scheme != "https" and not (parts.scheme == "http" and self.networks):
            raise Refused(say("送信先は、https:// で始まるURLで入力してください。"))
        return parts

    def address(self, text: str) -> bool:
        """Tell whether an address may be connected to: any of the public network, and those of the named networks."""
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            return False
        return _public(getattr(found, "ipv4_mapped", None) or found) or self.inside(text)

    def inside(self, text: str) -> bool:
        """Tell whether an address lies in one of the named networks."""
        found = ipaddress.ip_address(text)
        inner = getattr(found, "ipv4_mapped", None) or found
        return any(inner.version == network.version and inner in network for network in self.networks)


def _public(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(found, ipaddress.IPv6Address) and (found not in PUBLIC_V6 or any(found in one for one in TUNNELS)):
        return False
    return found.is_global and not found.is_multicast


def _unknown(host: str, hosts: Collection[str]) -> Say:
    if not hosts:
        return say("この台帳には、通知を送れる先が設定されていません。管理者に連絡してください。")
    return say("%(host)s には送れません。送れる先：%(hosts)s", host=host[:100], hosts="、".join(sorted(hosts)))


class _Resolver(AbstractResolver):
    """Looks names up and keeps only what is admitted."""

    def __init__(self, admitted: Admitted, scheme: str) -> None:
        self._admitted = admitted
        self.may = admitted.address if scheme == "https" else admitted.inside

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        kept = [
            ResolveResult(hostname=host, host=str(one[4][0]), port=port, family=one[0], proto=one[2], flags=0)
            for one in found
            if self.may(str(one[4][0]))
        ]
        if not kept:
            raise OSError(None, f"{host} leads to no address that is admitted")
        return kept

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Answer:
    """What the receiver said: its status, and the beginning of its text on one line."""

    status: int
    text: str

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def later(self) -> bool:
        """Whether it may be asked again: it is busy, or has a fault of its own."""
        return self.status in (408, 425, 429) or self.status >= 500


def admitted_of(hosts: Collection[str], networks: Collection[str]) -> Admitted:
    """Return what the settings admit; raise ``Unusable`` for a network that is none."""
    try:
        inner = tuple(ipaddress.ip_network(one) for one in networks)
    except ValueError as error:
        raise Unusable(f"REGISTER_WEBHOOK_NETWORKS: {error}") from None
    return Admitted(frozenset(host.lower().rstrip(".") for host in hosts), inner)


def secret_of(key: str, name: str) -> str:
    """Return the key of the webhook ``name`` in the standard's form, made of the installation's own."""
    return PREFIX + base64.b64encode(hmac.digest(key.encode(), f"webhook {name}".encode(), "sha256")).decode()


def signature(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """Return the header ``webhook-signature``; raise ``ValueError`` when the key has not the standard's form."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the key is not base64") from error
    signed = b".".join((message_id.encode(), str(int(at.timestamp())).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post(
    url: str, body: bytes, *, secret: str, message_id: str, at: datetime, admitted: Admitted, seconds: float = 10.0
) -> Answer:
    """Hand ``body`` (JSON) over and return the answer; raise ``Refused`` or ``NotReached``."""
    parts = admitted.host(url)
    headers = {
        "content-type": "application/json",
        "user-agent": "AI-case-register",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secret, message_id, at, body),
    }
    return asyncio.run(_post(parts, body, headers, admitted, seconds))


async def _post(parts: URL, body: bytes, headers: dict[str, str], admitted: Admitted, seconds: float) -> Answer:
    if _literal(parts) and not _Resolver(admitted, parts.scheme).may(str(parts.host)):
        raise Refused(say("送信先のアドレスは、この台帳から送れる範囲にありません。"))
    # Smaller than the whole, which would end an attempt to connect too and could not tell it from a silent receiver.
    limits = aiohttp.ClientTimeout(total=seconds, connect=seconds * TO_CONNECT)
    connector = aiohttp.TCPConnector(resolver=_Resolver(admitted, parts.scheme), use_dns_cache=False, force_close=True)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limits, trust_env=False) as client,
            client.post(parts, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            text = (await answer.content.read(SHOWN)).decode("utf-8", "replace")
            return Answer(answer.status, " ".join(text.split()))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        raise NotReached(f"{type(error).__name__}: {error}", sure=True) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotReached(f"{type(error).__name__}: {error}", sure=False) from error


def _literal(parts: URL) -> bool:
    try:
        ipaddress.ip_address(str(parts.host))
    except ValueError:
        return False
    return True
