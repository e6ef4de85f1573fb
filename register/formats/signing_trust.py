"""Reading whom an installation trusts: what cannot be read is told at the start, not by a check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from register.errors import Unusable
from register.formats.signing import SigningConfig, Trust, read

ROOTS = "REGISTER_SIGNING_ROOTS"
STAMP_ROOTS = "REGISTER_TSA_ROOTS"
CRLS = "REGISTER_SIGNING_CRLS"
PEM = b"-----BEGIN"
PEM_CRL = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)


def trust_of(config: SigningConfig) -> Trust:
    """Return whom the installation trusts, each certificate and list in DER; raise ``Unusable`` with what is wrong.

    A file holds one in DER or any number in PEM.
    """
    roots = _certificates(config.roots, ROOTS)
    stamp_roots = _certificates(config.tsa_roots, STAMP_ROOTS)
    return Trust(roots, stamp_roots or roots, _crls(config.crls), stamped=config.tsa_url is not None)


def _certificates(paths: Iterable[Path], setting: str) -> tuple[bytes, ...]:
    found: list[x509.Certificate] = []
    for path in paths:
        data = read(path, setting)
        try:
            more = x509.load_pem_x509_certificates(data) if PEM in data else [x509.load_der_x509_certificate(data)]
        except ValueError as error:
            raise Unusable(f"{setting}: {path} holds no certificate in PEM or DER") from error
        found += more
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def _crls(paths: Iterable[Path]) -> tuple[bytes, ...]:
    found: list[x509.CertificateRevocationList] = []
    for path in paths:
        data = read(path, CRLS)
        try:
            more = [x509.load_pem_x509_crl(one) for one in PEM_CRL.findall(data)] or [x509.load_der_x509_crl(data)]
        except ValueError as error:
            raise Unusable(f"{CRLS}: {path} holds no revocation list in PEM or DER") from error
        found += more
    return tuple(one.public_bytes(Encoding.DER) for one in found)
