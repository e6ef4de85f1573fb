"""Webhooks: the signature that receivers check, where a request may go, and what becomes of every kind of answer."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import ipaddress
import socket
from contextlib import ExitStack

import pytest

from register.formats import webhook
from register.formats.webhook import Admitted, Answer, NotReached, Refused
from tests.support.receiver import desk

AT = dt.datetime(2025, 11, 14, 0, 0, tzinfo=dt.UTC)
HERE = Admitted(frozenset({"127.0.0.1", "localhost"}), (ipaddress.ip_network("127.0.0.0/8"),))
SECRET = webhook.secret_of("an installation's key", "a name")


def send(url: str, admitted: Admitted = HERE, seconds: float = 5.0) -> Answer:
    return webhook.post(url, b'{"a":1}', secret=SECRET, message_id="m1", at=AT, admitted=admitted, seconds=seconds)


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the standard's own text (standardwebhooks.com, "Signature scheme").
    found = webhook.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        dt.datetime.fromtimestamp(1614265330, dt.UTC),
        b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_who_sent_it() -> None:
    with desk() as (server, url):
        assert send(url).taken
        ((headers, body),) = server.heard
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix(webhook.PREFIX))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == "1763078400"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "taken", "later"),
    [
        (200, True, False),
        (302, False, False),
        (404, False, False),
        (410, False, False),
        (429, False, True),
        (503, False, True),
    ],
)
def test_an_answer_is_taken_for_what_it_says(status: int, taken: bool, later: bool) -> None:
    with desk(status) as (server, url):
        answer = send(url)
        assert len(server.heard) == 1
    assert (answer.status, answer.taken, answer.later, answer.text) == (status, taken, later, "so it is")


def test_who_hangs_up_may_have_taken_it() -> None:
    with desk(0) as (_, url), pytest.raises(NotReached) as caught:
        send(url)
    assert not caught.value.sure


def test_who_is_away_has_not_taken_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotReached) as caught:
        send(f"http://127.0.0.1:{port}/hook")
    assert caught.value.sure


def test_who_drops_every_packet_has_not_taken_it() -> None:
    # Nobody accepts, and the queue is full: to whoever comes next, nothing is answered at all.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        place = full.getsockname()
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(place)
        with pytest.raises(NotReached) as caught:
            send(f"http://127.0.0.1:{place[1]}/hook", seconds=0.6)
    assert caught.value.sure
    assert "ConnectionTimeoutError" in str(caught.value)


def test_who_is_silent_before_the_request_has_not_taken_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotReached) as caught:
        send(f"https://127.0.0.1:{silent.getsockname()[1]}/hook", seconds=0.6)
    assert caught.value.sure


def test_a_name_that_is_never_answered_is_none_that_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(5)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", hang)
    with pytest.raises(NotReached) as caught:
        send("http://localhost:9/hook", seconds=0.6)
    assert caught.value.sure


def test_who_is_silent_may_have_taken_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotReached) as caught:
        send(f"http://127.0.0.1:{silent.getsockname()[1]}/hook", seconds=0.3)
    assert not caught.value.sure


@pytest.mark.parametrize(
    "url",
    [
        "", "hook", "//chat.example/hook", "ftp://chat.example/hook", "file:///etc/passwd", "https://",
        "http://chat.example/hook", "https://other.example/hook", "https://chat.example.other.example/",
        "https://other.example#chat.example", "https://chat.example@other.example/", "https://u:p@chat.example/",
        "https://chat.example/#part", "https://chat.example:99999/", "https://[::1/", "https://169.254.169.254/latest",
        "https://2130706433/", "https://localhost/", "https://chat.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_an_address_that_is_not_admitted_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        Admitted(frozenset({"chat.example"})).host(url)


def test_an_address_that_is_admitted() -> None:
    admitted = Admitted(frozenset({"chat.example"}))
    assert admitted.host("https://Chat.Example:8443/hook?key=1").port == 8443


def test_a_name_that_leads_inside_is_not_followed() -> None:
    with desk() as (server, url), pytest.raises(NotReached) as caught:
        send(url.replace("127.0.0.1", "localhost").replace("http:", "https:"), Admitted(frozenset({"localhost"})))
    assert caught.value.sure
    assert "no address that is admitted" in str(caught.value)
    assert server.heard == []


def test_a_number_that_lies_inside_is_not_called() -> None:
    with desk() as (server, url), pytest.raises(Refused):
        send(url.replace("http:", "https:"), Admitted(frozenset({"127.0.0.1"})))
    assert server.heard == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "x",
        "64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "fec0::1",
        "feff::1", "2001::1", "2001:0:a00:1::1", "::10.0.0.1", "::ffff:0:10.0.0.1",
    ],
)  # fmt: skip
def test_what_is_inside_is_not_connected_to(address: str) -> None:
    assert not Admitted().address(address)


def test_what_is_public_is_connected_to() -> None:
    assert Admitted().address("8.8.8.8")
    assert Admitted().address("2001:4860:4860::8888")


def test_an_inner_network_is_connected_to_when_it_is_named() -> None:
    admitted = Admitted(networks=(ipaddress.ip_network("10.1.0.0/16"),))
    assert admitted.address("10.1.2.3")
    assert admitted.address("::ffff:10.1.2.3")
    assert not admitted.address("10.2.0.1")
    assert Admitted(networks=(ipaddress.ip_network("64:ff9b::/96"),)).address("64:ff9b::8.8.8.8")


@pytest.mark.parametrize("secret", ["whsec_x", "whsec_é"])
def test_a_key_of_another_form_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match=r"base64|ASCII"):
        webhook.signature(secret, "m1", AT, b"")
