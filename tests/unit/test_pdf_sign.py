"""Signing: valid files before and after, the unsigned bytes kept, no signature without the stamp that was wanted."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

import page as page_validation
import pytest
import time_machine
from pyhanko.pdf_utils.reader import PdfFileReader

from register.errors import RegisterError
from register.formats import pdf_verify
from register.formats.demo_ca import Identity, issue
from register.formats.pdf_sign import Signer, seal, sign_detached
from register.formats.signing import SealFailed, SigningConfig, StampAway, Verdict
from register.formats.signing_stamp import stampers
from tests.support.pdf_tree import opened
from tests.support.sample_document import report
from tests.support.seals import (
    NOW,
    Desk,
    authority,
    curve_key,
    desk,
    sealed,
    signer_of,
    signer_with,
    stamper_of,
    trusting,
    unsigned,
)

MOODS = [
    "refuse", "error", "elsewhere", "garbage", "nothing", "endless", "other_nonce", "other_digest", "forged",
]  # fmt: skip


def on_curve() -> Identity:
    """Return a signer whose key is on an elliptic curve."""
    return issue("DEMO Curve 試験用", NOW, curve_key("signer"), by=authority())


def asking(server: Desk, **more: object) -> Signer:
    """Return a signer that asks an authority on the loopback."""
    config = SigningConfig(tsa_url=server.url, **({"tsa_seconds": 5.0} | more))
    return Signer(signer_with(signer_of()).key, stampers(config))


@pytest.mark.parametrize("profile", ["pdfa3a", "ua1"])
@pytest.mark.parametrize("kind", ["stamped", "unstamped", "curve"])
def test_a_signed_file_meets_both_standards(profile: str, kind: str, tmp_path: Path) -> None:
    own = on_curve() if kind == "curve" else signer_of()
    signer = signer_with(own, stamper=None if kind == "unstamped" else stamper_of())
    path = tmp_path / "signed.pdf"
    path.write_bytes(seal(report(), signer, NOW))
    result = page_validation.validate_pdf(str(path), profile=profile)
    assert [(failure.rule_id, failure.message) for failure in result.failures] == []
    assert result.is_compliant


def test_the_unsigned_bytes_are_the_beginning() -> None:
    signed = sealed(stamper=stamper_of())
    assert signed.startswith(unsigned())
    assert len(signed) > len(unsigned())


def test_signing_touches_the_catalogue_and_the_field_only() -> None:
    with opened(unsigned()) as before:
        root = before.Root
        mine = {one.objgen[0] for one in (root, root.AcroForm, root.AcroForm.Fields[0])}
        known = len(before.objects)
        metadata = root.Metadata.read_raw_bytes()
    signed = sealed(stamper=stamper_of())
    written = {one.idnum for one in PdfFileReader(BytesIO(signed)).xrefs.explicit_refs_in_revision(1)}
    assert {number for number in written if number <= known} <= mine
    with opened(signed) as after:
        assert after.Root.Metadata.read_raw_bytes() == metadata
        assert str(after.Root.AcroForm.Fields[0].V.SubFilter) == "/ETSI.CAdES.detached"
        assert int(after.Root.Perms.DocMDP.Reference[0].TransformParams.P) == 1


def test_the_clock_is_not_read() -> None:
    signer = signer_with(signer_of())
    made = []
    for day in ("2001-01-01", "2040-01-01"):
        with time_machine.travel(day):
            made.append(seal(unsigned(), signer, NOW))
    with opened(made[0]) as file:
        assert str(file.Root.AcroForm.Fields[0].V.M) == "D:20260401030405Z"
    dates = [pdf_verify.check(one, trusting(authority()), NOW).signed_at for one in made]
    assert dates == [NOW, NOW]


def test_another_program_finds_the_signature_good(tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(sealed(stamper=stamper_of()))
    told = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in told
    assert "Total document signed" in told


def test_the_chain_goes_with_the_signature() -> None:
    between = issue("DEMO Middle 試験用", NOW, curve_key("between"), by=authority(), authority=True)
    own = issue("DEMO Below 試験用", NOW, curve_key("below"), by=between)
    for chain, verdict in (((between,), Verdict.VALID), ((), Verdict.UNTRUSTED)):
        signed = seal(unsigned(), signer_with(own, *chain, stamper=stamper_of()), NOW)
        assert pdf_verify.check(signed, trusting(authority()), NOW).verdict is verdict


def test_an_authority_on_the_network_stamps() -> None:
    with desk() as server:
        signer = asking(server)
        first = seal(unsigned(), signer, NOW)
        assert server.asked == 2  # once to learn how much room a stamp needs
        seal(unsigned(), signer, NOW)
        assert server.asked == 3
    found = pdf_verify.check(first, trusting(authority(), stamped=True), NOW)
    assert (found.verdict, found.stamped_at, found.stamper) == (Verdict.VALID, NOW, "DEMO TSA 試験用")


@pytest.mark.parametrize("mood", MOODS)
def test_without_a_stamp_there_is_no_signature(mood: str) -> None:
    with desk() as server:
        server.mood = mood
        with pytest.raises(StampAway) as caught:
            seal(unsigned(), asking(server), NOW)
        assert server.asked == 1
        with pytest.raises(StampAway):
            sign_detached(b"data", asking(server), NOW)
    assert isinstance(caught.value, RegisterError)
    assert server.url not in str(caught.value)


def test_an_authority_that_fails_later_leaves_no_signature() -> None:
    with desk() as server:
        signer = asking(server)
        seal(unsigned(), signer, NOW)
        server.mood = "garbage"
        with pytest.raises(StampAway):
            seal(unsigned(), signer, NOW)


def test_an_authority_that_stalls_is_not_waited_for() -> None:
    with desk() as server:
        server.mood = "stall"
        begun = time.monotonic()
        with pytest.raises(StampAway):
            seal(unsigned(), asking(server, tsa_seconds=0.3), NOW)
        assert time.monotonic() - begun < 3


def test_an_authority_that_is_not_there() -> None:
    with desk() as server:
        signer = asking(server)
    with pytest.raises(StampAway):
        seal(unsigned(), signer, NOW)


def test_an_authority_that_is_not_trusted_gives_no_signature(tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(authority().certificate_pem)
    with desk(stamper_of("DEMO Other")) as server:
        with pytest.raises(StampAway, match="信頼できない"):
            seal(unsigned(), asking(server, roots=(root,)), NOW)
        with pytest.raises(StampAway, match="信頼できない"):
            seal(unsigned(), asking(server, tsa_roots=(root,)), NOW)


def test_a_file_that_cannot_be_signed_is_told() -> None:
    signer = signer_with(signer_of())
    once = seal(unsigned(), signer, NOW)
    for wrong in (once, b"", b"no PDF", unsigned()[:2000]):
        with pytest.raises(SealFailed):
            seal(wrong, signer, NOW)


def test_a_moment_needs_its_zone() -> None:
    signer = signer_with(signer_of())
    for sign in (seal, sign_detached):
        with pytest.raises(ValueError, match="zone"):
            sign(unsigned(), signer, datetime.fromisoformat("2026-01-01"))


def test_two_threads_sign_with_one_signer() -> None:
    with desk() as server:
        signer = asking(server)
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(lambda _: seal(unsigned(), signer, NOW), range(4)))
    assert {pdf_verify.check(one, trusting(authority()), NOW).verdict for one in made} == {Verdict.VALID}


def test_what_signed_tells_of_itself() -> None:
    own = issue("DEMO Soon 試験用", NOW, curve_key("soon"), by=authority(), days=(-1, 30))
    signer = signer_with(own)
    assert signer.name == "DEMO Soon 試験用"
    assert signer.valid_until == own.certificate.not_valid_after_utc
    assert signer.valid_from == own.certificate.not_valid_before_utc
    assert replace(signer, stampers=None).fingerprint == signer.fingerprint
