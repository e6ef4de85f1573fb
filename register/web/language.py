"""The switch between Japanese and English; the choice stays in a cookie of its own."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from flask.typing import ResponseReturnValue

from register.web.guard import public
from register.web.session import runtime
from register.web.ui import COOKIE, LANGUAGES

blueprint = Blueprint("language", __name__)
YEAR = 365 * 24 * 60 * 60


@blueprint.post("/language")
@public
def switch() -> ResponseReturnValue:
    """Remember the language and go back to the page that the person came from."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        abort(400)
    response = redirect(_local(request.form.get("next", "/")), 303)
    secure = runtime().settings.cookie_secure
    response.set_cookie(COOKIE, wanted, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


def _local(address: str) -> str:
    """Return ``address`` when it is a path of ours, else the first page: a form must not lead elsewhere."""
    # A browser drops tabs and line breaks, so that /<tab>/ would become the // of another site.
    plain = all(char >= " " for char in address)
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and plain else "/"
