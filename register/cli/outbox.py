"""``flask outbox``: mail that came back, and a mail to try with."""

from __future__ import annotations

from typing import BinaryIO

import click
from flask.cli import AppGroup
from sqlalchemy import select

from register.cli.base import refusals_told, runtime, writing
from register.errors import NotFound, NotNow, say
from register.formats import bounce as formats
from register.jobs.letters import TRIAL
from register.models import User
from register.services import outbox

group = AppGroup("outbox", help="Look after the mail that the register sends.")


@group.command("bounce")
@click.argument("file", type=click.File("rb"), default="-")
@refusals_told
def bounce(file: BinaryIO) -> None:
    """Record mail that came back: a delivery report from FILE, or from standard input, behind a mail alias."""
    found = formats.read(file.read(formats.LARGEST + 1))
    with writing() as session:
        row = outbox.returned(session, found.message_id, found.detail, of_address=found.of_address)
        address = row.address if row else ""
    if not address:
        raise NotFound(say("台帳が送ったメールではありません。"))
    click.echo(f"came back: {address}")


@group.command("trial")
@click.argument("email")
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja")
@refusals_told
def trial(email: str, language: str) -> None:
    """Queue a mail to the person with EMAIL, to see whether mail arrives; the job runner sends it."""
    run = runtime()
    if not run.settings.mail_url:
        raise NotNow(say("メールサーバーが設定されていません（REGISTER_MAIL_URL）。"))
    now = run.clock.now()
    with writing() as session:
        user = session.scalar(select(User).where(User.email == email))
        if user is None:
            raise NotFound(say("その利用者はいません。"))
        outbox.add(
            session,
            key=f"{TRIAL}|{user.id}|{now.isoformat()}",
            kind=TRIAL,
            user_id=user.id,
            address=user.email,
            language=language,
            day=run.clock.today(),
            sender=run.sender,
        )
    click.echo(f"queued for {email}")
