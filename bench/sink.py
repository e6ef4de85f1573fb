"""An SMTP server that takes everything and keeps nothing, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import ROOT

ANSWERS = {b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer, self._content = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._content:
            _, end, rest = self._buffer.partition(END)
            if end:
                self._buffer, self._content = rest, False
                self._transport.write(b"250 taken\r\n")
            return bool(end)
        line, end, rest = self._buffer.partition(b"\r\n")
        if end:
            self._buffer, verb = rest, line[:4].upper()
            self._content = verb == b"DATA"
            self._transport.write(ANSWERS.get(verb, b"250 ok\r\n"))
        return bool(end)


async def serve() -> None:
    """Take mail until the process is ended; the port is the first line of the output."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def sink() -> Iterator[int]:
    """Yield the port of a running sink."""
    command = [sys.executable, "-c", "import asyncio; from bench.sink import serve; asyncio.run(serve())"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
