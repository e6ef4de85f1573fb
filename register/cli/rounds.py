"""``flask rounds``: loading a round from a file, and listing rounds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from register.authz import Actor
from register.cli.base import reading, refusals_told, runtime, writing
from register.clock import parse_date
from register.formspec.codes import load_roster
from register.models import FormVersion, Round, SubmissionItem
from register.services.round_import import Result, RoundFacts, import_round

# Long before the first report: an earlier year is a slip, and a page could not write it in the era calendar.
FIRST_YEAR = 2000

group = AppGroup("rounds", help="Reporting rounds (定期報告).")


class RoundCode(click.ParamType[tuple[int, int]]):
    """``2025-2``: fiscal year and number of a round."""

    name = "round"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        year, _, number = str(value).partition("-")
        decimal = year.isdecimal() and number.isdecimal()
        if len(year) != 4 or not decimal or int(year) < FIRST_YEAR or not 0 < int(number) < 100:
            self.fail(f"{value} is no round; write fiscal year and number, for example 2025-2", param, ctx)
        return int(year), int(number)


class Day(click.ParamType[dt.date]):
    """A day in any usual Japanese or western form."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            return parse_date(str(value))
        except ValueError:
            self.fail(f"{value} is no date; write it like 2025-09-30", param, ctx)


@group.command("import")
@click.argument("code", type=RoundCode())
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--form", "version", required=True, help="Form version of the file's columns, for example v2.")
@click.option("--as-of", type=Day(), required=True, help="The day that the answers speak of.")
@click.option("--opens", type=Day(), help="The day on which the round opened.")
@click.option("--due", type=Day(), help="The deadline of the round.")
@click.option("--create-ministries", is_flag=True, help="Add ministries that the register does not know yet.")
@refusals_told
def import_file(
    code: tuple[int, int],
    file: Path,
    version: str,
    as_of: dt.date,
    opens: dt.date | None,
    due: dt.date | None,
    create_ministries: bool,
) -> None:
    """Load the whole FILE as round CODE, or nothing of it; bad rows are told on standard error."""
    run = runtime()
    if version not in run.forms.versions:
        raise click.BadParameter(f"{version} is none of {', '.join(run.forms.versions)}", param_hint="--form")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="FILE") from error
    with writing() as session:
        result = import_round(
            session,
            RoundFacts(*code, as_of, opens, due),
            data,
            spec=run.forms.versions[version],
            create_ministries=create_ministries,
            roster=load_roster(run.config_dir),
            by=Actor.system("flask rounds import"),
        )
    _tell(result)


def _tell(result: Result) -> None:
    if result.unchanged:
        click.echo(f"{result.round.code}: {result.items} items, already stored, nothing changed")
        return
    tally = result.tally
    click.echo(f"{result.round.code}: {result.items} items of {result.submissions} ministries")
    click.echo(f"ministries created: {result.ministries_created}")
    click.echo(
        f"use cases created: {tally.created}, updated: {tally.updated}, moved: {tally.moved}, left newer: {tally.older}"
    )
    for warning in result.warnings:
        click.echo(f"warning: {warning}")


@group.command("list")
@refusals_told
def list_rounds() -> None:
    """List the rounds with their as-of date, form version, state and number of items."""
    statement = (
        select(Round, FormVersion.version, func.count(SubmissionItem.id))
        .join(FormVersion, FormVersion.id == Round.form_version_id)
        .outerjoin(SubmissionItem, SubmissionItem.round_id == Round.id)
        .group_by(Round.id, FormVersion.version)
        .order_by(Round.as_of, Round.id)
    )
    with reading() as session:
        for row, version, items in session.execute(statement):
            click.echo(f"{row.code}  {row.as_of}  {version}  {row.state.value}  {items} items")
