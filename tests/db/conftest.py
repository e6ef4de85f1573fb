"""The data layer is tested on both databases: every test here that takes one runs twice."""

from __future__ import annotations

import pytest

from tests.support.databases import KINDS


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)
