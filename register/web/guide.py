"""How to use the register, by what a person wants to do; in both languages, for everybody who is signed in."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.web.guard import guarded

blueprint = Blueprint("guide", __name__)


@blueprint.get("/guide")
@guarded(Permission.HOME)
def index() -> ResponseReturnValue:
    """The one page of it."""
    return render_template("guide/index.html")
