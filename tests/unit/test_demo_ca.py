"""The demo's own authorities: marked as such, made once, keys for nobody else, good for twenty years."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from register.formats import demo_ca
from register.formats.pdf_sign import load_signer, seal
from register.formats.pdf_verify import check
from register.formats.signing import Verdict, demo_config
from register.formats.signing_trust import trust_of
from tests.support.seals import NOW, unsigned

BITS = 2048


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was made, below one that was not there."""
    folder = tmp_path_factory.mktemp("keys") / "var" / "demo"
    assert demo_ca.make(folder, NOW, BITS) == demo_config(folder)
    return folder


def test_the_demo_signs_and_checks_without_a_network(folder: Path) -> None:
    config = demo_config(folder)
    signer = load_signer(config)
    assert signer is not None
    for years in (0, 19):
        at = NOW + timedelta(days=365 * years)
        found = check(seal(unsigned(), signer, at), trust_of(config), at)
        assert (found.verdict, found.signed_at, found.stamped_at) == (Verdict.VALID, at, at)
    for name in (found.signer, found.issuer, found.stamper):
        assert "DEMO" in name
        assert "試験用" in name


def test_a_folder_is_made_once(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    demo_ca.make(folder, NOW + timedelta(days=9), BITS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder]


def test_keys_are_for_their_owner_only(folder: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    secret = {"signer.key.pem", "signer.p12", "tsa.key.pem"}
    assert {name for name, mode in modes.items() if mode == 0o600} == secret
    assert set(modes) - secret == {"ca.pem", "ca.crl", "signer.pem", "tsa.pem"}
    assert b"PRIVATE" not in b"".join((folder / name).read_bytes() for name in set(modes) - secret)


def test_several_at_once_make_one_set(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: demo_ca.make(folder, NOW, BITS), range(2)))
    assert list(tmp_path.iterdir()) == [folder]
    root = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    for name in ("signer.pem", "tsa.pem"):
        x509.load_pem_x509_certificate((folder / name).read_bytes()).verify_directly_issued_by(root)
    crl = x509.load_pem_x509_crl((folder / "ca.crl").read_bytes())
    assert crl.is_signature_valid(root.public_key())
    assert len(crl) == 0
