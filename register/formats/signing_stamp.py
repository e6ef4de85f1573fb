"""Time stamps (RFC 3161) from an authority on the network, or from the demo's own.

Whatever an authority answers that is no good stamp becomes ``StampAway``: there is no falling back to a signature
without one. A stamp is checked before it is used, so that no file goes out that would fail its own check.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
from asn1crypto import cms, tsp
from asn1crypto import keys as asn1_keys
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.timestamps import DummyTimeStamper, TimeStamper
from pyhanko.sign.timestamps.common_utils import extract_ts_certs
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from register.errors import Unusable, say
from register.formats.signing import DEMO_TSA, SigningConfig, StampAway, Trust, read
from register.formats.signing_cms import certificate, require_sound
from register.formats.signing_trust import trust_of

URL = "REGISTER_TSA_URL"
HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
LARGEST = 256 * 1024  # bytes of an answer; real ones have 2 to 10 kB
# Gives a new one for each signature: what it parses cannot be shared by threads.
Stampers = Callable[[datetime], TimeStamper]


def stampers(config: SigningConfig) -> Stampers | None:
    """Return what gives, for the moment of signing, the authority to ask; None where no authority is named.

    Raises ``Unusable`` when the settings cannot work.
    """
    url = config.tsa_url
    if not url:
        return None
    trust = trust_of(config)
    if url == DEMO_TSA:
        return _demo(config, trust)
    if not url.startswith(("http://", "https://")):
        raise Unusable(f"{URL} must begin with http:// or https://")
    example: list[bytes] = []
    return lambda _at: NetworkStamper(url, config.tsa_seconds, trust, example)


def _demo(config: SigningConfig, trust: Trust) -> Stampers:
    if config.demo_folder is None:
        raise Unusable(f"{URL}: {DEMO_TSA} is the demo's authority and there is no demo")
    own = read(config.demo_folder / "tsa.pem", URL)
    key = asn1_pem.unarmor(read(config.demo_folder / "tsa.key.pem", URL))[2]
    return lambda at: DemoStamper(certificate(own), asn1_keys.PrivateKeyInfo.load(key), at, trust)


async def _checked(token: cms.ContentInfo, digest: bytes, trust: Trust) -> cms.ContentInfo:
    """Return the stamp when it is one for ``digest`` and, where roots are known, of an authority that is trusted."""
    require_sound(token["content"])
    own = list(extract_ts_certs(token, SimpleCertificateStore()))
    roots = [certificate(one) for one in trust.stamp_roots]
    moment = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    context = ValidationContext(trust_roots=roots or own, moment=moment, allow_fetching=False)
    status = TimestampSignatureStatus(
        **await validate_tst_signed_data(token["content"], context, lambda _algorithm: digest)
    )
    if not (status.intact and status.valid):
        raise StampAway(say("タイムスタンプ局の応答が正しいタイムスタンプではないため、署名していません。"))
    if not status.trusted:
        detail = f"{status.signing_cert.subject.human_friendly}: {status.trust_problem_indic}"
        raise StampAway(say("タイムスタンプ局の証明書を信頼できないため、署名していません。"), detail)
    return token


class NetworkStamper(TimeStamper):
    """Asks an authority by HTTP: one request without redirects, ``seconds`` in all, and no more than ``LARGEST``.

    The machine's own certificate authorities count for https, and its proxy settings. ``example`` is a stamp that was
    given before, if one was: pyHanko wants one to know how much room to leave.
    """

    def __init__(self, url: str, seconds: float, trust: Trust, example: list[bytes]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url, self._seconds, self._trust, self._example = url, seconds, trust, example

    async def async_dummy_response(self, md_algorithm: str) -> cms.ContentInfo:
        """Return a stamp of the size that this authority's have."""
        if self._example and md_algorithm not in self._dummy_response_cache:
            example = cms.ContentInfo.load(self._example[0])
            self._register_dummy(md_algorithm, example)  # type: ignore[no-untyped-call]
        token = await super().async_dummy_response(md_algorithm)
        if not self._example:
            self._example.append(token.dump())
        return token

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a stamp for the digest; raise ``StampAway``."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            return await _checked(token, message_digest, self._trust)
        except StampAway:
            raise
        except Exception as error:  # what comes over the network may be anything
            sentence = say("タイムスタンプ局から使えるタイムスタンプを得られないため、署名していません。")
            # The address may hold a password.
            detail = f"{type(error).__name__}: {error}".replace(self._url, "REGISTER_TSA_URL")
            raise StampAway(sentence, detail) from error

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return the authority's answer, not yet looked at."""
        limit = aiohttp.ClientTimeout(total=self._seconds)
        # Reading the machine's authorities takes a tenth of a second.
        context = ssl.create_default_context() if self._url.startswith("https:") else True
        connector = aiohttp.TCPConnector(ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit, trust_env=True) as session,
            session.post(self._url, data=req.dump(), headers=HEADERS, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            body = bytearray()
            async for part in answer.content.iter_any():
                body += part
                if len(body) > LARGEST:
                    raise OSError("the answer is too large")
        return tsp.TimeStampResp.load(bytes(body), strict=True)


class DemoStamper(DummyTimeStamper):
    """The demo's own authority: it stamps with the moment that it is told."""

    def __init__(self, own: asn1_x509.Certificate, key: asn1_keys.PrivateKeyInfo, at: datetime, trust: Trust) -> None:
        super().__init__(own, key, fixed_dt=at.astimezone(UTC).replace(microsecond=0))
        self._trust = trust

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a stamp for the digest; raise ``StampAway`` when the demo's certificates are not trusted."""
        return await _checked(await super().async_timestamp(message_digest, md_algorithm), message_digest, self._trust)
