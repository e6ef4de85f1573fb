"""Signatures of a pack, where pyHanko is installed and a certificate is trusted."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from register.verifier.findings import Findings, why


class Signatures:
    """Checks signatures against the certificates that are trusted; nothing is ever fetched."""

    def __init__(self, roots: Sequence[str]) -> None:
        load = importlib.import_module
        for name in ("pyhanko", "pyhanko_certvalidator"):
            # Its reports on what cannot be confirmed would stand between our sentences.
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.pem, self.x509, self.cms = (load(f"asn1crypto.{name}") for name in ("pem", "x509", "cms"))
        self.reader = load("pyhanko.pdf_utils.reader")
        self.validation = load("pyhanko.sign.validation")
        self.generic = load("pyhanko.sign.validation.generic_cms")
        self.contexts = load("pyhanko_certvalidator")
        self.whole_file = load("pyhanko.sign.validation.status").SignatureCoverageLevel.ENTIRE_FILE
        self.usage = load("pyhanko.sign.validation.settings").KeyUsageConstraints(
            key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
        )
        self.roots = [one for path in roots for one in self._certificates(Path(path).read_bytes())]

    def _certificates(self, content: bytes) -> list[Any]:
        if not self.pem.detect(content):
            return [self.x509.Certificate.load(content)]
        return [self.x509.Certificate.load(der) for _, _, der in self.pem.unarmor(content, multiple=True)]

    def pdf(self, content: bytes) -> str:
        """Return what is wrong with the signature of a PDF; empty where it covers the whole file and is good."""
        reader = self.reader.PdfFileReader(io.BytesIO(content))
        own, every = reader.embedded_regular_signatures, reader.embedded_signatures
        if len(own) != 1:
            return "no signature"
        if every[-1].evaluate_signature_coverage() != self.whole_file:
            return "something was appended"

        def validate(*contexts: Any) -> Any:
            return self.validation.validate_pdf_signature(own[0], *contexts, key_usage_settings=self.usage)

        return self._judged(validate)

    def detached(self, content: bytes, signature: bytes) -> str:
        """Return what is wrong with a signature beside a file; empty where it is good."""
        signed = self.cms.ContentInfo.load(signature, strict=True)["content"]

        def validate(*contexts: Any) -> Any:
            validated = self.generic.async_validate_detached_cms
            return asyncio.run(validated(content, signed, *contexts, key_usage_settings=self.usage))

        return self._judged(validate)

    def _judged(self, validate: Callable[..., Any]) -> str:
        status = validate(self._trusting(None), self._trusting(None))
        stamp = status.timestamp_validity
        if not status.bottom_line and stamp is not None:
            # A certificate that is over since must have held at the moment of the stamp, which is checked beside it.
            status = validate(self._trusting(stamp.timestamp), self._trusting(stamp.timestamp))
        return "" if status.bottom_line else str(status.summary())

    def _trusting(self, moment: Any) -> Any:
        return self.contexts.ValidationContext(trust_roots=self.roots, allow_fetching=False, moment=moment)


def check_signatures(
    found: Findings, roots: Sequence[str], signed: dict[str, Callable[[Signatures], str]], needed: str
) -> None:
    """Check what is ``signed``, by name, or say why that was not done.

    Whoever names a certificate expects that ``needed`` is signed.
    """
    if not roots:
        found.note("no_root" if signed else "unsigned", len(signed))
        if signed and importlib.util.find_spec("pyhanko") is None:
            found.note("no_pyhanko")
        return
    try:
        known = Signatures(roots)
    except Exception as error:  # noqa: BLE001 the file may be no certificate, or pyHanko not be there
        found.check("signatures", [why(error)])
        if isinstance(error, ImportError):
            found.note("no_pyhanko")
        return
    problems = [] if needed in signed else [f"{needed}: no signature"]
    for name, check in signed.items():
        try:
            told = check(known)
        except Exception as error:  # noqa: BLE001 a hostile file may raise anything
            told = why(error)
        problems += [f"{name}: {told}"] if told else []
    found.check("signatures", problems, len(signed))
