"""The application as tests run it: its settings, and the demo data that a newcomer sees."""

from __future__ import annotations

import tempfile
from pathlib import Path

from config.settings import Settings
from register.clock import FixedClock
from register.factory import create_app
from tests.support.data import NOW, migrated


def settings_for(url: str, folder: Path) -> Settings:
    """Return the settings of an installation for tests: its files in ``folder``, no TLS before it."""
    return Settings(
        database_url=url, files_url=str(folder / "files"), secret_key="0" * 64, cookie_secure=False, demo=False
    )


def demo(url: str) -> None:
    """Build what `make run` shows a newcomer: the schema, the demo data, its accounts."""
    migrated(url)
    with tempfile.TemporaryDirectory() as folder:
        made = create_app(settings_for(url, Path(folder)), FixedClock(NOW), TESTING=True)
        result = made.test_cli_runner().invoke(args=["seed", "--once"])
        made.extensions["register"].database.engine.dispose()
    if result.exit_code:
        raise RuntimeError(f"flask seed ended with {result.exit_code}: {result.output}") from result.exception
