"""Keys from files and tokens: what works, and one sentence for each thing that can be wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from register.errors import Unusable
from register.formats.demo_ca import Identity, issue
from register.formats.pdf_sign import load_signer, seal
from register.formats.pdf_verify import check
from register.formats.signing import SigningConfig, Verdict
from tests.support.seals import NOW, authority, curve_key, rsa_key, signer_of, trusting, unsigned, written

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "123456"


def locked(identity: Identity, passphrase: str) -> bytes:
    """Return the key as PEM with a passphrase."""
    how = BestAvailableEncryption(passphrase.encode())
    return identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def bundle(identity: Identity | None, *others: Identity, passphrase: str = "pass") -> bytes:
    """Return a PKCS#12 file."""
    return pkcs12.serialize_key_and_certificates(
        b"register",
        identity.key if identity else None,
        identity.certificate if identity else None,
        [one.certificate for one in others],
        BestAvailableEncryption(passphrase.encode()),
    )


def stored(folder: Path, data: bytes) -> Path:
    """Write a key file."""
    path = folder / "key"
    path.write_bytes(data)
    return path


def signs(config: SigningConfig) -> bool:
    """Whether what is loaded signs validly."""
    signer = load_signer(config)
    assert signer is not None
    return check(seal(unsigned(), signer, NOW), trusting(authority()), NOW).verdict is Verdict.VALID


def test_without_a_key_there_is_no_signer(tmp_path: Path) -> None:
    assert load_signer(SigningConfig(tsa_url="http://127.0.0.1:9", roots=(tmp_path / "none",))) is None


def test_keys_from_files_sign(tmp_path: Path) -> None:
    assert signs(written(tmp_path / "pem", signer_of()))
    config = written(tmp_path / "locked", signer_of(), authority())
    config.key_file.write_bytes(locked(signer_of(), "pass"))
    assert signs(replace(config, passphrase="pass"))
    assert signs(SigningConfig(key_file=stored(tmp_path, bundle(signer_of())), passphrase="pass"))


def test_the_chain_of_a_bundle_may_stand_beside_it(tmp_path: Path) -> None:
    between = issue("DEMO Middle", NOW, curve_key("between"), by=authority(), authority=True)
    own = issue("DEMO Below", NOW, curve_key("below"), by=between)
    alone = SigningConfig(key_file=stored(tmp_path, bundle(own)), passphrase="pass")
    assert not signs(alone)
    (tmp_path / "chain.pem").write_bytes(authority().certificate_pem + between.certificate_pem)
    assert signs(replace(alone, cert_file=tmp_path / "chain.pem"))
    assert signs(SigningConfig(key_file=stored(tmp_path, bundle(own, between)), passphrase="pass"))


def small(folder: Path) -> SigningConfig:
    """A key too short to sign with."""
    own = issue("DEMO Small", NOW, rsa.generate_private_key(65537, 1024), by=authority())
    return written(folder, own)


def other_kind(folder: Path) -> SigningConfig:
    """A kind of key that is not used here."""
    config = written(folder, signer_of())
    key = ed25519.Ed25519PrivateKey.generate()
    config.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return config


def no_file(folder: Path) -> SigningConfig:
    """A key file that is not there."""
    return SigningConfig(key_file=folder / "none")


def no_certificates(folder: Path) -> SigningConfig:
    """A file of certificates that is not there."""
    return replace(written(folder, signer_of()), cert_file=folder / "none")


def no_pem(folder: Path) -> SigningConfig:
    """A file of certificates that holds none."""
    config = written(folder, signer_of())
    config.cert_file.write_bytes(b"nothing")
    return config


def not_named(folder: Path) -> SigningConfig:
    """A PEM key without its certificate."""
    return replace(written(folder, signer_of()), cert_file=None)


def wrong_pair(folder: Path) -> SigningConfig:
    """A certificate of another key."""
    config = written(folder, signer_of())
    config.cert_file.write_bytes(authority().certificate_pem)
    return config


def wrong_use(folder: Path) -> SigningConfig:
    """A certificate that is not for signing."""
    return written(folder, issue("DEMO Use", NOW, rsa_key("use"), by=authority(), usages=("key_encipherment",)))


def no_passphrase(folder: Path) -> SigningConfig:
    """A passphrase that is not told."""
    config = written(folder, signer_of())
    config.key_file.write_bytes(locked(signer_of(), "pass"))
    return config


def wrong_passphrase(folder: Path) -> SigningConfig:
    """A passphrase that is not the key's."""
    return replace(no_passphrase(folder), passphrase="other")


def needless_passphrase(folder: Path) -> SigningConfig:
    """A passphrase for a key that has none."""
    return replace(written(folder, signer_of()), passphrase="pass")


def wrong_bundle_passphrase(folder: Path) -> SigningConfig:
    """The same for a PKCS#12 file."""
    return SigningConfig(key_file=stored(folder, bundle(signer_of())), passphrase="other")


def no_bundle(folder: Path) -> SigningConfig:
    """A file that is neither kind."""
    return SigningConfig(key_file=stored(folder, b"nothing"), passphrase="pass")


def bundle_without_key(folder: Path) -> SigningConfig:
    """A PKCS#12 file of certificates only."""
    return SigningConfig(key_file=stored(folder, bundle(None, authority())), passphrase="pass")


def two_places(folder: Path) -> SigningConfig:
    """A key in a file and in a token."""
    return replace(written(folder, signer_of()), pkcs11_module=folder / "module.so")


def no_module(folder: Path) -> SigningConfig:
    """A module that is not there."""
    return SigningConfig(pkcs11_module=folder / "module.so", pkcs11_key="key")


def no_label(folder: Path) -> SigningConfig:
    """A token without the name of its key."""
    return SigningConfig(pkcs11_module=stored(folder, b""))


def bad_module(folder: Path) -> SigningConfig:
    """A file that is no module."""
    return SigningConfig(pkcs11_module=stored(folder, b"nothing"), pkcs11_key="key")


def bad_address(folder: Path) -> SigningConfig:
    """An authority that is no address."""
    return replace(written(folder, signer_of()), tsa_url="tsa.example.go.jp")


def no_demo(folder: Path) -> SigningConfig:
    """The demo's authority without the demo."""
    return replace(written(folder, signer_of()), tsa_url="demo:")


def no_root(folder: Path) -> SigningConfig:
    """A root that is not there."""
    return replace(written(folder, signer_of()), tsa_url="http://127.0.0.1:9", roots=(folder / "none",))


WRONG = [
    (small, "REGISTER_SIGNING_KEY_FILE: only RSA keys"),
    (other_kind, "REGISTER_SIGNING_KEY_FILE: only RSA keys"),
    (no_file, "REGISTER_SIGNING_KEY_FILE: cannot read"),
    (no_certificates, "REGISTER_SIGNING_CERT_FILE: cannot read"),
    (no_pem, "REGISTER_SIGNING_CERT_FILE: .* no certificates"),
    (not_named, "REGISTER_SIGNING_CERT_FILE is missing"),
    (wrong_pair, "no certificate there belongs to the key"),
    (wrong_use, "not for signing"),
    (no_passphrase, "REGISTER_SIGNING_PASSPHRASE: .* not set"),
    (wrong_passphrase, "REGISTER_SIGNING_PASSPHRASE: wrong"),
    (needless_passphrase, "REGISTER_SIGNING_PASSPHRASE: .* has no passphrase"),
    (wrong_bundle_passphrase, "REGISTER_SIGNING_PASSPHRASE: wrong"),
    (no_bundle, "no PKCS#12 file"),
    (bundle_without_key, "no private key"),
    (two_places, "both set"),
    (no_module, "REGISTER_SIGNING_PKCS11_MODULE: .* does not exist"),
    (no_label, "REGISTER_SIGNING_PKCS11_KEY is missing"),
    (bad_module, "REGISTER_SIGNING_PKCS11_MODULE: "),
    (bad_address, "REGISTER_TSA_URL must begin"),
    (no_demo, "REGISTER_TSA_URL: .* no demo"),
    (no_root, "REGISTER_SIGNING_ROOTS: cannot read"),
]


@pytest.mark.parametrize(("made", "told"), WRONG)
def test_what_is_wrong_is_told(made: object, told: str, tmp_path: Path) -> None:
    assert callable(made)
    with pytest.raises(Unusable, match=told):
        load_signer(made(tmp_path))


def test_an_expired_certificate_is_loaded(tmp_path: Path) -> None:
    signer = load_signer(written(tmp_path, issue("DEMO Old", NOW, curve_key("old"), by=authority(), days=(-9, -3))))
    assert signer is not None
    assert signer.valid_until < NOW


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(SigningConfig(passphrase="secret", pkcs11_pin="secret"))


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningConfig]:
    """A token of SoftHSM with two keys and their certificates, and one key without; skipped where there is none."""
    module = next((path for path in map(Path, MODULES) if path.exists()), None)
    if module is None or not shutil.which("softhsm2-util"):
        pytest.skip("SoftHSM (softhsm2) is not installed")
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        tool("--init-token", "--free", "--label", "register", "--so-pin", PIN, "--pin", PIN)
        keys = {"rsa": signer_of(), "curve": issue("DEMO Curve", NOW, curve_key("token"), by=authority())}
        for number, (label, own) in enumerate((*keys.items(), ("alone", authority("DEMO Alone"))), start=1):
            (folder / label).write_bytes(own.key_pem)
            where = ("--token", "register", "--label", label, "--id", f"0{number}", "--pin", PIN)
            tool("--import", str(folder / label), *where)
        with pkcs11.lib(str(module)).get_token(token_label="register").open(rw=True, user_pin=PIN) as session:
            for label, own in keys.items():
                session.create_object(
                    {
                        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                        pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                        pkcs11.Attribute.TOKEN: True,
                        pkcs11.Attribute.LABEL: label,
                        pkcs11.Attribute.SUBJECT: own.certificate.subject.public_bytes(),
                        pkcs11.Attribute.VALUE: own.certificate.public_bytes(Encoding.DER),
                    }
                )
        yield SigningConfig(pkcs11_module=module, pkcs11_token="register", pkcs11_key="rsa", pkcs11_pin=PIN)


def tool(*how: str) -> None:
    """Run SoftHSM's tool."""
    subprocess.run(["softhsm2-util", *how], check=True, capture_output=True, env=os.environ)


@pytest.mark.parametrize("key", ["rsa", "curve"])
def test_a_token_signs(key: str, token: SigningConfig, tmp_path: Path) -> None:
    assert signs(replace(token, pkcs11_key=key))
    assert signs(replace(token, pkcs11_key=key, pkcs11_certificate=key))
    beside = {"rsa": signer_of(), "curve": issue("DEMO Beside", NOW, curve_key("token"), by=authority())}[key]
    (tmp_path / "chain.pem").write_bytes(authority().certificate_pem + beside.certificate_pem)
    assert signs(replace(token, pkcs11_key=key, cert_file=tmp_path / "chain.pem"))


def test_two_threads_share_a_token(token: SigningConfig) -> None:
    signer = load_signer(token)
    assert signer is not None
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: seal(unsigned(), signer, NOW), range(4)))
    assert {check(one, trusting(authority()), NOW).verdict for one in made} == {Verdict.VALID}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pkcs11_token": "other"}, "REGISTER_SIGNING_PKCS11_TOKEN: "),
        ({"pkcs11_pin": "000000"}, "REGISTER_SIGNING_PKCS11_PIN: "),
        ({"pkcs11_pin": "0"}, "REGISTER_SIGNING_PKCS11_PIN: "),
        ({"pkcs11_pin": None}, "REGISTER_SIGNING_PKCS11_KEY: .* 0 private keys"),
        ({"pkcs11_key": "none", "pkcs11_certificate": "rsa"}, "REGISTER_SIGNING_PKCS11_KEY: .* 0 private keys"),
        ({"pkcs11_certificate": "none"}, "REGISTER_SIGNING_PKCS11_CERTIFICATE: .* no certificate"),
        ({"pkcs11_key": "alone", "pkcs11_certificate": "rsa"}, "no certificate there belongs to the key"),
    ],
)
def test_what_is_wrong_with_a_token_is_told(change: dict[str, str], told: str, token: SigningConfig) -> None:
    with pytest.raises(Unusable, match=told):
        load_signer(replace(token, **change))
