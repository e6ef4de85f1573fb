"""Serving under gunicorn as an installation does, and asking as a signed-in person does."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

from bench.data import Installation
from config.settings import ROOT

REGISTER = "app:app"
FLOORS = "bench.floors:make_app()"
SERVED = {"HOST": "127.0.0.1", "REGISTER_WORKERS": "2", "REGISTER_LOG_LEVEL": "info"}
START_SECONDS = 60
ACCOUNTS = {"secretariat": "secretariat@demo.example", "reporter": "reporter.k@demo.example"}
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: str
    cookie: str


@dataclass(frozen=True)
class Site:
    """One server, and the cookie of who asks it. Sync workers close after every answer, so every request connects."""

    port: int
    cookie: str = ""

    def get(self, path: str) -> Answer:
        """Return the answer to a GET."""
        return self._ask("GET", path, None)

    def post(self, path: str, values: Mapping[str, str]) -> Answer:
        """Return the answer to a form sent to ``path``."""
        return self._ask("POST", path, urlencode(values))

    def signed_in(self, account: str, password: str) -> Site:
        """Return the same site as ``account`` sees it, after a real sign-in."""
        page = self.get("/login")
        anonymous = Site(self.port, page.cookie)
        values = {"csrf_token": token(page.body), "email": ACCOUNTS[account], "password": password}
        answer = anonymous.post("/login", values)
        if answer.status != 302 or not answer.cookie:
            raise RuntimeError(f"{account} could not sign in: {answer.status}")
        return Site(self.port, answer.cookie)

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if body is not None:
            headers["Content-Type"] = FORM
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        return Answer(response.status, text, (response.getheader("Set-Cookie") or "").partition(";")[0])


def token(page: str) -> str:
    """Return the CSRF token of a page's form."""
    found = TOKEN.search(page)
    if not found:
        raise RuntimeError("the page holds no form")
    return found[1]


@contextmanager
def serving(application: str, installation: Installation) -> Iterator[Site]:
    """Serve ``application`` on a free port of the loopback until the block ends."""
    port = _free_port()
    log = installation.folder / f"{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", application],
            env=installation.environ | SERVED | {"PORT": str(port)},
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, port)
        yield Site(port)
    except BaseException:
        print(f"the log of {application}:\n{log.read_text()}", file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Return once the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            Site(port).get("/static/icon.svg")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")
