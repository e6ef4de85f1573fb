"""What one running application holds: its settings, database, clock and files, passed in and never looked up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from register.clock import Clock
from register.db import Database
from register.files import FileStore
from register.formspec.loader import FormLibrary
from register.formspec.retention import Retention
from register.formspec.risk import RiskTerms
from register.formspec.sheets import SheetLibrary
from register.sentinel import Limits


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

    @property
    def config_dir(self) -> Path:
        return self.settings.config_dir


def runtime_of(app: Any) -> Runtime:
    """Return the runtime that ``app`` was made with."""
    runtime: Runtime = app.extensions["register"]
    return runtime
