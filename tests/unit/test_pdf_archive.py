"""Signatures for the archive (B-LTA): they carry their revocation lists, and only stamps may follow them."""

from __future__ import annotations

import asyncio
import io
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import page as page_validation
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from register.formats.demo_ca import Identity, revoke
from register.formats.pdf_sign import Signer, load_signer, seal, sign_detached
from register.formats.pdf_verify import check, check_detached
from register.formats.signing import SealFailed, SigningConfig, StampAway, Trust, Verdict
from register.formats.signing_stamp import stampers
from tests.support.pdf_tree import opened
from tests.support.sample_document import report
from tests.support.seals import (
    LATER,
    NOW,
    authority,
    desk,
    local,
    sealed,
    signer_of,
    signer_with,
    stamper_of,
    trusting,
    unsigned,
    written,
)

TRUST = trusting(authority(), stamped=True)
# What the validator, being stricter than veraPDF, has against every stamp over a whole file.
ALLOWED = {"pdfa3a": ["PDFA3A-SIGNATURE-BYTERANGE-001"], "ua1": ["PDFUA1-WIDGET-FORM-TAG-001"]}


def archivist(own: Identity | None = None, **more: object) -> Signer:
    """Return a signer with a list that revokes nobody."""
    lists = more.get("crls", (revoke(authority(), NOW, days=30),))
    return replace(signer_with(own or signer_of(), stamper=stamper_of()), trust=trusting(authority(), crls=lists))


@pytest.fixture(scope="module")
def archived() -> bytes:
    """The small document, signed for the archive by a certificate of one year."""
    return seal(unsigned(), archivist(signer_of("DEMO Year", days=(-1, 365))), NOW)


def stamped_again(pdf: bytes, stamper: Identity) -> bytes:
    """Return the file with one more stamp over the whole of it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    stamping = PdfTimeStamper(local(stamper, NOW), field_name="Again").async_timestamp_pdf(writer, "sha256")
    return bytes(asyncio.run(stamping).getvalue())


def repainted(pdf: bytes) -> bytes:
    """Return the file with an update that empties its first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.mark_update(page.get_container_ref())
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_file_for_the_archive_needs_no_list_from_outside(archived: bytes) -> None:
    assert archived.startswith(unsigned())
    found = check(archived, TRUST, LATER)
    assert (found.verdict, found.stamped_at, found.archived_at) == (Verdict.VALID, NOW, NOW)
    assert found.unsigned_length == len(unsigned())
    assert "長期保存用のタイムスタンプの日時は、2026-04-01 12:04:05" in "".join(map(str, found.sentences))


@pytest.mark.parametrize("profile", ["pdfa3a", "ua1"])
def test_it_meets_both_standards_but_for_what_is_known(profile: str, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(seal(report(), archivist(), NOW))
    result = page_validation.validate_pdf(str(path), profile=profile)
    assert [failure.rule_id for failure in result.failures] == ALLOWED[profile]


def test_lists_and_an_authority_make_a_signature_for_the_archive(tmp_path: Path) -> None:
    for name, data in (("ca.crl", revoke(authority(), NOW)), ("ca.pem", authority().certificate_pem)):
        (tmp_path / name).write_bytes(data)
    places = {"crls": (tmp_path / "ca.crl",), "roots": (tmp_path / "ca.pem",)}
    with desk() as server:
        for address, archive in ((server.url, True), (None, False)):
            signer = load_signer(written(tmp_path, signer_of(), tsa_url=address, **places))
            assert signer is not None
            found = check(seal(unsigned(), signer, NOW), trusting(authority()), NOW)
            assert (found.verdict, found.archived_at is not None) == (Verdict.VALID, archive)


@pytest.mark.parametrize(
    "crls",
    [
        (),
        (revoke(authority(), NOW - timedelta(days=9), days=3),),
        (revoke(authority(), NOW - timedelta(days=2), signer_of().certificate.serial_number),),
        (revoke(authority("DEMO Other"), NOW),),
    ],
    ids=["none", "stale", "revoked", "of others"],
)
def test_without_a_fresh_list_there_is_no_signature(crls: tuple[bytes, ...]) -> None:
    with pytest.raises(SealFailed) as caught:
        seal(unsigned(), archivist(crls=crls), NOW)
    assert caught.value.detail


@pytest.mark.parametrize("good", [0, 1, 2])
def test_without_every_stamp_there_is_no_signature(good: int) -> None:
    with desk() as server:
        server.mood, server.good_until = "garbage", good
        asking = replace(archivist(), stampers=stampers(SigningConfig(tsa_url=server.url)))
        with pytest.raises(StampAway):
            seal(unsigned(), asking, NOW)
        assert server.asked == good + 1


def test_every_file_holds_the_certificates_of_its_stamps() -> None:
    with desk() as server:
        asking = replace(archivist(), stampers=stampers(SigningConfig(tsa_url=server.url)))
        for asked in (3, 5):
            with opened(seal(unsigned(), asking, NOW)) as file:
                assert len(file.Root.DSS.Certs) == 3
            assert server.asked == asked


def test_a_certificate_revoked_later_still_counts(archived: bytes) -> None:
    serial = signer_of("DEMO Year", days=(-1, 365)).certificate.serial_number
    later = trusting(authority(), crls=(revoke(authority(), NOW + timedelta(days=9), serial),))
    before = trusting(authority(), crls=(revoke(authority(), NOW - timedelta(days=1), serial),))
    assert check(archived, later, LATER).verdict is Verdict.VALID
    assert check(archived, before, LATER).verdict is Verdict.REVOKED


def test_only_stamps_may_follow(archived: bytes) -> None:
    good, other = stamper_of(), stamper_of("DEMO Other")
    expected = {
        stamped_again(archived, good): Verdict.VALID,
        stamped_again(sealed(stamper=good), good): Verdict.VALID,
        stamped_again(archived, other): Verdict.UNSTAMPED,
        archived + b"\n": Verdict.APPENDED,
        repainted(archived): Verdict.APPENDED,
        stamped_again(repainted(archived), good): Verdict.APPENDED,
        stamped_again(repainted(sealed(stamper=good)), good): Verdict.APPENDED,
    }
    assert [check(pdf, TRUST, LATER).verdict for pdf in expected] == list(expected.values())


def test_single_bytes_changed_are_found(archived: bytes) -> None:
    rng = random.Random(2030)
    for _ in range(20):
        spoilt = bytearray(archived)
        spoilt[rng.randrange(len(unsigned()) - 500, len(archived))] ^= 1 << rng.randrange(8)
        assert not check(bytes(spoilt), TRUST, LATER).valid


def test_whom_is_trusted_counts_here_too(archived: bytes) -> None:
    assert check(archived, trusting(authority("DEMO Other")), LATER).verdict is not Verdict.VALID
    assert check(archived, Trust((), ()), LATER).verdict is not Verdict.VALID


def test_what_stands_beside_is_signed_as_ever() -> None:
    assert check_detached(b"data", sign_detached(b"data", archivist(), NOW), TRUST, LATER).valid
