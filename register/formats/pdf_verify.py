"""Checking signatures: of PDFs and of files that a detached signature stands beside. Nothing is ever fetched.

What a valid verdict of a stamped signature (PAdES B-T) means, also in ten years: the bytes are those that were signed;
the certificate led to a trusted root and was within its validity at the moment of the stamp; the stamp came from a
trusted authority whose certificate was valid then. An expired certificate of the signer therefore does not matter.

What it does not mean. Revocation lists are not embedded in B-T: whether a certificate was revoked is only asked where
the installation has lists (``Trust.crls``), and a revocation before the stamp counts. The stamp itself rests on the
authority's certificate and on today's algorithms: past ``Signature.provable_until``, somebody who has got hold of the
authority's old key could make such a stamp, so documents that must convince longer need to be stamped again in time.

A signature for the archive (B-LTA) holds the lists of its day; behind it there may be stamps over the whole file and
what they need, and nothing else.

An unstamped signature is judged by the moment of the check, since its own date is only a claim.

Importing this module loads pyHanko (about half a second); ``signing_process`` checks in a child, with limits, which is
where a file that somebody sent belongs.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import cms, crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import extract_certificate_info, extract_signer_info
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms, extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule

from register.formats.signing import Signature, Trust, Verdict, shown
from register.formats.signing_cms import certificate, parsed, require_sound, revocations

HOLE = re.compile(rb"<((?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+)>")
END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?")
USAGE = KeyUsageConstraints(
    key_usage={"non_repudiation", "digital_signature"},
    match_all_key_usages=False,
    explicit_extd_key_usage_required=False,
)
REVOKED = {AdESIndeterminate.REVOKED_NO_POE, AdESIndeterminate.REVOKED_CA_NO_POE}
REASON_LENGTH = 500


def check(pdf: bytes, trust: Trust, now: datetime) -> Signature:
    """Return what is to be said of the file's signature at ``now``; whatever the file holds, nothing is raised."""
    try:
        return asyncio.run(_check(pdf, trust, now))
    except Exception as error:  # noqa: BLE001 a hostile file may make the parser raise anything
        return Signature(Verdict.BROKEN, reason=_reason(error))


def check_detached(data: bytes, signature: bytes, trust: Trust, now: datetime) -> Signature:
    """Return what is to be said of ``signature`` (CMS in DER) over ``data``; as ``check``."""
    try:
        return asyncio.run(_check_detached(data, signature, trust, now))
    except Exception as error:  # noqa: BLE001 as above
        return Signature(Verdict.BROKEN, reason=_reason(error))


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:REASON_LENGTH]


async def _check(pdf: bytes, trust: Trust, now: datetime) -> Signature:
    reader = PdfFileReader(io.BytesIO(pdf))
    found = reader.embedded_regular_signatures
    if not found:
        # A signature that is there and cannot be found was put out of sight.
        hidden = b"/ByteRange" in pdf
        return Signature(Verdict.BROKEN, reason="hidden") if hidden else Signature(Verdict.UNSIGNED)
    first = found[0]
    covered = _covered(pdf, first)
    archive = await _archive(reader, pdf, trust) if covered < len(pdf) else None
    judge = _judge(first.signed_data, trust, now, archive.lists if archive else [])
    status = await async_validate_pdf_signature(
        first,
        signer_validation_context=judge.signers,
        ts_validation_context=judge.stampers,
        key_usage_settings=USAGE,
        skip_diff=archive is None,
    )
    result = replace(judge.said(status), **_before(reader, first, pdf))
    if result.verdict is Verdict.CHANGED or covered == len(pdf):
        return result
    if archive is None or not status.docmdp_ok or status.modification_level > ModificationLevel.LTA_UPDATES:
        return replace(result, verdict=Verdict.APPENDED)
    return replace(result, **archive.facts) if result.valid else result


@dataclass(frozen=True)
class _Archive:
    """What B-LTA adds behind a signature: lists within the file, and what the stamp over all of it tells."""

    lists: list[crl.CertificateList]
    facts: dict[str, Any]


async def _archive(reader: PdfFileReader, pdf: bytes, trust: Trust) -> _Archive | None:
    """Return what a document time stamp at the end of the file vouches for; None where there is no such stamp."""
    stamps = reader.embedded_timestamp_signatures
    if not stamps or _covered(pdf, stamps[-1]) != len(pdf):
        return None
    last = stamps[-1]
    require_sound(last.signed_data)
    moment = _generated(last.signed_data)
    embedded = _embedded(reader)
    lists = [*(revocations(one) for one in trust.crls), *embedded]
    context = _context(trust.stamp_roots, lists, last.signed_data, moment)
    status = await async_validate_pdf_timestamp(last, context, skip_diff=True)
    if not (status.intact and status.valid):
        return _Archive([], {"verdict": Verdict.CHANGED})
    if not status.trusted:
        return _Archive([], {"verdict": Verdict.UNSTAMPED})
    return _Archive(embedded, {"archived_at": moment, "provable_until": status.signing_cert.not_valid_after})


def _embedded(reader: PdfFileReader) -> list[crl.CertificateList]:
    """Return the revocation lists within the file."""
    if "/DSS" not in reader.root or "/CRLs" not in reader.root["/DSS"]:
        return []
    streams = [reference.get_object() for reference in reader.root["/DSS"]["/CRLs"]]
    return [crl.CertificateList.load(one.read_data(DecodePurpose.CRL)) for one in streams]


async def _check_detached(data: bytes, signature: bytes, trust: Trust, now: datetime) -> Signature:
    signed, used = parsed(signature)
    if used != len(signature):
        raise ValueError("something else stands behind the signature")
    judge = _judge(signed, trust, now)
    status = await async_validate_detached_cms(
        data,
        signed,
        signer_validation_context=judge.signers,
        ts_validation_context=judge.stampers,
        key_usage_settings=USAGE,
    )
    return judge.said(status)


def _covered(pdf: bytes, signature: EmbeddedPdfSignature) -> int:
    """Return how many bytes of the file the signature covers, from its beginning.

    Raises ``ValueError`` unless it covers all of them but the hole in which it stands, and nothing else stands there:
    what lies in a hole is vouched for by nobody.
    """
    start, length, again, rest = (int(number) for number in signature.byte_range)
    hole = HOLE.fullmatch(pdf, length, again)
    if start or hole is None:
        raise ValueError("the signature does not cover the file around it")
    content = bytes.fromhex(hole[1].decode())
    _, used = parsed(content)
    if content != signature.pkcs7_content or any(content[used:]):
        raise ValueError("something else stands in the place of the signature")
    return again + rest


def _before(reader: PdfFileReader, signature: EmbeddedPdfSignature, pdf: bytes) -> dict[str, Any]:
    """Return length and digest of the file as it was before it was signed, if that was an update of it."""
    if signature.signed_revision < 1:
        return {}
    end = END.search(pdf, reader.xrefs.get_xref_container_info(signature.signed_revision - 1).end_location)
    if end is None:
        return {}
    return {"unsigned_length": end.end(), "unsigned_sha256": hashlib.sha256(pdf[: end.end()]).hexdigest()}


@dataclass(frozen=True)
class _Judge:
    """The contexts in which one signature is checked, and the moment at which its certificate must hold."""

    signers: ValidationContext
    stampers: ValidationContext
    moment: datetime
    stamped: bool
    wanted: bool

    def said(self, status: Any) -> Signature:
        """Return pyHanko's findings in our words."""
        given = getattr(status, "timestamp_validity", None)
        stamp = given if given is not None and given.intact and given.valid and given.trusted else None
        own = status.signing_cert
        rests_on = stamp.signing_cert if stamp else own
        return Signature(
            self._verdict(status, holds=stamp is not None),
            signer=_name(own.subject),
            issuer=_name(own.issuer),
            fingerprint=own.sha256.hex(),
            signed_at=status.signer_reported_dt,
            stamped_at=stamp.timestamp if stamp else None,
            stamper=_name(stamp.signing_cert.subject) if stamp else "",
            provable_until=rests_on.not_valid_after,
            reason="" if status.trust_problem_indic is None else str(status.trust_problem_indic),
        )

    def _verdict(self, status: Any, *, holds: bool) -> Verdict:
        if not (status.intact and status.valid):
            return Verdict.CHANGED
        if self.stamped and not holds:
            return Verdict.UNSTAMPED
        if status.trust_problem_indic in REVOKED:
            return Verdict.REVOKED
        if not status.trusted:
            own = status.signing_cert
            within = own.not_valid_before <= self.moment <= own.not_valid_after
            known = status.validation_path is not None
            return Verdict.EXPIRED if known and not within else Verdict.UNTRUSTED
        return Verdict.UNSTAMPED if self.wanted and not holds else Verdict.VALID


def _judge(signed: cms.SignedData, trust: Trust, now: datetime, embedded: Sequence[crl.CertificateList] = ()) -> _Judge:
    tokens = list(extract_tst_data_iter(extract_signer_info(signed), signed=False))
    if len(tokens) > 1:
        raise ValueError("more than one time stamp")
    for one in (signed, *tokens):
        require_sound(one)
    moment = _generated(tokens[0]) if tokens else now
    lists = [*(revocations(one) for one in trust.crls), *embedded]
    return _Judge(
        _context(trust.roots, lists, signed, moment),
        _context(trust.stamp_roots, lists, tokens[0] if tokens else signed, moment),
        moment,
        stamped=bool(tokens),
        wanted=trust.stamped,
    )


def _generated(token: cms.SignedData) -> datetime:
    """Return the moment that a time stamp names."""
    moment: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return moment


def _context(
    roots: Iterable[bytes], lists: list[crl.CertificateList], signed: cms.SignedData, moment: datetime
) -> ValidationContext:
    """Return the context for one signer: a list of his authority must speak of his certificate, others may."""
    issuer = extract_certificate_info(signed).signer_cert.issuer
    listed = any(one.issuer == issuer for one in lists)
    rule = RevocationCheckingRule.CRL_REQUIRED if listed else RevocationCheckingRule.NO_CHECK
    policy = RevocationCheckingPolicy(rule, RevocationCheckingRule.CHECK_IF_DECLARED_SOFT)
    return ValidationContext(
        trust_roots=[certificate(one) for one in roots],
        crls=lists,
        moment=moment,
        allow_fetching=False,
        # A list of today tells of the past.
        revinfo_policy=CertRevTrustPolicy(policy, retroactive_revinfo=True),
    )


def _name(name: asn1_x509.Name) -> str:
    native = name.native
    return shown(str(native.get("common_name") or native.get("organization_name") or name.human_friendly))
