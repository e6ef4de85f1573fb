"""Keys, certificates and time-stamping authorities for the tests of signatures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import DummyTimeStamper

from register.formats.demo_ca import Identity, Key, issue
from register.formats.pdf_sign import Signer, seal
from register.formats.signing import SigningConfig, Trust
from register.formats.signing_keys import FileKey, Loaded
from tests.support.sample_document import page, sample

NOW = datetime(2026, 4, 1, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2036, 4, 1, tzinfo=UTC)


@cache
def rsa_key(name: str) -> Key:
    """Return a key that is always the same for one name, since making one takes time."""
    return rsa.generate_private_key(65537, 2048)


@cache
def curve_key(name: str) -> Key:
    """The same on an elliptic curve."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def authority(name: str = "DEMO Root") -> Identity:
    """Return a root authority."""
    return issue(name, NOW, rsa_key(name), authority=True)


@cache
def signer_of(name: str = "DEMO Signer 試験用", root: str = "DEMO Root", **how: Any) -> Identity:
    """Return a signer below a root."""
    return issue(name, NOW, rsa_key(name), by=authority(root), **how)


@cache
def stamper_of(root: str = "DEMO Root", **how: Any) -> Identity:
    """Return a time-stamping authority below a root."""
    name = "DEMO TSA 試験用"
    return issue(name, NOW, rsa_key(name), by=authority(root), purpose=ExtendedKeyUsageOID.TIME_STAMPING, **how)


def written(folder: Path, own: Identity, *chain: Identity, **more: Any) -> SigningConfig:
    """Write the key and the certificates as PEM and return the settings that sign with them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key.pem").write_bytes(own.key_pem)
    (folder / "cert.pem").write_bytes(b"".join(one.certificate_pem for one in (own, *chain)))
    return SigningConfig(key_file=folder / "key.pem", cert_file=folder / "cert.pem", **more)


def signer_with(own: Identity, *chain: Identity, stamper: Identity | None = None) -> Signer:
    """Return a signer as it is after loading; ``stamper`` stamps with the moment of signing."""
    loaded = Loaded(FileKey(own.key), own.certificate, tuple(one.certificate for one in chain))
    return Signer(loaded, (lambda at: local(stamper, at)) if stamper else None)


def trusting(*roots: Identity, **more: Any) -> Trust:
    """Return the trust in these certificates."""
    pem = tuple(one.certificate_pem for one in roots)
    return Trust(pem, **({"stamp_roots": pem} | more))


@cache
def unsigned() -> bytes:
    """Return a small document."""
    return sample(page("<h1>題</h1><p>本文</p>"))


def sealed(own: Identity | None = None, stamper: Identity | None = None, at: datetime = NOW) -> bytes:
    """Return the small document, signed."""
    return seal(unsigned(), signer_with(own or signer_of(), stamper=stamper), at)


@cache
def local(own: Identity, at: datetime) -> DummyTimeStamper:
    """Return an authority that stamps in this process, for one thread at a time."""
    der = own.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = x509.Certificate.load(own.certificate.public_bytes(Encoding.DER))
    return DummyTimeStamper(certificate, keys.PrivateKeyInfo.load(der), fixed_dt=at)


class Desk(ThreadingHTTPServer):
    """A time-stamping authority on the loopback; ``mood`` says how it answers, after ``good_until`` good answers."""

    daemon_threads = True

    def __init__(self, own: Identity, at: datetime = NOW) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.stamper, self.turn = local(own, at), threading.Lock()
        self.mood = "good"
        self.asked = self.good_until = 0
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}/tsa"


class Answer(BaseHTTPRequestHandler):
    """One answer of the authority."""

    server: Desk

    def do_POST(self) -> None:
        """Answer as the mood is."""
        self.server.asked += 1
        request = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Content-Type"] == "application/timestamp-query"
        mood = self.server.mood if self.server.asked > self.server.good_until else "good"
        with self.server.turn:
            getattr(self, mood)(request)

    def good(self, request: tsp.TimeStampReq) -> None:
        """A stamp."""
        self.say(self.server.stamper.request_tsa_response(request).dump())

    def refuse(self, _request: tsp.TimeStampReq) -> None:
        """A refusal by the rules of the protocol."""
        self.say(tsp.TimeStampResp({"status": {"status": "rejection", "status_string": ["no"]}}).dump())

    def error(self, _request: tsp.TimeStampReq) -> None:
        """A refusal by HTTP."""
        self.say(b"", status=503)

    def elsewhere(self, _request: tsp.TimeStampReq) -> None:
        """A redirect to itself."""
        self.send_response(302)
        self.send_header("Location", self.server.url)
        self.end_headers()

    def garbage(self, _request: tsp.TimeStampReq) -> None:
        """No ASN.1 at all."""
        self.say(b"<html>not found</html>")

    def nothing(self, _request: tsp.TimeStampReq) -> None:
        """An empty answer."""
        self.say(b"")

    def endless(self, _request: tsp.TimeStampReq) -> None:
        """More than any stamp."""
        self.say(bytes(3_000_000))

    def stall(self, _request: tsp.TimeStampReq) -> None:
        """The beginning of an answer, and then no more."""
        self.send_response(200)
        self.send_header("Content-Length", "4000")
        self.end_headers()
        self.server.closing.wait(20)

    def other_nonce(self, request: tsp.TimeStampReq) -> None:
        """A stamp for another question."""
        request["nonce"] = 7
        self.good(tsp.TimeStampReq.load(request.dump()))

    def other_digest(self, request: tsp.TimeStampReq) -> None:
        """A stamp on other bytes."""
        request["message_imprint"]["hashed_message"] = bytes(32)
        self.good(tsp.TimeStampReq.load(request.dump(force=True)))

    def forged(self, request: tsp.TimeStampReq) -> None:
        """A stamp whose signature is wrong."""
        answer = bytearray(self.server.stamper.request_tsa_response(request).dump())
        answer[-1] ^= 1
        self.say(bytes(answer))

    def say(self, body: bytes, status: int = 200) -> None:
        """Send the answer."""
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Answer; a client that has gone away is no error of the test."""
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


@contextmanager
def desk(own: Identity | None = None, at: datetime = NOW) -> Iterator[Desk]:
    """Run an authority on the loopback."""
    server = Desk(own or stamper_of(), at)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", "127.0.0.1")
            yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
