"""What the register says about electronic signatures: settings, verdicts, sentences, refusals.

Nothing here loads the signing library, so that every part of the register may import it. ``signing_process`` signs and
checks in a child; ``pdf_sign`` and ``pdf_verify`` do it in this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from register.clock import TOKYO
from register.errors import RegisterError, Say, Unusable, say

# The signature field that every PDF of ours is rendered with.
FIELD = "Signature"
# The address that stands for the time-stamping authority of the demo, which needs no network.
DEMO_TSA = "demo:"
DEMO_PASSPHRASE = "demo"
NAME_LENGTH = 200


class StampAway(RegisterError):
    """The time-stamping authority gave no usable stamp; nothing was signed. ``detail`` is for the log."""

    def __init__(self, sentence: Say, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


class SealFailed(RegisterError):
    """The key could not be used, or the file cannot be signed. ``detail`` is for the log."""

    def __init__(self, sentence: Say, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


@dataclass(frozen=True)
class SigningConfig:
    """How an installation signs and whom it trusts; everything is optional, and without a key nothing is signed.

    The key is a PKCS#12 or PEM file, or stands in a token (``pkcs11_*``). ``cert_file`` holds the certificate and its
    chain as PEM; PKCS#12 files and tokens may hold them themselves. ``tsa_roots`` are the roots of the time stamps
    where they are not those of the signatures.
    """

    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    cert_file: Path | None = None
    pkcs11_module: Path | None = None
    pkcs11_token: str | None = None
    pkcs11_key: str | None = None
    pkcs11_certificate: str | None = None
    pkcs11_pin: str | None = field(default=None, repr=False)
    tsa_url: str | None = None
    tsa_seconds: float = 10.0
    roots: tuple[Path, ...] = ()
    tsa_roots: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()
    demo_folder: Path | None = None

    @property
    def signs(self) -> bool:
        """Whether a key is named."""
        return self.key_file is not None or self.pkcs11_module is not None


def demo_config(folder: Path) -> SigningConfig:
    """Return the settings that sign with the keys of a folder that ``demo_ca.make`` has made."""
    return SigningConfig(
        key_file=folder / "signer.p12",
        passphrase=DEMO_PASSPHRASE,
        tsa_url=DEMO_TSA,
        roots=(folder / "ca.pem",),
        demo_folder=folder,
    )


@dataclass(frozen=True)
class Trust:
    """Whom a check trusts: certificates and revocation lists as PEM or DER.

    ``roots`` are authorities, or certificates of signers themselves. ``stamped`` says that a signature counts only with
    a time stamp.
    """

    roots: tuple[bytes, ...]
    stamp_roots: tuple[bytes, ...]
    crls: tuple[bytes, ...] = ()
    stamped: bool = False


def read(path: Path, setting: str) -> bytes:
    """Return the content of a file that a setting names, or raise ``Unusable`` with the setting's name."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{setting}: cannot read {path}: {error.strerror}") from error


class Verdict(StrEnum):
    """What a check found; only ``VALID`` is good."""

    VALID = "valid"
    UNSIGNED = "unsigned"
    CHANGED = "changed"
    APPENDED = "appended"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNSTAMPED = "unstamped"
    BROKEN = "broken"


VERDICTS = {
    Verdict.VALID: say("電子署名は有効です。署名の後に変更されていません。"),
    Verdict.UNSIGNED: say("電子署名がありません。"),
    Verdict.CHANGED: say("署名された内容が、署名の後に変更されています。"),
    Verdict.APPENDED: say("署名の後に、ファイルに追記されています。"),
    Verdict.UNTRUSTED: say("署名に使われた証明書を、信頼する認証局の証明書までたどれません。"),
    Verdict.EXPIRED: say("署名に使われた証明書の有効期間内に署名されたことを確認できません。"),
    Verdict.REVOKED: say("署名に使われた証明書は失効していて、失効の前に署名されたことを確認できません。"),
    Verdict.UNSTAMPED: say("必要なタイムスタンプがないか、タイムスタンプを確認できません。"),
    Verdict.BROKEN: say("ファイルか署名が壊れていて、確認できません。"),
}


@dataclass(frozen=True)
class Signature:
    """What a check found, as facts.

    ``signer`` and ``issuer`` are what the certificate says, whoever wrote it: only with ``VALID`` is it proven.
    ``signed_at`` is what the signer says, ``stamped_at`` (from ``stamper``) is a stamp that was checked and
    ``archived_at`` that of the last stamp over the whole file.
    ``provable_until`` is the end of the certificate on which the time rests. ``unsigned_length`` and
    ``unsigned_sha256`` describe the file as it was before it was signed: its first bytes. ``reason`` is for the log.
    """

    verdict: Verdict
    signer: str = ""
    issuer: str = ""
    fingerprint: str = ""
    signed_at: datetime | None = None
    stamped_at: datetime | None = None
    stamper: str = ""
    archived_at: datetime | None = None
    provable_until: datetime | None = None
    unsigned_length: int | None = None
    unsigned_sha256: str = ""
    reason: str = ""

    @property
    def valid(self) -> bool:
        """Whether the signature is good."""
        return self.verdict is Verdict.VALID

    @property
    def sentences(self) -> tuple[Say, ...]:
        """The verdict and then one sentence for each fact."""
        return tuple(_sentences(self))


def _sentences(found: Signature) -> Iterator[Say]:
    yield VERDICTS[found.verdict]
    if found.signer:
        yield say("証明書の名義は「%(name)s」、発行者は「%(issuer)s」です。", name=found.signer, issuer=found.issuer)
    if found.signed_at:
        yield say("署名者が記録した署名の日時は、%(day)s %(clock)s（日本時間）です。", **_moment(found.signed_at))
    if found.stamped_at:
        yield say(
            "「%(name)s」のタイムスタンプの日時は、%(day)s %(clock)s（日本時間）です。",
            name=found.stamper,
            **_moment(found.stamped_at),
        )
    elif found.signer:
        yield say("確認できたタイムスタンプはありません。署名の日時は署名者の申告だけによります。")
    if found.archived_at:
        yield say(
            "ファイル全体への長期保存用のタイムスタンプの日時は、%(day)s %(clock)s（日本時間）です。",
            **_moment(found.archived_at),
        )
    if found.valid and found.provable_until:
        day = found.provable_until.astimezone(TOKYO).date()
        yield say("日時の根拠となる証明書の有効期間は、%(day)sまでです。", day=day)
    if found.unsigned_length is not None:
        yield say(
            "署名の前のファイルは先頭の%(length)dバイトで、そのSHA-256は%(sha256)sです。",
            length=found.unsigned_length,
            sha256=found.unsigned_sha256,
        )


def _moment(value: datetime) -> dict[str, object]:
    local = value.astimezone(TOKYO)
    return {"day": local.date(), "clock": f"{local:%H:%M:%S}"}


def shown(name: str) -> str:
    """Return a name from a certificate as it may be shown: printable and of a bearable length."""
    return "".join(letter for letter in name if letter.isprintable())[:NAME_LENGTH]
