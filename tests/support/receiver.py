"""A receiver of webhooks, on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Desk(ThreadingHTTPServer):
    """A receiver that keeps what it was given and answers as it was told."""

    status = 204
    heard: list[tuple[dict[str, str], bytes]]


class Hand(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append(({key.lower(): value for key, value in self.headers.items()}, body))
        if self.server.status == 0:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("location", "/elsewhere")
        self.end_headers()
        if self.server.status != 204:
            self.wfile.write(b"so it\r\nis")

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


@contextmanager
def desk(status: int = 204) -> Iterator[tuple[Desk, str]]:
    server = Desk(("127.0.0.1", 0), Hand)
    server.status, server.heard = status, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()
