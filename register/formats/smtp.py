"""Handing mail over to one SMTP server: one connection for many messages, each command with its time limit.

``Post.send`` tells exactly how far a message got, for that decides whether it may ever be sent again.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from enum import Enum
from typing import Self
from urllib.parse import unquote, urlsplit

from register.errors import Unusable

WANTED = "write smtp://HOST:PORT, smtps://… or smtp+starttls://…, with USER:PASSWORD@ where the server asks for it"
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
# A server may take its time over the end of a message, and a time-out there leaves everybody in doubt.
PATIENCE = 4
PER_CONNECTION = 500
# Answers to a recipient that speak of us, not of the recipient.
OF_OURSELVES = frozenset({421, 500, 501, 502, 503, 504, 530, 534, 535, 538})
# RFC 3463: the address (5.1) or the mailbox (5.2). What has no such code is judged by its number.
_OF_ADDRESS = re.compile(r"5\.[12]\.\d")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_OLD_OF_ADDRESS = frozenset({550, 551, 553})


@dataclass(frozen=True)
class Server:
    """Where mail is handed over, and how."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""


class Fate(Enum):
    """How far a message got."""

    TAKEN = "sent"
    # The server said no, or not now.
    REFUSED = "refused"
    # The connection ended before anything was handed over.
    UNSENT = "unsent"
    # The connection ended while it was handed over.
    UNKNOWN = "uncertain"


@dataclass(frozen=True)
class Answer:
    """What became of one message; ``recipient`` tells that the address itself was refused."""

    fate: Fate
    code: int = 0
    detail: str = ""
    recipient: bool = False


class Away(Exception):
    """No message can be handed over now: there is no server, or it does not want us; nothing was said of a message."""


class _Broken(Exception):
    """The connection ended."""


def server_of(url: str) -> Server | None:
    """Return the server of a setting, None where it is empty; raise ``Unusable``, without repeating the address."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host, parts = None, None, urlsplit("")
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise Unusable(f"REGISTER_MAIL_URL is no address of a mail server: {WANTED}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.scheme, host, port or PORTS[parts.scheme], user, password)


class Post:
    """One connection, made when it is first needed and again after it broke or has served long enough."""

    def __init__(self, server: Server, sender: str, *, name: str = "localhost", seconds: float = 30.0) -> None:
        self._server = server
        self._sender = sender
        self._name = name
        self._seconds = seconds
        self._smtp: smtplib.SMTP | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, recipient: str, content: bytes) -> Answer:
        """Hand one message over; raise ``Away`` when it was not, and the next would fare no better."""
        smtp = self._connected()
        self._count += 1
        try:
            mail, rcpt, data = self._begun(smtp, recipient)
        except _Broken as broken:
            self._drop()
            return Answer(Fate.UNSENT, detail=str(broken))
        if mail[0] != 250 or rcpt[0] in OF_OURSELVES:
            # It is the same sender, and the same right to send, for all.
            self._drop()
            raise Away("{} {}".format(*(rcpt if mail[0] == 250 else mail)))
        if rcpt[0] not in (250, 251):
            return self._refused(smtp, *rcpt, content_asked=data[0] == 354)
        if data[0] != 354:
            self._reset(smtp)
            return Answer(Fate.REFUSED, *data) if data[0] >= 400 else Answer(Fate.UNSENT, *data)
        return self._content(smtp, content)

    def _begun(self, smtp: smtplib.SMTP, recipient: str) -> list[tuple[int, str]]:
        """Return what is said to MAIL, RCPT and DATA: asked at once where the server allows it (RFC 2920)."""
        commands = [f"MAIL FROM:<{self._sender}>", f"RCPT TO:<{recipient}>", "DATA"]
        if smtp.has_extn("pipelining"):
            _spoken(smtp, "\r\n".join(commands))
            return [_heard(smtp) for _ in commands]
        answers: list[tuple[int, str]] = []
        while len(answers) < len(commands) and (not answers or answers[-1][0] in (250, 251)):
            _spoken(smtp, commands[len(answers)])
            answers.append(_heard(smtp))
        return answers + [(0, "")] * (len(commands) - len(answers))

    def _refused(self, smtp: smtplib.SMTP, code: int, said: str, *, content_asked: bool) -> Answer:
        """Return that the recipient was refused; a server that wants the content all the same is given none."""
        answer = Answer(Fate.REFUSED, code, said, recipient=speaks_of_address(code, said))
        try:
            if content_asked:
                _spoken(smtp, ".")
                _heard(smtp)
        except _Broken:
            self._drop()
            return answer
        self._reset(smtp)
        return answer

    def close(self) -> None:
        """Take leave of the server."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None

    def connect(self) -> None:
        """Make the connection now; raise ``Away`` where there is none to be had."""
        self._connected()

    def _content(self, smtp: smtplib.SMTP, content: bytes) -> Answer:
        """Send the content, which no lone dot may end; a connection that breaks now leaves everything open."""
        _limit(smtp, self._seconds * PATIENCE)
        try:
            smtp.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            code, said = _heard(smtp, final=True)
        except (_Broken, smtplib.SMTPException, OSError) as error:
            self._drop()
            return Answer(Fate.UNKNOWN, detail=_named(error))
        fate = Fate.TAKEN if 200 <= code < 300 else Fate.REFUSED if 400 <= code < 600 else Fate.UNKNOWN
        if fate is Fate.UNKNOWN or code == 421:
            # Whatever that was: what is said next would be taken for the answer to something else.
            self._drop()
        else:
            _limit(smtp, self._seconds)
        return Answer(fate, code, said)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            _spoken(smtp, "RSET")
            code, _ = _heard(smtp)
        except _Broken:
            code = 0
        if code != 250:
            self._drop()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None and self._count >= PER_CONNECTION:
            self.close()
        if self._smtp is None:
            try:
                self._smtp = self._made()
            except (smtplib.SMTPException, OSError) as error:
                raise Away(_named(error)) from None
            self._count = 0
        return self._smtp

    def _made(self) -> smtplib.SMTP:
        server, where = self._server, (self._server.host, self._server.port, self._name)
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=self._seconds, context=context)
        else:
            smtp = smtplib.SMTP(*where, timeout=self._seconds)
        try:
            if server.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def speaks_of_address(code: int, said: str) -> bool:
    """Tell whether a refusal is of the address; a policy (5.7) or a fault of ours leaves the address alone."""
    if code < 500:
        return False
    enhanced = _ENHANCED.match(said)
    return bool(_OF_ADDRESS.match(said)) if enhanced else code in _OLD_OF_ADDRESS


def _spoken(smtp: smtplib.SMTP, line: str) -> None:
    try:
        smtp.send(f"{line}\r\n")
    except (smtplib.SMTPException, OSError) as error:
        raise _Broken(_named(error)) from None


def _heard(smtp: smtplib.SMTP, *, final: bool = False) -> tuple[int, str]:
    """Return the next answer; a server that says good-bye, or nothing that can be read, has broken off."""
    try:
        code, said = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise _Broken(_named(error)) from None
    text = said.decode("utf-8", "replace")
    if not final and (code == 421 or code < 200):
        raise _Broken(f"{code} {text}")
    return code, text


def _named(error: Exception) -> str:
    # A failed login names the user in some libraries, never in this one; the server's own words are what helps.
    return f"{type(error).__name__}: {error}"


def _limit(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)
