"""Fixtures of the application: itself on a database of the test's own, and clients signed in as people."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from config.settings import Settings
from register.clock import FixedClock
from register.factory import create_app
from register.models import User
from tests.support.client import Client
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


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """The application on the test's database."""
    made = create_app(settings_for(database_url, tmp_path), clock, TESTING=True)
    made.test_client_class = Client
    yield made
    made.extensions["register"].database.engine.dispose()


@pytest.fixture
def client(app: Flask) -> Client:
    """Somebody who has not signed in."""
    made = app.test_client()
    assert isinstance(made, Client)
    return made


@pytest.fixture
def client_of(app: Flask, user: Callable[[str], User]) -> Callable[[str], Client]:
    """``client_of("auditor")`` returns the browser of that person, signed in."""

    def make(name: str) -> Client:
        made = app.test_client()
        assert isinstance(made, Client)
        return made.sign_in(user(name))

    return make
