"""Signing and checking in a process of its own: half a second of loading that the web server is spared, and limits.

A file to be checked may be hostile: the child that reads it has a bare environment and a limit on memory, processor
time and waiting time, and what kills it is the verdict ``BROKEN``. The child that signs loads the key for this one
signature, so that a token that hangs or dies takes nobody along, and a fork of ours shares no session with another.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from register.errors import Say, Unusable, say
from register.formats.pdf_process import Limits
from register.formats.signing import SealFailed, Signature, SigningConfig, StampAway, Trust, Verdict

ROOT = Path(__file__).parents[2]
MODULE = "register.formats.signing_child"
BARE = ("PATH", "HOME", "LD_LIBRARY_PATH")
DETAIL = 4000
REFUSALS = {one.__name__: one for one in (StampAway, SealFailed)}
UNUSABLE = "Unusable"
# How a setting of this type is read back from JSON.
READ: Mapping[str, Callable[[Any], Any]] = {
    "Path | None": lambda value: value and Path(value),
    "tuple[Path, ...]": lambda value: tuple(Path(one) for one in value),
}
MOMENTS = ("signed_at", "stamped_at", "archived_at", "provable_until")


@dataclass(frozen=True)
class Held:
    """The certificate that signs: its name, SHA-256 and validity."""

    name: str
    fingerprint: str
    valid_from: datetime
    valid_until: datetime


def held_in_child(config: SigningConfig) -> Held | None:
    """Load and try the key; return its certificate, None where no key is named. Raises ``Unusable``."""
    if not config.signs:
        return None
    found = _ask("held", {"config": asdict(config)}, _patience(config), _whole())
    moments = {name: datetime.fromisoformat(found[name]) for name in ("valid_from", "valid_until")}
    return Held(found["name"], found["fingerprint"], **moments)


def seal_in_child(pdf: bytes, config: SigningConfig, at: datetime) -> bytes:
    """Return what ``pdf_sign.seal`` returns; raises as it does, and ``Unusable`` when the key cannot be loaded."""
    asked = {"config": asdict(config), "data": pdf, "at": at}
    return base64.b64decode(_ask("seal", asked, _patience(config), _whole())["data"])


def sign_in_child(data: bytes, config: SigningConfig, at: datetime) -> bytes:
    """Return what ``pdf_sign.sign_detached`` returns; raises as ``seal_in_child``."""
    asked = {"config": asdict(config), "data": data, "at": at}
    return base64.b64decode(_ask("sign", asked, _patience(config), _whole())["data"])


def check_in_child(pdf: bytes, trust: Trust, now: datetime, limits: Limits | None = None) -> Signature:
    """Return what ``pdf_verify.check`` returns; a file that is too much for the limits is ``BROKEN``."""
    return _checked("check", {"trust": asdict(trust), "data": pdf, "now": now}, limits)


def check_detached_in_child(
    data: bytes, signature: bytes, trust: Trust, now: datetime, limits: Limits | None = None
) -> Signature:
    """Return what ``pdf_verify.check_detached`` returns; as ``check_in_child``."""
    asked = {"trust": asdict(trust), "data": data, "signature": signature, "now": now}
    return _checked("check_detached", asked, limits)


def _checked(operation: str, asked: Mapping[str, Any], limits: Limits | None) -> Signature:
    try:
        found = _ask(operation, asked, limits or Limits(), _bare())
    except SealFailed as error:
        return Signature(Verdict.BROKEN, reason=error.detail)
    moments = {name: datetime.fromisoformat(found[name]) if found[name] else None for name in MOMENTS}
    values: dict[str, Any] = found | moments | {"verdict": Verdict(found["verdict"])}
    return Signature(**values)


def _patience(config: SigningConfig) -> Limits:
    """Return the limits of a signature: the authority is asked twice."""
    return Limits(wall=int(2 * config.tsa_seconds) + 60)


def _bare() -> dict[str, str]:
    return {name: os.environ[name] for name in BARE if name in os.environ}


def _whole() -> dict[str, str]:
    """Return our environment but for our own settings: tokens and proxies have settings of theirs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REGISTER_")}


def _ask(operation: str, asked: Mapping[str, Any], limits: Limits, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the child answers; raise ``SealFailed`` when it dies, else what it raised."""
    request = json.dumps({"operation": operation, "limits": asdict(limits), **asked}, default=written)
    try:
        done = subprocess.run(  # noqa: S603 our own interpreter and module
            [sys.executable, "-m", MODULE],
            input=request.encode(),
            capture_output=True,
            timeout=limits.wall,
            cwd=ROOT,
            env={**environment, "LANG": "C.UTF-8", "TZ": "UTC"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        sentence = say("電子署名の処理が制限時間（%(seconds)d秒）を超えたため中止しました。", seconds=limits.wall)
        raise SealFailed(sentence, "timeout") from error
    if done.returncode:
        tail = done.stderr.decode(errors="replace")[-DETAIL:]
        raise SealFailed(
            say("電子署名の処理が途中で止まりました。管理者に連絡してください。"), f"exit {done.returncode}: {tail}"
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    refused = answer.get("refused")
    if refused == UNUSABLE:
        raise Unusable(answer["detail"])
    if refused:
        raise REFUSALS[refused](Say(answer["template"], answer["params"]), answer["detail"])
    return answer


def written(value: object) -> str:
    """Return a value that JSON does not know as text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def config_of(given: Mapping[str, Any]) -> SigningConfig:
    """Return the settings as the child gets them."""
    values = dict(given)
    for one in fields(SigningConfig):
        values[one.name] = READ.get(str(one.type), _same)(given[one.name])
    return SigningConfig(**values)


def _same(value: object) -> object:
    return value


def trust_from(given: Mapping[str, Any]) -> Trust:
    """Return whom to trust as the child gets it."""
    lists = {name: tuple(map(base64.b64decode, given[name])) for name in ("roots", "stamp_roots", "crls")}
    return Trust(**lists, stamped=given["stamped"])
