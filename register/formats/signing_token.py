"""A key that stands in a token and never leaves it (PKCS#11).

Each signature opens a session of its own, so that a token may go and come back while the register runs. A process is
logged in to a token once, whatever its threads: they take turns.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11.util.ec import encode_ecdsa_signature

from register.errors import Unusable
from register.formats.signing import SigningConfig

MODULE = "REGISTER_SIGNING_PKCS11_MODULE"
TOKEN = "REGISTER_SIGNING_PKCS11_TOKEN"
KEY = "REGISTER_SIGNING_PKCS11_KEY"
CERTIFICATE = "REGISTER_SIGNING_PKCS11_CERTIFICATE"
PIN = "REGISTER_SIGNING_PKCS11_PIN"
# What a token's answer means for the settings; any other is told by its name.
COMPLAINTS: dict[type[Exception], str] = {
    pkcs11.exceptions.NoSuchToken: f"{TOKEN}: the module knows no such token",
    pkcs11.exceptions.MultipleTokensReturned: f"{TOKEN} is missing, or several tokens have this label",
    pkcs11.exceptions.PinIncorrect: f"{PIN}: the token does not accept it",
    pkcs11.exceptions.PinLenRange: f"{PIN}: the token does not accept it",
    pkcs11.exceptions.PinLocked: f"{PIN}: the token is locked after too many wrong tries",
    pkcs11.exceptions.UserPinNotInitialized: f"{PIN}: the token has no PIN yet",
}
_TURN = threading.Lock()


@dataclass(frozen=True)
class TokenKey:
    """Where the key stands; ``elliptic`` tells its kind."""

    module: Path
    token: str | None
    label: str
    pin: str | None = field(repr=False)
    elliptic: bool = False

    def sign(self, data: bytes) -> bytes:
        """Return the signature over the SHA-256 of ``data``; raise ``PKCS11Error``."""
        with self.session() as session:
            key = _key(session, self.label)
            if not self.elliptic:
                return bytes(key.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
            # Every token signs a digest on a curve, few digest first.
            digest = hashlib.sha256(data).digest()
            return bytes(encode_ecdsa_signature(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)))

    @contextmanager
    def session(self) -> Iterator[Any]:
        """Have the token to ourselves; raise ``PKCS11Error``."""
        wanted = {"token_label": self.token} if self.token else {}
        with _TURN, pkcs11.lib(str(self.module)).get_token(**wanted).open(user_pin=self.pin) as session:
            yield session


def find(config: SigningConfig, *, certificates: bool) -> tuple[TokenKey, list[bytes]]:
    """Return the key that ``config`` names and, if wanted, the token's certificates in DER, the key's own first.

    Raises ``Unusable`` with what is wrong.
    """
    module, label = config.pkcs11_module, config.pkcs11_key
    if module is None or not module.is_file():
        raise Unusable(f"{MODULE}: {module} does not exist")
    if not label:
        raise Unusable(f"{KEY} is missing: the label of the key in the token")
    try:
        pkcs11.lib(str(module))
    except pkcs11.PKCS11Error as error:
        raise Unusable(f"{MODULE}: {module} cannot be loaded") from error
    place = (module, config.pkcs11_token, label, config.pkcs11_pin)
    try:
        with TokenKey(*place).session() as session:
            elliptic = _key(session, label).key_type == pkcs11.KeyType.EC
            held = _certificates(session, config.pkcs11_certificate or label) if certificates else []
    except pkcs11.PKCS11Error as error:
        raise Unusable(complaint(error, module)) from error
    return TokenKey(*place, elliptic=elliptic), held


def _key(session: Any, label: str) -> Any:
    found = list(session.get_objects(_wanted(pkcs11.ObjectClass.PRIVATE_KEY, label)))
    if len(found) != 1:
        raise Unusable(f"{KEY}: the token holds {len(found)} private keys with this label")
    return found[0]


def _certificates(session: Any, label: str) -> list[bytes]:
    own = list(session.get_objects(_wanted(pkcs11.ObjectClass.CERTIFICATE, label)))
    if not own:
        raise Unusable(f"{CERTIFICATE}: the token holds no certificate with this label")
    every = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}))
    return [bytes(one[pkcs11.Attribute.VALUE]) for one in (*own, *every)]


def _wanted(kind: pkcs11.ObjectClass, label: str) -> dict[Any, Any]:
    return {pkcs11.Attribute.CLASS: kind, pkcs11.Attribute.LABEL: label}


def complaint(error: pkcs11.PKCS11Error, module: Path) -> str:
    """Return what an answer of the token means for the settings."""
    return COMPLAINTS.get(type(error), f"{MODULE}: {module} answers {type(error).__name__}")
