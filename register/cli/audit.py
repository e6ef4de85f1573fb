"""``flask audit``: the check of the chain, and of the tables against it."""

from __future__ import annotations

import re

import click
from flask.cli import AppGroup

from register import audit
from register.cli.base import reading, refusals_told, runtime
from register.errors import say

group = AppGroup("audit", help="Check the audit chain.")
# How many differences are named.
SHOWN = 20


@group.command("verify")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="SEQ:HASH",
    help="A length and head kept outside the database, as printed in a snapshot; may be given several times.",
)
@refusals_told
def verify(anchors: tuple[str, ...]) -> None:
    """Check the whole chain; name the first bad entry and exit with 1 when there is one."""
    with reading() as session:
        verdict = audit.verify(session, [_anchor(text) for text in anchors])
    if verdict.finding:
        click.echo(f"NG {verdict.finding.seq} {verdict.finding.kind}: {verdict.finding.sentence}", err=True)
        raise SystemExit(1)
    click.echo(f"OK {verdict.length} {verdict.head}")


@group.command("compare")
@refusals_told
def compare() -> None:
    """Make the register anew from the log; name the rows whose tables say otherwise, and exit with 1 for any."""
    with reading() as session, audit.scratch(runtime().database.clock) as past:
        made = audit.replay(session, audit.head(session)[0], past)
        count = 0
        for count, found in enumerate(audit.differences(session, past), 1):
            if count <= SHOWN:
                click.echo(f"NG {found.table} {found.pk}: {found.sentence}", err=True)
    if count > SHOWN:
        click.echo(str(say("ほかに%(count)d行が記録と違います。", count=count - SHOWN)), err=True)
    if made.purged:
        purged = say("平文が消去された%(count)d個の値は比べていません。", count=made.purged)
        click.echo(str(purged), err=True)
    if count:
        raise SystemExit(1)
    click.echo(f"OK {made.seq} {made.head}: {say('表の内容は記録のとおりです（%(count)d行）。', count=made.rows)}")


def _anchor(text: str) -> audit.Anchor:
    if not re.fullmatch(r"[0-9]{1,18}:[0-9A-Fa-f]{64}", text):
        raise click.BadParameter("SEQ:HASH, for example 1204:9f86d0…", param_hint="--anchor")
    seq, head = text.split(":")
    return audit.Anchor(int(seq), head.lower(), "--anchor")
