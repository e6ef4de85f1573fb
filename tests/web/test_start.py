"""Commands and servers that are started with a setting of no use say so in one sentence, and end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from register.db import make_engine
from register.errors import Unusable
from register.files import FileStore
from tests.support.sources import ROOT

PATIENCE_SECONDS = 60
# What is set wrongly, and what the sentence must say of it.
WRONG = {
    "no address": ("REGISTER_DATABASE_URL", "register.sqlite3", "is no address of a database"),
    "a bad port": ("REGISTER_DATABASE_URL", "postgresql://user:geheim@host:port/name", "is no address of a database"),
    "another database": ("REGISTER_DATABASE_URL", "mysql://user:geheim@host/name", "names mysql"),
    "no file": ("REGISTER_DATABASE_URL", "sqlite://", "names SQLite without a file"),
    "no folder": ("REGISTER_DATABASE_URL", "sqlite:////dev/null/geheim/register.sqlite3", "cannot be made"),
    "an unknown store": ("REGISTER_FILES_URL", "geheimnis://folder", "Protocol not known: geheimnis"),
    "no number": ("REGISTER_PROXY_HOPS", "geheim", "should be a valid integer"),
    "no list": ("REGISTER_TRUSTED_HOSTS", "geheim", "trusted_hosts"),
}
FLASK = [sys.executable, "-m", "flask", "db", "current"]
STARTS = {
    "flask": FLASK,
    "gunicorn": [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "app:app"],
    "run.sh": ["bash", "tools/run.sh"],
}


def told(start: list[str], folder: Path, name: str, value: str) -> list[str]:
    """Start something with one setting set so; return the lines that it leaves, once it has ended with 1."""
    given = {
        "REGISTER_DATABASE_URL": f"sqlite:///{folder}/register.sqlite3",
        "REGISTER_SECRET_KEY": "0" * 64,
        "PORT": "0",
        name: value,
    }
    done = subprocess.run(
        start,
        cwd=ROOT,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("what", WRONG)
def test_a_command_tells_what_is_set_wrongly(tmp_path: Path, what: str) -> None:
    name, value, sentence = WRONG[what]
    lines = told(FLASK, tmp_path, name, value)
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert name.removeprefix("REGISTER_").lower() in lines[0].lower()
    assert sentence in lines[0]


@pytest.mark.parametrize("start", ["gunicorn", "run.sh"])
@pytest.mark.parametrize("what", ["a bad port", "an unknown store", "no number"])
def test_a_server_tells_it_once_and_ends(tmp_path: Path, start: str, what: str) -> None:
    name, value, sentence = WRONG[what]
    (line,) = told(STARTS[start], tmp_path, name, value)
    assert line.startswith("error: ")
    assert sentence in line


@pytest.mark.parametrize("what", ["a bad port", "another database"])
def test_a_password_in_an_address_is_never_repeated(what: str) -> None:
    _, url, sentence = WRONG[what]
    assert "geheim" in url
    with pytest.raises(Unusable, match=sentence) as refused:
        make_engine(url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("url", ["geheimnis://folder", "geheimnis::file://folder"])
def test_a_store_that_nobody_knows_is_refused(url: str) -> None:
    with pytest.raises(Unusable, match="geheimnis"):
        FileStore(url)
