"""A real PostgreSQL for the tests, found in this order: the URL in ``REGISTER_TEST_DATABASE_URL``, a throwaway cluster
from the installed server binaries, a server on 127.0.0.1:5432 that admits us. Every database used is made by the tests
and dropped by them; nothing that was there before is touched.

The throwaway comes before the server: each dropped database makes a server wait for the disk, up to seconds where two
workers drop theirs, and a cluster that nobody will miss need not.

``python -m tests.support.postgres`` exits 0 when one of these ways is open (``tools/test.sh`` asks this before it
installs Debian's server).
"""

from __future__ import annotations

import getpass
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

VARIABLE = "REGISTER_TEST_DATABASE_URL"
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
START_SECONDS = 30


class NoServer(Exception):
    """There is no PostgreSQL to test on; the message is the reason that the skipped tests show."""


@dataclass(frozen=True)
class Server:
    """A server on which we may make databases; ``stop`` ends it when it is ours."""

    url: URL
    stop: Callable[[], None] = lambda: None

    def run(self, *statements: str) -> None:
        """Run statements outside any transaction, as CREATE and DROP DATABASE want it."""
        with psycopg.connect(**connect_arguments(self.url), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def create(self, name: str, template: str | None = None) -> URL:
        """Make a database, as a copy of ``template`` when one is named, and return its address."""
        copy = f' TEMPLATE "{template}"' if template else " TEMPLATE template0"
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"{copy}')
        return self.url.set(database=name)

    def drop(self, name: str) -> None:
        """Remove a database that the tests made, whoever is still connected."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def connect_arguments(url: URL) -> dict[str, Any]:
    """Return what psycopg needs to connect to ``url``."""
    return {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "dbname": url.database or "postgres",
        "connect_timeout": 5,
        **dict(url.query),
    }


def refusal(url: URL) -> str | None:
    """Say why we cannot make databases at ``url``, or return None when we can."""
    try:
        with psycopg.connect(**connect_arguments(url)) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0]
    return None if row and row[0] else "the role may not create databases"


def find(environment: Mapping[str, str] = os.environ, *, start: bool = True) -> Server:
    """Return a server by the rule of this module; with ``start=False`` only tell whether a way is open."""
    if given := environment.get(VARIABLE):
        url = make_url(given).set(drivername="postgresql")
        if why := refusal(url):
            raise RuntimeError(f"{VARIABLE} is set, but: {why}")
        return Server(url)
    why = f"no PostgreSQL: set {VARIABLE}, or install the Debian package postgresql"
    if binaries := server_binaries():
        try:
            return throwaway(binaries) if start else Server(URL.create("postgresql"))
        except (OSError, subprocess.CalledProcessError, RuntimeError) as error:
            why = f"the installed PostgreSQL did not start: {error}"
    for user in dict.fromkeys((getpass.getuser(), "postgres")):
        url = URL.create("postgresql", username=user, host="127.0.0.1", port=5432, database="postgres")
        if refusal(url) is None:
            return Server(url)
    raise NoServer(why)


def server_binaries() -> Path | None:
    """Return the folder of the newest installed server's programs."""
    found = sorted(DEBIAN_BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def unprivileged() -> dict[str, Any]:
    """Return how to start a process that is not root, as the server demands; nothing when we are not root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise NoServer("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def throwaway(binaries: Path) -> Server:
    """Start a cluster of our own in a temporary folder, on a free port, without the care for power cuts."""
    account = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="register-pg-"))
    password, port = secrets.token_urlsafe(24), free_port()
    secret = folder / "password"
    secret.write_text(password)
    if account:
        for path in (folder, secret):
            os.chown(path, account["user"], account["group"])
    data = folder / "data"
    init = [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret}", "-N"]
    subprocess.run([*init, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd=folder, **account)
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "fsync": "off",
        "full_page_writes": "off",
    }
    settings = [f"--{name}={value}" for name, value in options.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *settings], cwd=folder, stdout=log, stderr=log, **account
        )

    def stop() -> None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)

    url = URL.create(
        "postgresql", username="postgres", password=password, host="127.0.0.1", port=port, database="postgres"
    )
    wait_until_up(url, process, folder / "log", stop)
    return Server(url, stop)


def wait_until_up(url: URL, process: subprocess.Popen[bytes], log: Path, stop: Callable[[], None]) -> None:
    """Return when the server answers; raise with its own words when it ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while why := refusal(url):
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(errors="replace")[-2000:]
            stop()
            raise RuntimeError(f"the throwaway PostgreSQL did not start ({why}):\n{words}")
        time.sleep(0.1)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[Server]:
    """Yield a server and stop it in the end if it is ours."""
    found = find()
    try:
        yield found
    finally:
        found.stop()


if __name__ == "__main__":
    try:
        find(start=False)
    except NoServer as reason:
        sys.exit(str(reason))
