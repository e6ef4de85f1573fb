"""Every refusal becomes a page: the rules say what is wrong, this table says with which status."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError

from register.errors import Forbidden, ImportRejected, Invalid, NotFound, NotNow, RegisterError, Stale
from register.web.filters import language

STATUS: dict[type[RegisterError], int] = {
    NotFound: 404,
    Forbidden: 403,
    NotNow: 409,
    Stale: 409,
    Invalid: 422,
    ImportRejected: 422,
}
RETRY_SECONDS = 30
PAGES = frozenset({400, 403, 404, 409, 413, 422, 500})


def init_app(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(RegisterError, _refusal)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _crash)


def _page(status: int, sentence: object = None) -> ResponseReturnValue:
    known = status if status in PAGES else 400 if status < 500 else 500
    return render_template(f"errors/{known}.html", sentence=sentence, request_id=g.get("request_id", "")), status


def _refusal(error: RegisterError) -> ResponseReturnValue:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    # A page that does not exist and one that may not be seen must read alike.
    return _page(status, None if status == 404 else error.sentence)


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    return _page(400)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    if isinstance(error, SecurityError):
        # A page of ours could not be drawn: under a foreign host name there are no addresses to link to.
        return Response("400 Bad Request\n", 400, content_type="text/plain; charset=utf-8")
    response = current_app.make_response(_page(error.code or 500))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def _busy(error: OperationalError) -> ResponseReturnValue:
    """The database is away, or all writers waited their time: nothing was stored, and trying again is right."""
    current_app.logger.error("request %s found no database: %s", g.get("request_id", ""), error.orig)
    page = current_app.jinja_env.get_template("errors/503.html")
    text = page.render(language=language(), request_id=g.get("request_id", ""))
    return Response(text, 503, {"Retry-After": str(RETRY_SECONDS)})


def _crash(error: Exception) -> ResponseReturnValue:
    current_app.logger.error("request %s failed", g.get("request_id", ""), exc_info=error)
    return _page(500)
