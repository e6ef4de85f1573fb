"""What every test may use: databases, the application, a client that checks its pages; and the rules of the run.

A test in ``tests/db`` that takes a database runs on SQLite and on PostgreSQL; elsewhere it runs on SQLite, unless it
says otherwise with ``@pytest.mark.parametrize("database_kind", KINDS, indirect=True)``. With ``CI=true`` nothing may
be skipped: a skip is a failure there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import network, postgres
from tests.support.databases import Databases
from tests.support.postgres import NoServer, Server
from tests.support.summary import fail_skips, figures

pytest_plugins = ["tests.support.data"]
BROWSER = Path(__file__).with_name("browser")
SERVER = pytest.StashKey[Server | str]()


def in_ci() -> bool:
    """Return whether this is the run that decides about a change."""
    return os.environ.get("CI", "").lower() == "true"


def find_server() -> Server | str:
    """Return the PostgreSQL to test on, or the reason why there is none."""
    try:
        return postgres.find()
    except NoServer as reason:
        return str(reason)
    except RuntimeError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_configure(config: pytest.Config) -> None:
    """Find the server once, in the process that starts the workers: a throwaway cluster is shared by all of them."""
    network.forbid()
    # The settings of whoever runs the tests are not the tests'.
    for name in [name for name in os.environ if name.startswith("REGISTER_") and name != postgres.VARIABLE]:
        del os.environ[name]
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", default=None):
        config.stash[SERVER] = find_server()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which server it has."""
    server = node.config.stash[SERVER]
    node.workerinput["postgres"] = server if isinstance(server, str) else server.url.render_as_string(False)
    node.workerinput["postgres_found"] = isinstance(server, Server)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server if it is our own."""
    server = config.stash.get(SERVER, None)
    if isinstance(server, Server):
        server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last: the browser leaves an event loop running in its worker's thread, and whoever signs
    or checks a signature after it there could start none."""
    items.sort(key=lambda item: BROWSER in item.path.parents)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn every skip into a failure where nothing may be skipped."""
    report = yield
    if in_ci():
        fail_skips(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a module that skips itself."""
    report = yield
    if in_ci():
        fail_skips(report)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell the figures of the tests that measure something."""
    found = figures(report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, []))
    if found:
        terminalreporter.section("figures")
    for line in found:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Databases]:
    """The databases of this worker; all are gone in the end."""
    given = getattr(request.config, "workerinput", None)
    if given is None:
        found = request.config.stash.setdefault(SERVER, find_server())
    else:
        found = Server(postgres.make_url(given["postgres"])) if given["postgres_found"] else given["postgres"]
    server, reason = (found, "") if isinstance(found, Server) else (None, found)
    holder = Databases(tmp_path_factory.mktemp("databases"), worker_id, server, reason)
    yield holder
    holder.close()
