"""A certificate authority, a signer and a time-stamping authority of our own, for the demo and the tests only.

Every name in them says DEMO and 試験用: whoever reads a signature made with them sees that it proves nothing. A folder
holds ``ca.pem`` (the root to trust), ``ca.crl`` (which revokes nothing), ``signer.pem`` with ``signer.key.pem``,
``signer.p12`` (with ``DEMO_PASSPHRASE``), ``tsa.pem`` with ``tsa.key.pem``. The key of the authority is not kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from register.formats.signing import DEMO_PASSPHRASE, SigningConfig, demo_config

YEARS = 20
BITS = 3072
AUTHORITY = "DEMO Root CA 試験用認証局"
SIGNER = "DEMO Register 試験用 AI案件台帳"
STAMPER = "DEMO TSA 試験用タイムスタンプ局"
SIGNING = ("digital_signature", "content_commitment")
CERTIFYING = ("key_cert_sign", "crl_sign")
USAGES = (
    *SIGNING,
    *CERTIFYING,
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)
Key = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True)
class Identity:
    """A key and its certificate."""

    key: Key
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make(folder: Path, now: datetime, bits: int = BITS) -> SigningConfig:
    """Return the settings that sign with the folder's keys, made first where the folder does not exist.

    The folder appears whole or not at all, also when several processes make it at once. The certificates are valid for
    twenty years from the day before ``now``.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        try:
            _write(made, now, bits)
            made.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            # Somebody else was quicker.
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return demo_config(folder)


def issue(
    name: str,
    now: datetime,
    key: Key,
    *,
    by: Identity | None = None,
    authority: bool = False,
    days: tuple[int, int] = (-1, YEARS * 366),
    usages: tuple[str, ...] = SIGNING,
    purpose: x509.ObjectIdentifier | None = None,
) -> Identity:
    """Return a certificate for ``name`` and ``key``, signed ``by`` an authority or, without one, by itself.

    ``authority`` makes it one that may sign others; ``days`` bound its validity, counted from ``now``.
    """
    subject = _name(name)
    issuer = by.certificate.subject if by else subject
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(CERTIFYING if authority else usages), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if by:
        public = by.key.public_key()
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return Identity(key, builder.sign(by.key if by else key, hashes.SHA256()))


def revoke(by: Identity, now: datetime, *serials: int, days: int = YEARS * 366) -> bytes:
    """Return a revocation list of the authority as PEM that revokes ``serials`` as of ``now``."""
    builder = (
        x509.CertificateRevocationListBuilder(by.certificate.subject)
        .last_update(now - timedelta(days=1))
        .next_update(now + timedelta(days=days))
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _write(folder: Path, now: datetime, bits: int) -> None:
    own, signing, stamping = (generate_private_key(65537, bits) for _ in range(3))
    authority = issue(AUTHORITY, now, own, authority=True)
    signer = issue(SIGNER, now, signing, by=authority)
    stamper = issue(STAMPER, now, stamping, by=authority, purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    bundle = pkcs12.serialize_key_and_certificates(
        SIGNER.encode(),
        signer.key,
        signer.certificate,
        [authority.certificate],
        BestAvailableEncryption(DEMO_PASSPHRASE.encode()),
    )
    public = {
        "ca.pem": authority.certificate_pem,
        "ca.crl": revoke(authority, now),
        "signer.pem": signer.certificate_pem,
        "tsa.pem": stamper.certificate_pem,
    }
    secret = {"signer.key.pem": signer.key_pem, "signer.p12": bundle, "tsa.key.pem": stamper.key_pem}
    for name, data in (public | secret).items():
        mode = 0o600 if name in secret else 0o644
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "DEMO 試験用"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(wanted: tuple[str, ...]) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in wanted for usage in USAGES})
