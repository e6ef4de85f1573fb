"""Loading the key that signs: from a PKCS#12 file, a PEM key with its certificates, or a token (PKCS#11).

A key that is loaded has been tried: it signed something, and its certificate verified that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pkcs11
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from register.errors import Unusable
from register.formats import signing_token
from register.formats.signing import SigningConfig, read

KEY = "REGISTER_SIGNING_KEY_FILE"
PASSPHRASE = "REGISTER_SIGNING_PASSPHRASE"
CERTIFICATES = "REGISTER_SIGNING_CERT_FILE"
SMALLEST_RSA = 2048
LARGEST_SIGNATURE = 1024  # bytes: RSA of 8192 bits
PROBE = b"the key and its certificate belong together"


class Hand(Protocol):
    """What signs: SHA-256 with RSA (PKCS #1 v1.5) or on an elliptic curve."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data``."""
        ...


@dataclass(frozen=True)
class FileKey:
    """A key in memory."""

    key: Any

    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data``."""
        return bytes(self.key.sign(data, *_how(self.key)))


@dataclass(frozen=True)
class Loaded:
    """A key with its certificate and those between it and the root. Several threads may use it."""

    hand: Hand
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def signer(self) -> Signer:
        """Return a signer of pyHanko's for one signature: what it parses cannot be shared by threads."""
        return _Signer(self)


class _Signer(Signer):
    def __init__(self, loaded: Loaded) -> None:
        store = SimpleCertificateStore()
        store.register_multiple(_asn1(one) for one in loaded.chain)
        super().__init__(signing_cert=_asn1(loaded.certificate), cert_registry=store)
        self._hand = loaded.hand

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(LARGEST_SIGNATURE) if dry_run else self._hand.sign(data)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def load(config: SigningConfig) -> Loaded:
    """Return the key that ``config`` names; raise ``Unusable`` with what is wrong."""
    if config.key_file and config.pkcs11_module:
        raise Unusable(f"{KEY} and {signing_token.MODULE} are both set; the key can only be in one place")
    given = _certificates(config.cert_file) if config.cert_file else []
    if config.key_file is None:
        return _from_token(config, given)
    data = read(config.key_file, KEY)
    passphrase = config.passphrase.encode() if config.passphrase else None
    if data.lstrip().startswith(b"-----BEGIN"):
        if not given:
            raise Unusable(f"{CERTIFICATES} is missing: a PEM key needs its certificate")
        return _tried(FileKey(_pem(data, passphrase, config.key_file)), given, CERTIFICATES)
    key, held = _bundle(data, passphrase, config.key_file)
    return _tried(FileKey(key), [*held, *given], KEY)


def _pem(data: bytes, passphrase: bytes | None, path: Path) -> Any:
    try:
        return load_pem_private_key(data, passphrase)
    except TypeError as error:
        missing = "has a passphrase, which is not set" if passphrase is None else "has no passphrase, but one is set"
        raise Unusable(f"{PASSPHRASE}: the key in {path} {missing}") from error
    except ValueError as error:
        raise Unusable(f"{PASSPHRASE}: wrong, or {path} is no private key in PEM") from error


def _bundle(data: bytes, passphrase: bytes | None, path: Path) -> tuple[Any, list[x509.Certificate]]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, passphrase)
    except ValueError as error:
        raise Unusable(f"{PASSPHRASE}: wrong, or {path} is no PKCS#12 file") from error
    if key is None:
        raise Unusable(f"{KEY}: {path} holds no private key")
    return key, ([certificate] if certificate else []) + others


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(read(path, CERTIFICATES))
    except ValueError as error:
        raise Unusable(f"{CERTIFICATES}: {path} holds no certificates in PEM") from error


def _from_token(config: SigningConfig, given: list[x509.Certificate]) -> Loaded:
    key, held = signing_token.find(config, certificates=not given)
    found = given or [x509.load_der_x509_certificate(one) for one in held]
    try:
        return _tried(key, found, CERTIFICATES if given else signing_token.CERTIFICATE)
    except pkcs11.PKCS11Error as error:
        raise Unusable(signing_token.complaint(error, key.module)) from error


def _tried(hand: Hand, certificates: list[x509.Certificate], where: str) -> Loaded:
    """Return the key with the certificate that verifies what it signs."""
    if isinstance(hand, FileKey):
        _usable(hand.key)
    signature = hand.sign(PROBE)
    for one in certificates:
        if _verifies(one.public_key(), signature):
            _usable(one.public_key())
            _for_signing(one, where)
            return Loaded(hand, one, tuple(_chain(one, certificates)))
    raise Unusable(f"{where}: no certificate there belongs to the key")


def _usable(key: Any) -> None:
    long_enough = isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA
    if not (long_enough or _elliptic(key)):
        raise Unusable(f"{KEY}: only RSA keys of {SMALLEST_RSA} bits or more and elliptic curves can sign here")


def _elliptic(key: Any) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey)


def _how(key: Any) -> tuple[Any, ...]:
    """Return how a key of this kind signs and verifies."""
    return (ec.ECDSA(hashes.SHA256()),) if _elliptic(key) else (padding.PKCS1v15(), hashes.SHA256())


def _verifies(key: Any, signature: bytes) -> bool:
    if not (_elliptic(key) or isinstance(key, rsa.RSAPublicKey)):
        return False
    try:
        key.verify(signature, PROBE, *_how(key))
    except InvalidSignature:
        return False
    return True


def _for_signing(certificate: x509.Certificate, where: str) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.content_commitment or usage.digital_signature):
        raise Unusable(f"{where}: the certificate is not for signing (its key usage)")


def _chain(own: x509.Certificate, certificates: Iterable[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Yield what leads from the certificate towards the root, without the root.

    Whoever checks has the root, and whatever else stood in the signature would be bytes that nothing vouches for.
    """
    by_name = {one.subject: one for one in certificates if one.subject != one.issuer}
    above = by_name.pop(own.issuer, None)
    while above is not None:
        yield above
        above = by_name.pop(above.issuer, None)
