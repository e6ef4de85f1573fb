"""Signing: PAdES signatures in our PDFs, detached signatures over other files.

A PDF gets one certifying signature that allows no change, as an update behind the unsigned bytes, which stay the first
bytes of the file: B-B, or B-T with a time-stamping authority, or B-LTA where the installation has revocation lists too.
B-LTA puts certificates and lists into the file and a stamp over the whole of it.

Importing this module loads pyHanko (about half a second); ``signing_process`` signs in a child instead.
"""

from __future__ import annotations

import asyncio
import functools
import io
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_cms import Signer as Key
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    PdfSigningSession,
    SigDSSPlacementPreference,
)
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext

from register.errors import say
from register.formats import signing_keys
from register.formats.signing import FIELD, SealFailed, SigningConfig, StampAway, Trust, shown
from register.formats.signing_cms import certificate, revocations
from register.formats.signing_keys import Loaded
from register.formats.signing_stamp import Stampers, stampers
from register.formats.signing_trust import trust_of

DIGEST = "sha256"
STAMP_FIELD = "Timestamp"
NAMES = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
META = PdfSignatureMetadata(
    field_name=FIELD,
    md_algorithm=DIGEST,
    subfilter=SigSeedSubFilter.PADES,
    certify=True,
    docmdp_permissions=MDPPerm.NO_CHANGES,
)
# Lists and certificates come with the signature, so that the last stamp covers the whole file.
BESIDE = DSSContentSettings(include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE)


@dataclass(frozen=True)
class Signer:
    """A key that is loaded, and the authority that stamps, if there is one. Several threads may use it."""

    key: Loaded
    stampers: Stampers | None
    # With revocation lists, and somebody who stamps, PDFs are signed for the archive.
    trust: Trust | None = None

    @property
    def name(self) -> str:
        """The name in the certificate."""
        subject = self.key.certificate.subject
        found = [one for kind in NAMES for one in subject.get_attributes_for_oid(kind)]
        return shown(str(found[0].value) if found else subject.rfc4514_string())

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in hexadecimal."""
        return self.key.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def valid_from(self) -> datetime:
        """The first moment of the certificate."""
        return self.key.certificate.not_valid_before_utc

    @property
    def valid_until(self) -> datetime:
        """The last moment of the certificate."""
        return self.key.certificate.not_valid_after_utc


def load_signer(config: SigningConfig) -> Signer | None:
    """Return the signer of an installation, None where no key is named; raise ``Unusable`` with what is wrong.

    An expired certificate is loaded: ``valid_until`` tells, and every check of what it signs.
    """
    if not config.signs:
        return None
    trust = trust_of(config) if config.crls and config.tsa_url else None
    return Signer(signing_keys.load(config), stampers(config), trust)


def seal(pdf: bytes, signer: Signer, at: datetime) -> bytes:
    """Return the PDF with the signature in the field that it was rendered with; ``pdf`` is its exact beginning.

    ``at`` is the moment that the signature names. Raises ``StampAway`` when the authority gives no stamp, and
    ``SealFailed``; then nothing was signed.
    """
    _check(at)
    _install()

    def work(stamper: TimeStamper | None) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        meta = _archival(signer.trust, at) if signer.trust else META
        session = _At(meta, signer.key.signer(), stamper, at)
        return bytes(session.sign_pdf(writer, existing_fields_only=True).getvalue())

    sealed: bytes = _done(work, signer, at)
    if not sealed.startswith(pdf):
        raise SealFailed(say("署名で元のファイルが変わったため、署名を取り消しました。管理者に連絡してください。"))
    return sealed


def sign_detached(data: bytes, signer: Signer, at: datetime) -> bytes:
    """Return a signature over ``data`` that stands beside it: CMS in DER (CAdES), stamped where there is an authority.

    Raises as ``seal`` does.
    """
    _check(at)

    def work(stamper: TimeStamper | None) -> bytes:
        signed: cms.ContentInfo = asyncio.run(
            signer.key.signer().async_sign_general_data(
                data,
                DIGEST,
                use_cades=True,
                timestamper=stamper,
                signed_attr_settings=PdfCMSSignedAttributes(signing_time=at.replace(microsecond=0)),
            )
        )
        return bytes(signed.dump())

    result: bytes = _done(work, signer, at)
    return result


def _archival(trust: Trust, at: datetime) -> PdfSignatureMetadata:
    """Return what is asked of a signature for the archive; the lists must be fresh at the moment of signing."""
    context = ValidationContext(
        trust_roots=[certificate(one) for one in {*trust.roots, *trust.stamp_roots}],
        crls=[revocations(one) for one in trust.crls],
        revocation_mode="require",
        allow_fetching=False,
        moment=at,
    )
    return replace(
        META,
        embed_validation_info=True,
        use_pades_lta=True,
        timestamp_field_name=STAMP_FIELD,
        validation_context=context,
        signer_key_usage=set(),
        dss_settings=BESIDE,
    )


class _At(PdfSigner):
    """pyHanko's signer with the moment handed in: it would read the clock."""

    def __init__(self, meta: PdfSignatureMetadata, key: Key, stamper: TimeStamper | None, at: datetime) -> None:
        super().__init__(meta, key, timestamper=stamper)
        self._at = at

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self._at
        return session


def _done(work: Any, signer: Signer, at: datetime) -> Any:
    try:
        return work(signer.stampers(at) if signer.stampers else None)
    except (StampAway, SealFailed):
        raise
    except Exception as error:  # a token or a damaged file may raise anything
        sentence = say("電子署名を付けられませんでした。署名の鍵の状態を管理者に確認してください。")
        told = [f"{type(one).__name__}: {one}" for one in (error, error.__cause__) if one]
        raise SealFailed(sentence, "; ".join(told)) from error


def _check(at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError("the moment of a signature needs its zone")


@functools.cache
def _install() -> None:
    """Keep pyHanko from rewriting the XMP packet, which would no longer be one of PDF/A for every validator."""
    IncrementalPdfFileWriter._update_meta = lambda _self: None  # type: ignore[method-assign]
