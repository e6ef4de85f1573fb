"""Whom an installation trusts: bundles count whole, and what cannot be read is told with the setting's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from register.errors import Unusable
from register.formats.demo_ca import revoke
from register.formats.signing import SigningConfig, Trust
from register.formats.signing_trust import trust_of
from tests.support.seals import NOW, authority

EMPTY = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def stored(folder: Path, name: str, data: bytes) -> tuple[Path, ...]:
    """Write a file and return it as a setting."""
    (folder / name).write_bytes(data)
    return (folder / name,)


def test_files_hold_one_or_several(tmp_path: Path) -> None:
    one, other = (authority(name).certificate for name in ("DEMO Root", "DEMO Other"))
    bundle = stored(tmp_path, "a.pem", one.public_bytes(Encoding.PEM) + b"text\n" + other.public_bytes(Encoding.PEM))
    single = stored(tmp_path, "a.der", one.public_bytes(Encoding.DER))
    lists = stored(tmp_path, "a.crl", revoke(authority(), NOW) + revoke(authority("DEMO Other"), NOW))
    found = trust_of(SigningConfig(roots=bundle, tsa_roots=single, crls=lists, tsa_url="http://127.0.0.1:9"))
    assert found.roots == (one.public_bytes(Encoding.DER), other.public_bytes(Encoding.DER))
    assert found.stamp_roots == (one.public_bytes(Encoding.DER),)
    assert len(set(found.crls)) == 2
    assert found.stamped


def test_the_roots_of_stamps_are_those_of_signatures_unless_told_otherwise(tmp_path: Path) -> None:
    found = trust_of(SigningConfig(roots=stored(tmp_path, "a.pem", authority().certificate_pem)))
    assert found.stamp_roots == found.roots
    assert not found.stamped
    assert trust_of(SigningConfig()) == Trust((), ())


@pytest.mark.parametrize("data", [b"", b"nothing", EMPTY, b"0\x03\x02\x01\x01"])
@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("roots", "REGISTER_SIGNING_ROOTS"),
        ("tsa_roots", "REGISTER_TSA_ROOTS"),
        ("crls", "REGISTER_SIGNING_CRLS"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, setting: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=f"{name}: .* holds no"):
        trust_of(SigningConfig(**{setting: stored(tmp_path, "wrong", data)}))
    with pytest.raises(Unusable, match=f"{name}: cannot read"):
        trust_of(SigningConfig(**{setting: (tmp_path / "none",)}))
