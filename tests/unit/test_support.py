"""The tools of the tests can fail: bad pages are named, the network is refused, no worker sees another's database."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from flask import Flask

from tests.support import html, network, postgres
from tests.support.databases import Databases

GOOD = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>案件</title></head>
<body><h1>案件</h1><label for="a">名</label><input id="a" name="a"></body></html>"""


def test_a_good_page_has_no_problems() -> None:
    assert html.problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</h1>", "</h2>", "end-tag-too-early"),
        (' lang="ja"', "", "no lang"),
        ("<title>案件</title>", "<title> </title>", "title"),
        ("<h1>案件</h1>", "", "0 h1"),
        ("<h1>案件</h1>", "<h1>案件</h1><h1>案件</h1>", "2 h1"),
        ('for="a"', 'for="b"', "points at nothing"),
        ("<h1>", '<h1 id="a">', "2 times"),
        ("<h1>", '<h1 style="color:red">', "inline style="),
        ("<h1>", '<h1 onclick="x()">', "inline onclick="),
        ("</body>", "<script>1</script></body>", "inline script"),
        ("</body>", "<img src='x'></body>", "no alt"),
        ("</body>", "<a href='#z'>z</a></body>", "#z"),
        ('name="a"', 'name="a" placeholder="x"', "placeholder"),
        ("<body>", "<body><table><p>x</p></table>", "table-voodoo"),
    ],
)
def test_a_bad_page_is_named(old: str, new: str, said: str) -> None:
    assert said in "; ".join(html.problems(GOOD.replace(old, new, 1)))


def client_of(text: str, status: int = 200) -> html.CheckingClient:
    """Return a client of an application that answers everything with ``text``."""
    app = Flask(__name__)
    app.test_client_class = html.CheckingClient
    app.add_url_rule("/", "index", lambda: (text, status))
    return app.test_client()


def test_the_client_passes_good_answers() -> None:
    assert client_of(GOOD).get("/").status_code == 200
    assert client_of("", 204).get("/").status_code == 204


def test_the_client_fails_on_a_bad_page_and_on_500() -> None:
    with pytest.raises(AssertionError, match="h1"):
        client_of(GOOD.replace("h1", "h2")).get("/")
    with pytest.raises(AssertionError):
        client_of(GOOD, 500).get("/")


def test_nothing_leaves_this_machine() -> None:
    with socket.socket() as probe, pytest.raises(network.NetworkRefused):
        probe.connect(("192.0.2.1", 80))
    with pytest.raises(network.NetworkRefused):
        socket.getaddrinfo("example.org", 80)


def test_the_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def put(url: str) -> None:
    """Build a template with one word in it."""
    Path(url.removeprefix("sqlite:///")).write_text("template")


def test_each_test_has_a_copy_of_its_own(tmp_path: Path) -> None:
    databases = Databases(tmp_path, "gw0", None, "none here")
    first, second = (Path(databases.fresh("sqlite", "x", put).removeprefix("sqlite:///")) for _ in range(2))
    first.write_text("changed")
    assert second.read_text() == "template"
    databases.release(f"sqlite:///{first}")
    assert not first.exists()


def test_without_a_server_the_reason_is_told(tmp_path: Path) -> None:
    databases = Databases(tmp_path, "gw0", None, "none here")
    with pytest.raises(postgres.NoServer, match="none here"):
        databases.fresh("postgresql", "x", put)


def test_a_url_that_does_not_work_is_no_skip() -> None:
    url = f"postgresql://nobody@127.0.0.1:{postgres.free_port()}/x"
    with pytest.raises(RuntimeError, match=postgres.VARIABLE):
        postgres.find({postgres.VARIABLE: url})
