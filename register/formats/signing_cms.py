"""The little of CMS (RFC 5652) that pyHanko leaves to its caller: PEM or DER, and what no signature vouches for."""

from __future__ import annotations

from asn1crypto import cms, core, crl
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.general import extract_certificate_info, extract_signer_info

VERSIONS = {"data": {"v1", "v3"}, "tst_info": {"v3"}}
NULL = b"\x05\x00"


def certificate(data: bytes) -> asn1_x509.Certificate:
    """Return the certificate in PEM or DER; raise ``ValueError``."""
    return asn1_x509.Certificate.load(_der(data), strict=True)


def revocations(data: bytes) -> crl.CertificateList:
    """Return the revocation list in PEM or DER; raise ``ValueError``."""
    return crl.CertificateList.load(_der(data), strict=True)


def _der(data: bytes) -> bytes:
    return bytes(asn1_pem.unarmor(data)[2]) if asn1_pem.detect(data) else data


def parsed(data: bytes) -> tuple[cms.SignedData, int]:
    """Return what is signed and how long it is written, behind which there may be more; raise ``ValueError``."""
    message = cms.ContentInfo.load(data)
    if len(message.contents) != len(message["content_type"].dump()) + len(message["content"].dump()):
        raise ValueError("the signature is not written as it must be")
    return message["content"], len(message.dump())


def require_sound(signed: cms.SignedData) -> None:
    """Raise ``ValueError`` where a field that no signature covers is not as it must be.

    Such a field changes nothing; but a file in which any byte was changed shall never pass for the one that was signed.
    """
    signer = extract_signer_info(signed)
    digest = signer["digest_algorithm"]
    kind = signed["encap_content_info"]["content_type"].native
    listed = list(signed["digest_algorithms"])
    by_serial = signer["sid"].name == "issuer_and_serial_number"
    issuer = extract_certificate_info(signed).signer_cert.issuer
    if (
        signed["version"].native not in VERSIONS.get(kind, set())
        or signer["version"].native != ("v1" if by_serial else "v3")
        # Names count as equal whatever their case.
        or (by_serial and signer["sid"].chosen["issuer"].dump() != issuer.dump())
        or digest["algorithm"].native not in [one["algorithm"].native for one in listed]
        or not all(_bare(one["parameters"]) for one in (digest, *listed))
        or len({one.chosen.dump() for one in signed["certificates"]}) < len(signed["certificates"])
    ):
        raise ValueError("the signature is not written as it must be")


def _bare(parameters: core.Asn1Value) -> bool:
    """Whether a digest has no parameters, as they all have none."""
    return isinstance(parameters, core.Void) or parameters.dump() == NULL
