"""``flask audit``: the check of the chain."""

from __future__ import annotations

import re

import click
from flask.cli import AppGroup

from register import audit
from register.cli.base import reading, refusals_told

group = AppGroup("audit", help="Check the audit chain.")


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


def _anchor(text: str) -> audit.Anchor:
    if not re.fullmatch(r"[0-9]{1,18}:[0-9A-Fa-f]{64}", text):
        raise click.BadParameter("SEQ:HASH, for example 1204:9f86d0…", param_hint="--anchor")
    seq, head = text.split(":")
    return audit.Anchor(int(seq), head.lower(), "--anchor")
