"""A test client that behaves as a person does: it reads each page, fills its form and sends it."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from flask_login.utils import _create_identifier
from werkzeug.test import TestResponse

from register.models import User
from tests.support import html

Values = Mapping[str, object]


class Client(html.CheckingClient):
    """Fails on bad pages (see ``html``), signs in without the cost of a password, and submits forms as they stand."""

    def sign_in(self, user: User) -> Client:
        """Make ``user`` the person of this client; the sign-in page has tests of its own."""
        agent = self.environ_base.get("HTTP_USER_AGENT", "")
        with self.application.test_request_context(headers={"User-Agent": agent}, environ_base=self.environ_base):
            identifier = _create_identifier()
        with self.session_transaction() as session:
            session.update({"_user_id": user.get_id(), "_fresh": True, "_id": identifier})
        return self

    def submit(self, page: str, values: Values | None = None, *, button: str | None = None) -> TestResponse:
        """Open ``page``, fill ``values`` into its form and send it; ``button`` picks the form that sends to a path.

        What the form holds already (its tokens, its version, earlier answers) is sent as a browser would.
        """
        tree, _ = html.parse(self.get(page).get_data(as_text=True))
        form = find_form(tree, button)
        data = {**filled(form), **(values or {})}
        return self.post(form.get("action") or page, data=data)


def find_form(tree: Element, button: str | None) -> Element:
    """Return the page's form that posts to an address ending in ``button``, or the one form of its main part."""
    forms = [form for form in tree.iter("form") if (form.get("method") or "").lower() == "post"]
    if button is not None:
        forms = [form for form in forms if (form.get("action") or "").endswith(button)]
    else:
        main = tree.find(".//main")
        inside = set() if main is None else set(main.iter("form"))
        forms = [form for form in forms if form in inside]
    assert len(forms) == 1, f"{len(forms)} forms fit: {[form.get('action') for form in forms]}"
    return forms[0]


def filled(form: Element) -> dict[str, object]:
    """Return what a browser would send of a form that nobody touched; a name that stands twice has a list."""
    data: dict[str, object] = {}
    for control in form.iter("input"):
        name, kind = control.get("name"), (control.get("type") or "text").lower()
        if not name or kind in {"submit", "button", "file", "reset"}:
            continue
        if kind not in {"radio", "checkbox"} or control.get("checked") is not None:
            value = control.get("value", "on" if kind == "checkbox" else "")
            before = data.get(name)
            data[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    for area in form.iter("textarea"):
        data[area.get("name", "")] = "".join(area.itertext()).removeprefix("\n")
    for select in form.iter("select"):
        options = list(select.iter("option"))
        chosen = next((option for option in options if option.get("selected") is not None), options[0])
        data[select.get("name", "")] = chosen.get("value", "".join(chosen.itertext()))
    return data
