"""The verifier and signatures: looked at where pyHanko and a trusted certificate are there, and said where not."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from asn1crypto import cms, keys, x509
from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.support import packs
from tests.support.packs import Check

STAMPED = dt.datetime(2025, 11, 30, 3, 0, tzinfo=dt.UTC)
USAGE = dict.fromkeys(
    ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
)


class Identity(NamedTuple):
    """A certificate and its key."""

    certificate: crypto.Certificate
    key: rsa.RSAPrivateKey


def identity(name: str, issuer: Identity | None, until: int = 2049, *, stamps: bool = False) -> Identity:
    """Return a certificate that holds from 2020 to the first day of the year ``until``."""
    key = rsa.generate_private_key(65537, 2048)
    own = crypto.Name([crypto.NameAttribute(crypto.NameOID.COMMON_NAME, name)])
    authority = issuer is None
    usage = crypto.KeyUsage(
        digital_signature=True, content_commitment=not authority, key_cert_sign=authority, crl_sign=authority, **USAGE
    )
    made = (
        crypto.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.certificate.subject if issuer else own)
        .public_key(key.public_key())
        .serial_number(sum(name.encode()))
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(until, 1, 1, tzinfo=dt.UTC))
        .add_extension(crypto.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    if stamps:
        made = made.add_extension(crypto.ExtendedKeyUsage([crypto.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Identity(made.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def loaded(one: Identity) -> tuple[x509.Certificate, keys.PrivateKeyInfo]:
    """Return a certificate and its key as pyHanko takes them."""
    der, plain = serialization.Encoding.DER, serialization.NoEncryption()
    key = one.key.private_bytes(der, serialization.PrivateFormat.PKCS8, plain)
    return x509.Certificate.load(one.certificate.public_bytes(der)), keys.PrivateKeyInfo.load(key)


class Office:
    """An authority, whom it certified, and its time stamps."""

    def __init__(self, until: int = 2049) -> None:
        self.root = identity("root", None)
        root, _ = loaded(self.root)
        store = SimpleCertificateStore.from_certs([root])
        certificate, key = loaded(identity("signer", self.root, until))
        self.signer = signers.SimpleSigner(certificate, key, store)
        certificate, key = loaded(identity("stamper", self.root, stamps=True))
        self.stamper = timestamps.DummyTimeStamper(certificate, key, certs_to_embed=store, fixed_dt=STAMPED)

    def seal(self, content: bytes) -> bytes:
        """Return a PDF with a signature behind it."""
        meta = signers.PdfSignatureMetadata(
            field_name="Signature",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        return signers.sign_pdf(writer, meta, self.signer, timestamper=self.stamper).getvalue()

    def sign(self, content: bytes) -> bytes:
        """Return a signature that stands beside a file."""
        made = self.signer.async_sign_general_data(content, "sha256", timestamper=self.stamper)
        return asyncio.run(made).dump()

    def trusted(self, folder: Path) -> str:
        """Return the file of the root's certificate."""
        path = folder / "root.pem"
        path.write_bytes(self.root.certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)


@cache
def office() -> Office:
    """Return the authority of these tests."""
    return Office()


@pytest.fixture
def root(tmp_path: Path) -> str:
    """The certificate that is trusted."""
    return office().trusted(tmp_path)


def signed() -> packs.Members:
    """Return a pack whose report and manifest are signed."""
    return packs.honest(office().seal, office().sign)


def test_signatures_are_followed_to_the_certificate(said: Check, root: str, tmp_path: Path) -> None:
    wrong, lines = said(signed(), "--root", root)
    assert wrong == [], lines
    assert any(line.startswith("[OK] 2個の電子署名") for line in lines)
    der = tmp_path / "root.der"
    der.write_bytes(office().root.certificate.public_bytes(serialization.Encoding.DER))
    assert said(signed(), "--root", str(der))[0] == []


def test_without_a_certificate_it_says_that_it_did_not_look(said: Check) -> None:
    wrong, lines = said(signed())
    assert wrong == []
    assert any(line.startswith("[--] 電子署名（2個）は確かめていません") for line in lines)


def appended(content: bytes) -> bytes:
    """Return a signed PDF to which something was appended."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.root["/Extra"] = writer.add_object(writer.root.raw_get("/Metadata").get_object())
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def turned(content: bytes, unsigned: int) -> bytes:
    """Return a signed PDF with another digit in its signature."""
    found = re.search(rb"/Contents ?<([0-9a-f]+)>", content[unsigned:], re.IGNORECASE)
    signed_data = cms.ContentInfo.load(bytes.fromhex(found[1].decode()))["content"]
    own = re.escape(signed_data["signer_infos"][0]["signature"].native.hex()).encode()
    place = re.search(own, content, re.IGNORECASE).end() - 1
    return content[:place] + (b"0" if content[place : place + 1] != b"0" else b"1") + content[place + 1 :]


SEALS: dict[str, Callable[[bytes], bytes]] = {
    "no signature": packs.marked,
    "of somebody else": lambda content: Office().seal(content),
    "something behind it": lambda content: office().seal(content) + b"%junk\n",
    "an update behind it": lambda content: appended(office().seal(content)),
    "a turned bit": lambda content: turned(office().seal(content), len(content)),
}


@pytest.mark.parametrize("what", SEALS)
def test_a_document_that_is_not_signed_as_it_should_be(what: str, said: Check, root: str) -> None:
    wrong, lines = said(packs.honest(SEALS[what], office().sign), "--root", root)
    assert wrong == ["signatures"], lines
    assert "manifest.json" not in lines[-2]


SIGNS: dict[str, Callable[[bytes], bytes] | None] = {
    "nobody": None,
    "somebody else": lambda content: Office().sign(content),
    "of something else": lambda content: office().sign(content + b" "),
    "no signature": lambda _: b"no signature",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("what", SIGNS)
def test_a_manifest_that_is_not_signed_as_it_should_be(what: str, said: Check, root: str) -> None:
    wrong, lines = said(packs.honest(office().seal, SIGNS[what]), "--root", root)
    assert wrong == ["signatures"], lines
    assert "manifest" in lines[-2]


def test_a_certificate_that_ran_out_since_held_at_the_moment_of_the_stamp(said: Check, tmp_path: Path) -> None:
    # Whenever this runs, the end of 2025 is over and the stamp before it.
    old = Office(until=2026)
    assert said(packs.honest(old.seal, old.sign), "--root", old.trusted(tmp_path))[0] == []
    older = Office(until=2025)
    assert said(packs.honest(older.seal, older.sign), "--root", older.trusted(tmp_path))[0] == ["signatures"]


def test_what_is_asked_for_and_cannot_be_done_is_not_good(
    said: Check, root: str, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> ModuleType:
        raise ImportError(name)

    pack = signed()
    monkeypatch.setattr(verifier.importlib, "import_module", gone)
    wrong, lines = said(pack, "--root", root)
    assert wrong == ["signatures"]
    assert any("pip install pyHanko" in line for line in lines)


def test_a_single_document_is_followed_too(said: Check, root: str) -> None:
    content = signed()["documents/report-2025-2-002-ja.pdf"]
    assert said(content, "--root", root)[0] == []
    assert said(content + b" ", "--root", root)[0] == ["signatures"]
    assert said(packs.sample().older.content, "--root", root)[0] == ["signatures"]
