"""A mail server with every bad habit: what it does with a message is told by the recipient's name.

``plain-1@`` is taken; ``later-`` is put off twice (451); ``never-`` does not exist (550); ``policy-`` is refused after
its content (554); ``busy-`` is put off after its content once; ``stall-`` is not answered the first time; ``drop-``
loses its connection the first time; ``kept-`` loses it after the content, which was taken, and ``lost-`` which was not.
What it has taken is a line each, "Message-ID recipient", in a file: a process that is killed loses none of it.
``SIGUSR1`` makes it go away, connections and all; ``SIGUSR2`` brings it back.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections import Counter
from pathlib import Path

END = b"\r\n.\r\n"
NAME = re.compile(rb"^Message-ID: (\S+)\r$", re.MULTILINE)
GREETING = b"220 test\r\n"
HELLO = {True: b"250-test\r\n250 PIPELINING\r\n", False: b"250 test\r\n"}


class MailServer:
    """The server; several connections at once, one memory."""

    def __init__(self, taken: Path, *, pipelining: bool = True) -> None:
        self.taken = taken
        self.pipelining = pipelining
        self.tries: Counter[str] = Counter()
        self.open: set[asyncio.Transport] = set()

    def first(self, recipient: str, times: int = 1) -> bool:
        """Return whether this is one of the first ``times`` tries for a recipient."""
        self.tries[recipient] += 1
        return self.tries[recipient] <= times

    def take(self, content: bytes, recipient: str) -> None:
        """Keep a message, before anybody is told that it was taken."""
        found = NAME.search(content)
        with self.taken.open("a") as file:
            file.write(f"{found[1].decode() if found else '-'} {recipient}\n")

    async def serve(self, port: socket.socket) -> None:
        """Serve on a bound socket until the process ends."""
        loop, number = asyncio.get_running_loop(), port.getsockname()[1]
        server = await loop.create_server(lambda: Dialogue(self), sock=port)
        away, back = asyncio.Event(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, away.set)
        loop.add_signal_handler(signal.SIGUSR2, back.set)
        while True:
            await away.wait()
            server.close()
            for transport in list(self.open):
                transport.abort()
            await back.wait()
            server = await loop.create_server(lambda: Dialogue(self), "127.0.0.1", number, reuse_address=True)
            away.clear()
            back.clear()


class Dialogue(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._buffer = b""
        self._content = False
        self._recipient = ""
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.open.add(transport)
        transport.write(GREETING)

    def connection_lost(self, _error: Exception | None) -> None:
        self._server.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._transport.is_closing() and self._step():
            pass
        if self._said and not self._transport.is_closing():
            # What was asked at once is answered at once.
            self._transport.write(self._said)
        self._said = b""

    def _step(self) -> bool:
        before, end, rest = self._buffer.partition(END if self._content else b"\r\n")
        if self._content and self._buffer.startswith(b".\r\n"):
            before, end, rest = b"", b".\r\n", self._buffer[3:]
        if not end:
            return False
        self._buffer = rest
        if self._content:
            self._content = False
            self._ended(before)
        else:
            self._command(before.decode())
        return True

    def _command(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "EHLO":
            self._said += HELLO[self._server.pipelining]
        elif verb == "RCPT":
            self._asked(line[line.index("<") + 1 : line.index(">")])
        elif verb == "DATA":
            self._content = bool(self._recipient)
            self._say("354 go on" if self._recipient else "503 no recipient")
        else:
            if verb in ("RSET", "MAIL"):
                self._recipient = ""
            self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _asked(self, recipient: str) -> None:
        habit = recipient.partition("-")[0]
        if habit == "never":
            self._say("550 5.1.1 there is no such person")
        elif habit == "later" and self._server.first(recipient, 2):
            self._say("451 4.7.1 come back later")
        elif habit == "stall" and self._server.first(recipient):
            # Not a word more on this connection.
            self._transport.pause_reading()
        elif habit == "drop" and self._server.first(recipient):
            self._transport.abort()
        else:
            self._recipient = recipient
            self._say("250 ok")

    def _ended(self, content: bytes) -> None:
        recipient, self._recipient = self._recipient, ""
        habit = recipient.partition("-")[0]
        if not content:
            self._say("554 nothing to send")
        elif habit == "policy":
            self._say("554 5.7.1 not with that content")
        elif habit == "busy" and self._server.first(recipient):
            self._say("452 4.3.1 no room")
        elif habit == "lost" and self._server.first(recipient):
            self._transport.abort()
        else:
            self._server.take(content, recipient)
            if habit == "kept" and self._server.first(recipient):
                self._transport.abort()
            else:
                self._say("250 taken")

    def _say(self, line: str) -> None:
        self._said += f"{line}\r\n".encode()


def listening() -> socket.socket:
    """Return a socket bound to a free port."""
    port = socket.socket()
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port.bind(("127.0.0.1", 0))
    port.listen(100)
    return port
