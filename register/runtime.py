"""What one running application holds: its settings, database, clock and files, passed in and never looked up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from register.clock import Clock
from register.db import Database
from register.files import FileStore
from register.formats.signing import SigningConfig, Trust, demo_config
from register.formspec.loader import FormLibrary
from register.formspec.reminders import ReminderPlan
from register.formspec.retention import Retention
from register.formspec.risk import RiskTerms
from register.formspec.sheets import SheetLibrary
from register.sentinel import Limits
from register.services.outbox import Sender, host_of
from register.vocab import Channel


class Secret(Protocol):
    """A value that shows itself only when asked."""

    def get_secret_value(self) -> str: ...


class Settings(Protocol):
    """The settings that the register reads; ``config/settings.py`` fills them from the environment."""

    @property
    def database_url(self) -> str: ...
    @property
    def secret_key(self) -> Secret | None: ...
    @property
    def files_url(self) -> str: ...
    @property
    def public_url(self) -> str: ...
    @property
    def cookie_secure(self) -> bool: ...
    @property
    def trusted_hosts(self) -> list[str]: ...
    @property
    def proxy_hops(self) -> int: ...
    @property
    def session_minutes(self) -> int: ...
    @property
    def job_seconds(self) -> float: ...
    @property
    def demo(self) -> bool: ...
    @property
    def mail_url(self) -> Secret | None: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def mail_seconds(self) -> float: ...
    @property
    def webhook_hosts(self) -> list[str]: ...
    @property
    def webhook_networks(self) -> list[str]: ...
    @property
    def webhook_seconds(self) -> float: ...
    @property
    def signing_key_file(self) -> Path | None: ...
    @property
    def signing_passphrase(self) -> Secret | None: ...
    @property
    def signing_cert_file(self) -> Path | None: ...
    @property
    def signing_pkcs11_module(self) -> Path | None: ...
    @property
    def signing_pkcs11_token(self) -> str | None: ...
    @property
    def signing_pkcs11_key(self) -> str | None: ...
    @property
    def signing_pkcs11_certificate(self) -> str | None: ...
    @property
    def signing_pkcs11_pin(self) -> Secret | None: ...
    @property
    def signing_roots(self) -> list[Path]: ...
    @property
    def signing_crls(self) -> list[Path]: ...
    @property
    def signing_demo_folder(self) -> Path: ...
    @property
    def tsa_url(self) -> str | None: ...
    @property
    def tsa_seconds(self) -> float: ...
    @property
    def tsa_roots(self) -> list[Path]: ...
    @property
    def config_dir(self) -> Path: ...
    @property
    def migrations_dir(self) -> Path: ...
    @property
    def templates_dir(self) -> Path: ...
    @property
    def translations_dir(self) -> Path: ...


@dataclass(frozen=True)
class Runtime:
    """The one object that the edges find in ``app.extensions["register"]``."""

    settings: Settings
    database: Database
    clock: Clock
    files: FileStore
    forms: FormLibrary
    risk: RiskTerms
    sheets: SheetLibrary
    limits: Limits
    retention: Retention
    reminders: ReminderPlan
    signing: SigningConfig
    trust: Trust

    @property
    def config_dir(self) -> Path:
        return self.settings.config_dir

    @property
    def sender(self) -> Sender:
        """As whom this installation sends mail and posts."""
        return Sender(host_of(self.settings.public_url), _revealed(self.settings.secret_key) or "")


def runtime_of(app: Any) -> Runtime:
    """Return the runtime that ``app`` was made with."""
    runtime: Runtime = app.extensions["register"]
    return runtime


def signing_config(settings: Settings) -> SigningConfig:
    """Return how this installation signs; a demo without a key of its own signs with that of ``demo_ca``."""
    if settings.demo and not (settings.signing_key_file or settings.signing_pkcs11_module):
        return demo_config(settings.signing_demo_folder)
    return SigningConfig(
        key_file=settings.signing_key_file,
        passphrase=_revealed(settings.signing_passphrase),
        cert_file=settings.signing_cert_file,
        pkcs11_module=settings.signing_pkcs11_module,
        pkcs11_token=settings.signing_pkcs11_token,
        pkcs11_key=settings.signing_pkcs11_key,
        pkcs11_certificate=settings.signing_pkcs11_certificate,
        pkcs11_pin=_revealed(settings.signing_pkcs11_pin),
        tsa_url=settings.tsa_url,
        tsa_seconds=settings.tsa_seconds,
        roots=tuple(settings.signing_roots),
        tsa_roots=tuple(settings.tsa_roots),
        crls=tuple(settings.signing_crls),
    )


def channels_of(settings: Settings) -> list[Channel]:
    """Return by which channels this installation sends: posts need hosts, and the key that signs them."""
    posts = bool(settings.webhook_hosts) and settings.secret_key is not None
    return [Channel.MAIL] * bool(settings.mail_url) + [Channel.WEBHOOK] * posts


def _revealed(secret: Secret | None) -> str | None:
    return secret.get_secret_value() if secret else None
