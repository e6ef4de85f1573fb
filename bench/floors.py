"""The floors: bare Flask pages on the same database and engine, doing the least that shows or stores the same rows."""

from __future__ import annotations

from typing import Any

from flask import Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
from sqlalchemy import Select, Text, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, selectinload

from config.settings import Settings
from register.db import Database, unindexed
from register.models import Ministry, UseCase
from register.text import search_key
from register.vocab import Lifecycle

SHOWN = 50
ORDERS: dict[str, tuple[Any, ...]] = {
    "updated": (UseCase.updated_at.desc(), UseCase.id.desc()),
    "number": (Ministry.sort_no, Ministry.id, UseCase.case_no, UseCase.id),
    "since": (UseCase.lifecycle_since.desc(), UseCase.id.desc()),
    "title": (UseCase.title, UseCase.id),
}
PAGE = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>案件</title></head><body>
<h1>案件</h1><p>{{ total }}件</p>
<table>
{% for row in rows %}
<tr><td>{{ row.case_no }}</td><td><a href="/use-cases/{{ row.public_id }}">{{ row.title }}</a></td>
<td>{{ row.ministry.name }}</td><td>{{ row.usage_type }}</td><td>{{ row.lifecycle.ja }}</td>
<td>{{ row.lifecycle_since }}</td><td>{{ row.updated_at }}</td></tr>
{% endfor %}
</table></body></html>"""


class Floor(DeclarativeBase):
    """The tables of the floors alone."""


class Note(Floor):
    """A row that a bare page edits."""

    __tablename__ = "bench_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)


def make_app() -> Flask:
    """Return the bare application on the database of the environment's settings."""
    database = Database(Settings().database_url)
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"list.html": PAGE})

    @app.get("/use-cases")
    def use_cases() -> str:
        with database.session(write=False) as session:
            total = session.scalar(_narrowed(select(func.count()).select_from(UseCase), "ministry" in request.args))
            sort = request.args["sort"]
            found = _narrowed(select(UseCase), "ministry" in request.args or sort == "number").order_by(*ORDERS[sort])
            rows = session.scalars(found.limit(SHOWN).options(selectinload(UseCase.ministry))).all()
            return render_template("list.html", rows=rows, total=total)

    @app.post("/notes/<int:number>")
    def edit(number: int) -> ResponseReturnValue:
        with Session(database.engine) as session:
            session.get_one(Note, number).text = request.form["text"]
            session.commit()
        return redirect("/use-cases", 303)

    @app.post("/notes")
    def add() -> ResponseReturnValue:
        with database.engine.begin() as connection:
            connection.execute(insert(Note).values(text=request.form["text"]))
        return redirect("/use-cases", 303)

    return app


def _narrowed(statement: Select[Any], with_ministry: bool) -> Select[Any]:
    """Narrow by the arguments of the request, in the statements that the register's own list found fastest."""
    args = request.args
    if with_ministry:
        statement = statement.join(Ministry, Ministry.id + 0 == UseCase.ministry_id)
    if "ministry" in args:
        statement = statement.where(Ministry.key == args["ministry"])
    if "lifecycle" in args:
        statement = statement.where(unindexed(UseCase.lifecycle) == Lifecycle(args["lifecycle"]))
    if "usage_type" in args:
        statement = statement.where(UseCase.usage_type == args["usage_type"])
    for word in search_key(args.get("q", "")).split():
        statement = statement.where(UseCase.search_key.contains(word, autoescape=True))
    return statement
