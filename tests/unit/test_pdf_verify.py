"""Checking: each way of tampering has its verdict, whatever the file holds nothing is raised, and nothing is fetched."""

from __future__ import annotations

import hashlib
import io
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from register.errors import say
from register.formats.demo_ca import issue, revoke
from register.formats.pdf_sign import seal, sign_detached
from register.formats.pdf_verify import HOLE, check, check_detached
from register.formats.signing import VERDICTS, Signature, Trust, Verdict
from tests.support.pdf_tree import opened
from tests.support.sample_document import report
from tests.support.seals import (
    LATER,
    NOW,
    authority,
    curve_key,
    sealed,
    signer_of,
    signer_with,
    stamper_of,
    trusting,
    unsigned,
)

FLIPS = 60
TRUST = trusting(authority(), stamped=True)


@pytest.fixture(scope="module")
def signed() -> bytes:
    """The small document, signed and stamped."""
    return sealed(stamper=stamper_of())


def verdict(pdf: bytes, trust: Trust = TRUST) -> Verdict:
    """Return the verdict alone."""
    return check(pdf, trust, LATER).verdict


def test_a_good_signature_is_told_in_full(signed: bytes) -> None:
    found = check(signed, TRUST, LATER)
    assert found.valid
    assert (found.signer, found.issuer) == ("DEMO Signer 試験用", "DEMO Root")
    assert (found.signed_at, found.stamped_at, found.stamper) == (NOW, NOW, "DEMO TSA 試験用")
    assert found.provable_until == stamper_of().certificate.not_valid_after_utc
    assert found.unsigned_length == len(unsigned())
    assert found.unsigned_sha256 == hashlib.sha256(unsigned()).hexdigest()
    assert found.reason == ""
    assert [str(one) for one in found.sentences] == [
        "電子署名は有効です。署名の後に変更されていません。",
        "証明書の名義は「DEMO Signer 試験用」、発行者は「DEMO Root」です。",
        "署名者が記録した署名の日時は、2026-04-01 12:04:05（日本時間）です。",
        "「DEMO TSA 試験用」のタイムスタンプの日時は、2026-04-01 12:04:05（日本時間）です。",
        "日時の根拠となる証明書の有効期間は、2046-04-16までです。",
        f"署名の前のファイルは先頭の{len(unsigned())}バイトで、そのSHA-256は{found.unsigned_sha256}です。",
    ]


def test_every_verdict_has_its_sentence() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert len({str(one) for one in VERDICTS.values()}) == len(Verdict)
    assert Signature(Verdict.UNSIGNED).sentences == (say("電子署名がありません。"),)


def appended(signed: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Return the file with an update behind it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(signed)
    return out.getvalue()


def update_root(writer: IncrementalPdfFileWriter) -> None:
    """Change the catalogue."""
    writer.root["/PageMode"] = generic.pdf_name("/UseOutlines")
    writer.update_root()


def update_page(writer: IncrementalPdfFileWriter) -> None:
    """Print something else on the first page."""
    page = writer.root["/Pages"]["/Kids"][0]
    content = generic.StreamObject(stream_data=b"BT ET")
    page[generic.pdf_name("/Contents")] = writer.add_object(content)
    writer.mark_update(page.get_container_ref())


def update_attachment(writer: IncrementalPdfFileWriter) -> None:
    """Attach other data under the same name."""
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    file = names[1].get_object()["/EF"].raw_get("/F")
    other = generic.StreamObject(dict_data=dict(file.get_object()), stream_data=b"{}")
    writer.objects[0, file.idnum] = other
    writer.mark_update(generic.Reference(file.idnum, 0, writer.prev))


def update_field(writer: IncrementalPdfFileWriter) -> None:
    """Take the signature out of its field."""
    field = writer.root["/AcroForm"]["/Fields"][0]
    del field["/V"]
    writer.mark_update(field.get_container_ref())


def hole_of(signed: bytes) -> re.Match[bytes]:
    """Return where the signature stands."""
    return max(HOLE.finditer(signed), key=lambda found: len(found[1]))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (update_root, Verdict.APPENDED),
        (update_page, Verdict.APPENDED),
        (update_attachment, Verdict.APPENDED),
        (update_field, Verdict.BROKEN),
    ],
)
def test_an_update_behind_the_signature_is_found(
    signed: bytes, change: Callable[[IncrementalPdfFileWriter], None], expected: Verdict
) -> None:
    assert verdict(appended(signed, change)) is expected


@pytest.mark.parametrize("junk", [b"\n", b"x", b"%comment\n", bytes(900)])
def test_junk_behind_the_end_is_found(signed: bytes, junk: bytes) -> None:
    assert verdict(signed + junk) is Verdict.APPENDED


@pytest.mark.parametrize("junk", [b"%%EOF\n", bytes(100_000)])
def test_junk_that_hides_the_end_is_found(signed: bytes, junk: bytes) -> None:
    assert verdict(signed + junk) is Verdict.BROKEN


def test_a_file_cut_short_is_found(signed: bytes) -> None:
    for length in (len(signed) - 1, len(signed) - 200, 5, 0):
        assert verdict(signed[:length]) in {Verdict.BROKEN, Verdict.CHANGED}
    for length in (len(unsigned()), len(unsigned()) + 10):
        assert verdict(signed[:length]) is Verdict.UNSIGNED


def test_a_signature_taken_away_is_no_signature(signed: bytes) -> None:
    with opened(signed) as file:
        del file.Root.AcroForm.Fields[0]["/V"]
        del file.Root["/Perms"]
        out = io.BytesIO()
        file.save(out)
    assert verdict(out.getvalue()) is Verdict.UNSIGNED
    assert verdict(unsigned()) is Verdict.UNSIGNED


def test_a_file_written_anew_with_another_attachment_is_found(signed: bytes) -> None:
    with opened(signed) as file:
        file.attachments["cases.json"] = pikepdf.AttachedFileSpec(file, b'{"cases":[1]}')
        out = io.BytesIO()
        file.save(out)
    assert verdict(out.getvalue()) in {Verdict.CHANGED, Verdict.BROKEN}


def test_random_changes_of_single_bytes_are_all_found(signed: bytes) -> None:
    rng = random.Random(2026)
    for _ in range(FLIPS):
        spoilt = bytearray(signed)
        spoilt[rng.randrange(len(signed))] ^= 1 << rng.randrange(8)
        assert verdict(bytes(spoilt)) not in {Verdict.VALID, Verdict.UNSIGNED}


def test_random_changes_within_the_signature_are_all_found(signed: bytes) -> None:
    hole = hole_of(signed)
    content = bytes.fromhex(hole[1].decode())
    rng = random.Random(2027)
    for _ in range(FLIPS // 2):
        spoilt = bytearray(content)
        spoilt[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        text = spoilt.hex().encode()
        pdf = signed[: hole.start(1)] + (text.upper() if hole[1].isupper() else text) + signed[hole.end(1) :]
        assert verdict(pdf) in {Verdict.BROKEN, Verdict.CHANGED, Verdict.UNSTAMPED, Verdict.UNTRUSTED}


def test_the_same_digits_in_other_letters_are_found(signed: bytes) -> None:
    hole = hole_of(signed)
    mixed = hole[1].lower()[:2000] + hole[1].upper()[2000:]
    assert verdict(signed[: hole.start(1)] + mixed + signed[hole.end(1) :]) is Verdict.BROKEN


def test_who_is_not_trusted_is_not_believed(signed: bytes) -> None:
    other = signer_of("DEMO Signer 試験用", "DEMO Other")
    assert verdict(sealed(other, stamper_of())) is Verdict.UNTRUSTED
    assert verdict(sealed(issue("DEMO Self", NOW, curve_key("self")), stamper_of())) is Verdict.UNTRUSTED
    assert verdict(sealed(stamper=stamper_of("DEMO Other"))) is Verdict.UNSTAMPED
    assert verdict(signed, Trust((), ())) is Verdict.UNSTAMPED
    assert verdict(signed, trusting(stamp_roots=TRUST.stamp_roots)) is Verdict.UNTRUSTED
    assert (
        verdict(signed, trusting(authority(), stamp_roots=(authority("DEMO Other").certificate_pem,)))
        is Verdict.UNSTAMPED
    )


def test_a_certificate_may_be_trusted_by_itself() -> None:
    own = issue("DEMO Self", NOW, curve_key("self"))
    pdf = seal(unsigned(), signer_with(own), NOW)
    assert check(pdf, trusting(own), NOW).verdict is Verdict.VALID
    assert check(pdf, trusting(authority()), NOW).verdict is Verdict.UNTRUSTED


def test_only_a_certificate_for_signing_counts() -> None:
    usages = {
        "digital_signature": Verdict.VALID,
        "content_commitment": Verdict.VALID,
        "data_encipherment": Verdict.UNTRUSTED,
    }
    for usage, expected in usages.items():
        own = issue("DEMO Use", NOW, curve_key("use"), by=authority(), usages=(usage,))
        # The loader would refuse it.
        loaded = signer_with(issue("DEMO Use", NOW, curve_key("use"), by=authority()))
        signer = replace(loaded, key=replace(loaded.key, certificate=own.certificate))
        assert check(seal(unsigned(), signer, NOW), trusting(authority()), NOW).verdict is expected


def test_a_stamp_may_be_wanted() -> None:
    pdf = sealed()
    assert check(pdf, trusting(authority(), stamped=True), NOW).verdict is Verdict.UNSTAMPED
    found = check(pdf, trusting(authority()), NOW)
    assert (found.verdict, found.stamped_at) == (Verdict.VALID, None)
    assert "署名の日時は署名者の申告だけによります" in "".join(map(str, found.sentences))


def test_a_stamp_outlives_the_certificate() -> None:
    own = signer_of("DEMO Year", days=(-1, 365))
    stamped, bare = sealed(own, stamper_of()), sealed(own)
    assert check(stamped, TRUST, LATER).verdict is Verdict.VALID
    assert check(bare, trusting(authority()), NOW).verdict is Verdict.VALID
    assert check(bare, trusting(authority()), LATER).verdict is Verdict.EXPIRED


def test_a_stamp_outside_of_the_certificate_proves_nothing() -> None:
    for days in ((-9, -2), (2, 9)):
        own = issue("DEMO Short", NOW, curve_key("short"), by=authority(), days=days)
        assert verdict(sealed(own, stamper_of())) is Verdict.EXPIRED


def test_a_stamp_of_a_certificate_that_was_not_valid_does_not_hold() -> None:
    assert verdict(sealed(stamper=stamper_of(days=(-9, -2)))) is Verdict.UNSTAMPED


@pytest.mark.parametrize(("days", "expected"), [(-1, Verdict.REVOKED), (1, Verdict.VALID)])
def test_a_certificate_revoked_before_the_stamp_does_not_count(signed: bytes, days: int, expected: Verdict) -> None:
    serial = signer_of().certificate.serial_number
    crl = revoke(authority(), NOW + timedelta(days=days), serial)
    assert verdict(signed, trusting(authority(), crls=(crl,))) is expected


def test_a_revoked_authority_does_not_stamp(signed: bytes) -> None:
    crl = revoke(authority(), NOW - timedelta(days=1), stamper_of().certificate.serial_number)
    assert verdict(signed, trusting(authority(), crls=(crl,))) is Verdict.UNSTAMPED


def test_lists_of_others_say_nothing(signed: bytes) -> None:
    crl = revoke(authority("DEMO Other"), NOW - timedelta(days=1), signer_of().certificate.serial_number)
    assert verdict(signed, trusting(authority(), crls=(crl,))) is Verdict.VALID


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7\n%%EOF", b"\0" * 5000, b"%PDF-1.7 /ByteRange [0 1 2 3] %%EOF\n", b"PK\3\4", b"<html>" * 100],
)
def test_no_pdf_is_broken(data: bytes) -> None:
    found = check(data, TRUST, NOW)
    assert found.verdict is Verdict.BROKEN
    assert found.reason


def test_cut_and_mixed_files_never_raise(signed: bytes) -> None:
    rng = random.Random(2028)
    for _ in range(40):
        parts = [signed[rng.randrange(len(signed)) :][: rng.randrange(9000)] for _ in range(3)]
        assert not check(signed[: rng.randrange(len(signed))] + b"".join(parts), TRUST, NOW).valid


def test_two_threads_check(signed: bytes) -> None:
    files = [signed, unsigned()] * 5
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(verdict, files))
    assert found == [Verdict.VALID, Verdict.UNSIGNED] * 5


def test_another_document_beside_the_same_signature(signed: bytes) -> None:
    """The bytes of the signature in another document of the same length are no signature of it."""
    other = report().replace(b"PDF-1.7", b"PDF-1.6")
    assert verdict(other[: len(unsigned())] + signed[len(unsigned()) :]) in {Verdict.BROKEN, Verdict.CHANGED}


def test_a_detached_signature() -> None:
    data = b'{"files":[]}'
    signer = signer_with(signer_of("DEMO Year", days=(-1, 365)), stamper=stamper_of())
    signature = sign_detached(data, signer, NOW)
    found = check_detached(data, signature, TRUST, LATER)
    assert (found.verdict, found.signed_at, found.stamped_at) == (Verdict.VALID, NOW, NOW)
    assert found.unsigned_length is None
    assert check_detached(data + b" ", signature, TRUST, LATER).verdict is Verdict.CHANGED
    assert check_detached(data, signature, trusting(authority("DEMO Other")), LATER).verdict is Verdict.UNSTAMPED
    bare = sign_detached(data, signer_with(signer_of()), NOW)
    assert check_detached(data, bare, TRUST, NOW).verdict is Verdict.UNSTAMPED
    assert check_detached(data, bare, trusting(authority()), NOW).verdict is Verdict.VALID


def test_a_spoilt_detached_signature_is_a_verdict() -> None:
    data = b"data"
    signature = sign_detached(data, signer_with(signer_of(), stamper=stamper_of()), NOW)
    rng = random.Random(2029)
    for _ in range(FLIPS // 2):
        spoilt = bytearray(signature)
        spoilt[rng.randrange(len(signature))] ^= 1 << rng.randrange(8)
        assert not check_detached(data, bytes(spoilt), TRUST, NOW).valid
    for wrong in (b"", b"x", signature + b"\0", signature[:-1], unsigned()):
        assert check_detached(data, wrong, TRUST, NOW).verdict is Verdict.BROKEN
