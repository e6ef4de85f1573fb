"""The page of webhooks, as the administrator uses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from register.audit import Event
from register.db import Database
from register.errors import Unusable
from register.factory import create_app
from register.formats.webhook import secret_of
from register.models import AuditEntry, Message, Webhook
from register.runtime import runtime_of
from register.vocab import Channel
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.rounds import opened

ClientOf = Callable[[str], Client]
PLACE = "/webhooks"


@pytest.fixture
def content() -> Build:
    return opened


@pytest.fixture
def admin(app: Flask, client_of: ClientOf) -> Client:
    """The administrator of an installation that admits one host."""
    run = runtime_of(app)
    named = {"webhook_hosts": ["Chat.example.go.jp"], "public_url": "https://register.example.go.jp"}
    app.extensions["register"] = replace(run, settings=run.settings.model_copy(update=named))
    return client_of("admin")


def hooks(database: Database) -> list[Webhook]:
    with database.reading() as session:
        return list(session.scalars(select(Webhook)))


def test_a_webhook_is_added_tried_and_stopped(admin: Client, app: Flask, database: Database) -> None:
    assert "ウェブフックはまだありません" in admin.get(PLACE).text
    added = admin.submit(PLACE, {"ministry": "a", "url": " https://chat.example.go.jp/hooks/secret-room "})
    assert added.location == PLACE
    (hook,) = hooks(database)
    assert hook.url == "https://chat.example.go.jp/hooks/secret-room"
    page = admin.get(PLACE).text
    assert "chat.example.go.jp" in page
    assert "secret-room" not in page
    assert secret_of(str(app.secret_key), str(hook.public_id)) in admin.get(f"{PLACE}/{hook.public_id}/key").text
    assert admin.submit(PLACE, button=f"{PLACE}/{hook.public_id}/try").status_code == 303
    with database.reading() as session:
        (message,) = session.scalars(select(Message).where(Message.channel == Channel.WEBHOOK))
        assert message.address == "chat.example.go.jp"
    assert "送信待ち" in admin.get(PLACE).text
    assert admin.submit(PLACE, button=f"{PLACE}/{hook.public_id}/stop").status_code == 303
    assert "停止" in admin.get(PLACE).text
    with database.reading() as session:
        told = set(session.scalars(select(AuditEntry.event).where(AuditEntry.event.like("webhook.%"))))
    assert told == {Event.WEBHOOK_MADE, Event.WEBHOOK_KEY_READ, Event.WEBHOOK_TRIED, Event.WEBHOOK_STOPPED}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "送信先のURLを入力してください"),
        ("https://elsewhere.example/", "elsewhere.example には送れません。送れる先：chat.example.go.jp"),
        ("http://chat.example.go.jp/", "https:// で始まるURL"),
    ],
)
def test_a_bad_address_is_told_and_kept_in_its_box(admin: Client, database: Database, url: str, told: str) -> None:
    answer = admin.submit(PLACE, {"ministry": "", "url": url})
    assert (answer.status_code, told in answer.text) == (422, True)
    assert f'value="{url}"' in answer.text
    assert hooks(database) == []


def test_without_hosts_nothing_can_be_added(client_of: ClientOf) -> None:
    page = client_of("admin").get(PLACE).text
    assert "REGISTER_WEBHOOK_HOSTS" in page
    assert 'name="url"' not in page


@pytest.mark.parametrize("name", ["reporter", "approver", "secretariat", "auditor"])
def test_nobody_else_gets_there(client_of: ClientOf, name: str) -> None:
    assert client_of(name).get(PLACE).status_code == 403


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ({"webhook_networks": ["10.0.0.0/99"]}, "REGISTER_WEBHOOK_NETWORKS"),
        ({"webhook_hosts": ["chat.example.go.jp"], "public_url": ""}, "REGISTER_PUBLIC_URL"),
    ],
)
def test_settings_that_cannot_work_are_told_at_the_start(app: Flask, named: dict[str, object], wrong: str) -> None:
    with pytest.raises(Unusable, match=wrong):
        create_app(runtime_of(app).settings.model_copy(update=named))
