"""The verifier and signatures: looked at where pyHanko and a trusted certificate are there, and said where not."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from register.formats import pdf_sign
from register.formats.demo_ca import Identity, revoke
from register.formats.pdf_sign import Signer
from tests.support import packs
from tests.support.packs import Check
from tests.support.seals import NOW, authority, signer_of, signer_with, stamper_of, trusting

REPORT = "documents/report-2025-2-002-ja.pdf"


def office(own: Identity | None = None) -> Signer:
    """Return a signer whose signatures are stamped."""
    return signer_with(own or signer_of(), stamper=stamper_of())


def seal(content: bytes) -> bytes:
    """Return a PDF with a signature behind it."""
    return pdf_sign.seal(content, office(), NOW)


def sign(content: bytes) -> bytes:
    """Return a signature that stands beside a file."""
    return pdf_sign.sign_detached(content, office(), NOW)


def archive(content: bytes) -> bytes:
    """Return a PDF that is signed for the archive: its last stamp covers the whole file."""
    trust = trusting(authority(), crls=(revoke(authority(), NOW, days=30),))
    return pdf_sign.seal(content, replace(office(), trust=trust), NOW)


@pytest.fixture
def root(tmp_path: Path) -> str:
    """The file of the certificate that is trusted."""
    path = tmp_path / "root.pem"
    path.write_bytes(authority().certificate_pem)
    return str(path)


def test_signatures_are_followed_to_the_certificate(said: Check, root: str, tmp_path: Path) -> None:
    wrong, lines = said(packs.honest(seal, sign), "--root", root)
    assert wrong == [], lines
    assert any(line.startswith("[OK] 2個の電子署名") for line in lines)
    der = tmp_path / "root.der"
    der.write_bytes(authority().certificate.public_bytes(Encoding.DER))
    assert said(packs.honest(seal, sign), "--root", str(der))[0] == []
    # One certificate more is no harm.
    der.write_bytes(authority("DEMO Other").certificate_pem)
    assert said(packs.honest(seal, sign), "--root", str(der), "--root", root)[0] == []
    assert said(packs.honest(seal, sign), "--root", str(der))[0] == ["signatures"]


def test_signatures_for_the_archive_are_followed_too(said: Check, root: str) -> None:
    wrong, lines = said(packs.honest(archive, sign), "--root", root)
    assert wrong == [], lines


def test_without_a_certificate_it_says_that_it_did_not_look(said: Check) -> None:
    wrong, lines = said(packs.honest(seal, sign))
    assert wrong == []
    assert any(line.startswith("[--] 電子署名（2個）は確かめていません") for line in lines)


def appended(content: bytes) -> bytes:
    """Return a signed PDF to which an update was appended."""
    writer = IncrementalPdfFileWriter(io.BytesIO(seal(content)))
    writer.root["/Extra"] = writer.add_object(writer.root.raw_get("/Metadata").get_object())
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def of_somebody_else(content: bytes) -> bytes:
    """Return a PDF that somebody signed whom another authority knows."""
    other = signer_with(signer_of("DEMO Stranger", root="DEMO Other"), stamper=stamper_of("DEMO Other"))
    return pdf_sign.seal(content, other, NOW)


def turned(content: bytes) -> bytes:
    """Return a signed PDF with another digit in what is signed: the unsigned bytes are whole."""
    signed = bytearray(seal(content))
    signed[signed.index(b"/ByteRange", len(content)) - 1] ^= 1
    return bytes(signed)


SEALS: dict[str, Callable[[bytes], bytes]] = {
    "no signature": packs.marked,
    "of somebody else": of_somebody_else,
    "something behind it": lambda content: seal(content) + b"%junk\n",
    "an update behind it": appended,
    "a turned bit": turned,
}


@pytest.mark.parametrize("what", SEALS)
def test_a_document_that_is_not_signed_as_it_should_be(what: str, said: Check, root: str) -> None:
    wrong, lines = said(packs.honest(SEALS[what], sign), "--root", root)
    assert wrong == ["signatures"], lines
    assert f"- {REPORT}: " in lines[-2]


SIGNS: dict[str, Callable[[bytes], bytes] | None] = {
    "nobody": None,
    "somebody else": lambda content: pdf_sign.sign_detached(
        content, signer_with(signer_of("DEMO Stranger", root="DEMO Other")), NOW
    ),
    "of something else": lambda content: sign(content + b" "),
    "no signature": lambda _: b"no signature",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("what", SIGNS)
def test_a_manifest_that_is_not_signed_as_it_should_be(what: str, said: Check, root: str) -> None:
    wrong, lines = said(packs.honest(seal, SIGNS[what]), "--root", root)
    assert wrong == ["signatures"], lines
    assert "- manifest.json: " in lines[-2]


@pytest.mark.parametrize(("days", "found"), [((-1, 1), []), ((-9, -1), ["signatures"])])
def test_a_certificate_that_is_over_must_have_held_at_the_stamp(
    days: tuple[int, int], found: list[str], said: Check, root: str
) -> None:
    short = office(signer_of(f"DEMO Short {days}", days=days))
    pack = packs.honest(seal, lambda content: pdf_sign.sign_detached(content, short, NOW))
    assert said(pack, "--root", root)[0] == found


def test_a_single_document_is_followed_too(said: Check, root: str) -> None:
    content = packs.honest(seal, sign)[REPORT]
    assert said(content, "--root", root)[0] == []
    assert said(content + b" ", "--root", root)[0] == ["signatures"]
    assert said(packs.sample().older.content, "--root", root)[0] == ["signatures"]


def test_what_is_asked_for_and_cannot_be_done_is_not_good(
    said: Check, root: str, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> ModuleType:
        raise ImportError(name)

    pack = packs.honest(seal, sign)
    assert said(pack, "--root", root + "x")[0] == ["signatures"]
    monkeypatch.setattr(verifier.importlib, "import_module", gone)
    wrong, lines = said(pack, "--root", root)
    assert wrong == ["signatures"]
    assert any("pip install pyHanko" in line for line in lines)
