"""The application on a database of the test's own, and clients signed in as people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import BytecodeCache, FileSystemBytecodeCache

from register.clock import FixedClock
from register.factory import create_app
from register.models import User
from tests.support.application import settings_for
from tests.support.client import Client


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """The templates, compiled once for all tests of a worker: each has an application of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock, compiled: BytecodeCache) -> Iterator[Flask]:
    """The application on the test's database."""
    made = create_app(settings_for(database_url, tmp_path), clock, TESTING=True)
    made.jinja_env.bytecode_cache = compiled
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
