"""The process that signs or checks one file: a request on standard input, the answer on standard output, both JSON."""

from __future__ import annotations

import base64
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from register.errors import Unusable
from register.formats import pdf_sign, pdf_verify
from register.formats.pdf_process import Limits, restrict
from register.formats.signing import SealFailed, StampAway
from register.formats.signing_process import UNUSABLE, config_of, trust_from, written


def main() -> int:
    """Do what stands on standard input."""
    asked = json.load(sys.stdin)
    restrict(Limits(**asked["limits"]))
    # pyHanko tells at length what it finds wrong with a file; the verdict says it.
    logging.disable()
    try:
        answer = ANSWERS[asked["operation"]](asked)
    except Unusable as error:
        answer = {"refused": UNUSABLE, "detail": str(error)}
    except (StampAway, SealFailed) as error:
        said = {"template": error.sentence.template, "params": dict(error.sentence.params)}
        answer = {"refused": type(error).__name__, "detail": error.detail, **said}
    json.dump(answer, sys.stdout, default=written)
    return 0


def _signer(asked: Mapping[str, Any]) -> pdf_sign.Signer:
    signer = pdf_sign.load_signer(config_of(asked["config"]))
    if signer is None:
        raise Unusable("no key to sign with is set")
    return signer


def _held(asked: Mapping[str, Any]) -> dict[str, Any]:
    signer = _signer(asked)
    return {name: getattr(signer, name) for name in ("name", "fingerprint", "valid_from", "valid_until")}


def _seal(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": pdf_sign.seal(_bytes(asked["data"]), _signer(asked), _moment(asked["at"]))}


def _sign(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": pdf_sign.sign_detached(_bytes(asked["data"]), _signer(asked), _moment(asked["at"]))}


def _check(asked: Mapping[str, Any]) -> dict[str, Any]:
    return asdict(pdf_verify.check(_bytes(asked["data"]), trust_from(asked["trust"]), _moment(asked["now"])))


def _check_detached(asked: Mapping[str, Any]) -> dict[str, Any]:
    pair = (_bytes(asked["data"]), _bytes(asked["signature"]))
    return asdict(pdf_verify.check_detached(*pair, trust_from(asked["trust"]), _moment(asked["now"])))


_bytes, _moment = base64.b64decode, datetime.fromisoformat
ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "held": _held,
    "seal": _seal,
    "sign": _sign,
    "check": _check,
    "check_detached": _check_detached,
}


if __name__ == "__main__":
    sys.exit(main())
