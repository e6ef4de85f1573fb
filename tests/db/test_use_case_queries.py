"""The list of use cases: filters, search, orders that page without loss, and an export that equals the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.risk import load_risk
from register.models import UseCase, User
from register.queries import use_cases as queries
from register.queries.home import home_page
from register.queries.listing import PER_PAGE
from register.queries.use_cases import SORTS, UNANSWERED, ListState
from register.services import use_cases as services
from register.vocab import Lifecycle
from tests.support.assessments import SHEETS
from tests.support.data import NOW, staffed
from tests.support.round_files import CONFIG, FORMS

ActorOf = Callable[[str], Actor]
FORM = FORMS["v2"]
RISK = load_risk(CONFIG)
# Titles that fold to one another, so that the orders have ties to break; two moments and days for sixty rows each.
TITLES = (
    "議事録の要約",
    "議事録の要約",
    "ﾌﾟﾛﾝﾌﾟﾄ集",
    "プロンプト集",
    "Translation Aid",
    "translation aid",
    "達成率50%",
    "a_b",
)
TYPES, SCOPES, LEVELS = ("G1", "G2", None), ("1", "7", None), ("1", None)
COUNT = {"reporter": 120, "other": 7}


def listed(url: str) -> None:
    """Build more than two pages of cases of one ministry and some of another."""
    staffed(url)
    clock = FixedClock(NOW - dt.timedelta(days=60))
    database = Database(url, clock)
    with database.writing() as session:
        for name, count in COUNT.items():
            by = Actor.of(session.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one())
            for number in range(count):
                clock.moment = NOW - dt.timedelta(days=60 - number // 60)
                one = _case(session, by, number)
                if number % 4 == 1 and one.usage_type and one.user_scope and one.confidentiality:
                    step = {"to": Lifecycle.VERIFICATION, "on": clock.today(), "reason": "", "version": one.version}
                    services.move(session, one, form=FORM, by=by, **step)  # type: ignore[arg-type]
    database.engine.dispose()


def _case(session: Session, by: Actor, number: int) -> Any:
    values = {
        "title": TITLES[number % len(TITLES)],
        "purpose": f"用途{number:03d}",
        "usage_type": TYPES[number % 3],
        "user_scope": SCOPES[number // 3 % 3],
        "confidentiality": LEVELS[number // 9 % 2],
    }
    return services.create(session, form=FORM, values=values, by=by)


@pytest.fixture
def content() -> Callable[[str], None]:
    return listed


def state_of(query: Mapping[str, Any] | str = "", page: int = 1) -> ListState:
    """Return the state that a URL with these arguments asks for."""
    return ListState.of(MultiDict(query or {}), page)


def numbers(session: Session, actor: Actor, query: Mapping[str, Any] | str = "") -> list[str]:
    """Return the case numbers of all pages in their order."""
    first = queries.list_page(session, actor, state_of(query))
    pages = [queries.list_page(session, actor, state_of(query, page)) for page in range(2, first.pages + 1)]
    found = [row.case_no for page in (first, *pages) for row in page.rows]
    assert len(found) == first.total
    assert all(len(page.rows) <= PER_PAGE for page in (first, *pages))
    return found


def wanted(session: Session, actor: Actor, keep: Callable[[Any], bool]) -> list[str]:
    """Return the sorted numbers of the visible cases that ``keep`` keeps, found without the list's own conditions."""
    everything = queries.export_rows(session, actor, ListState())
    return sorted(row.case_no for row in everything if keep(row))


@pytest.mark.parametrize(
    ("query", "keep"),
    [
        ({}, lambda row: True),
        ({"usage_type": "G1"}, lambda row: row.usage_type == "G1"),
        ({"usage_type": ["G1", "G2"]}, lambda row: row.usage_type in {"G1", "G2"}),
        ({"usage_type": UNANSWERED}, lambda row: row.usage_type is None),
        ({"usage_type": ["G2", UNANSWERED]}, lambda row: row.usage_type in {"G2", None}),
        ({"user_scope": "7"}, lambda row: row.user_scope == "7"),
        ({"user_scope": [UNANSWERED, "7"]}, lambda row: row.user_scope in {"7", None}),
        ({"confidentiality": UNANSWERED}, lambda row: row.confidentiality is None),
        ({"lifecycle": "verification"}, lambda row: row.lifecycle is Lifecycle.VERIFICATION),
        ({"lifecycle": ["planned", "verification"]}, lambda row: True),
        ({"ministry": "b"}, lambda row: row.ministry == "府省庁B"),
        ({"ministry": ["a", "b"]}, lambda row: True),
        (
            {"usage_type": "G1", "user_scope": "1", "lifecycle": "planned", "ministry": "a", "q": "要約"},
            lambda row: (
                (row.usage_type, row.user_scope, row.lifecycle, row.ministry, row.title)
                == ("G1", "1", Lifecycle.PLANNED, "府省庁A", "議事録の要約")
            ),
        ),
        # An empty choice is the form's "all"; what no form offers finds nothing and breaks nothing.
        ({"usage_type": ["", "G1"]}, lambda row: row.usage_type == "G1"),
        ({"usage_type": "", "lifecycle": ""}, lambda row: True),
        ({"usage_type": ["G1", "ZZ"]}, lambda row: row.usage_type == "G1"),
        ({"lifecycle": ["planned", "no-such-state"]}, lambda row: row.lifecycle is Lifecycle.PLANNED),
        ({"lifecycle": "no-such-state"}, lambda row: False),
        ({"lifecycle": UNANSWERED}, lambda row: False),
        ({"ministry": "府省庁"}, lambda row: False),
        ({"no_such_filter": "G1", "sort": "no-such-order"}, lambda row: True),
    ],
)
def test_each_filter_keeps_what_it_says(
    database: Database, actor: ActorOf, query: dict[str, Any], keep: Callable[[Any], bool]
) -> None:
    with database.reading() as session:
        for name in ("auditor", "reporter"):
            assert sorted(numbers(session, actor(name), query)) == wanted(session, actor(name), keep)


@pytest.mark.parametrize("name", ["q", "lifecycle", "usage_type", "ministry"])
def test_control_characters_in_the_url_break_nothing(database: Database, actor: ActorOf, name: str) -> None:
    with database.reading() as session:
        for control in ("\0", "a\0b", "\x1b"):
            state = state_of({name: control})
            assert not any(sign in repr(state.args()) for sign in ("\\x00", "\\x1b"))
            queries.list_page(session, actor("auditor"), state)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", ["auditor", "reporter"])
def test_paging_through_any_order_shows_every_case_once(
    database: Database, actor: ActorOf, sort: str, name: str
) -> None:
    with database.reading() as session:
        found = numbers(session, actor(name), {"sort": sort})
        assert len(found) == len(set(found)) == (sum(COUNT.values()) if name == "auditor" else COUNT["reporter"])
        assert found == numbers(session, actor(name), {"sort": sort})
        rows = list(queries.export_rows(session, actor(name), state_of({"sort": sort})))
    assert [row.case_no for row in rows] == found
    if sort == "number":
        assert found == sorted(found)
    if sort == "since":
        days = [row.lifecycle_since for row in rows]
        assert days == sorted(days, reverse=True)
    if sort == "title":
        # How a database orders letters is its own; that equal titles stand together is ours.
        titles = [row.title for row in rows]
        assert len([1 for one, two in pairwise(titles) if one != two]) == len(set(titles)) - 1


def test_the_newest_change_stands_first(database: Database, actor: ActorOf, clock: FixedClock) -> None:
    with database.writing() as session:
        oldest = numbers(session, actor("reporter"))[-1]
        case = session.scalars(select(UseCase).where(UseCase.case_no == oldest)).one()
        services.edit(session, case, form=FORM, values={"title": "今"}, version=case.version, by=actor("reporter"))
    with database.reading() as session:
        found = queries.list_page(session, actor("reporter"), ListState())
        assert found.rows[0].case_no == oldest
        moments = [row.updated_at for row in found.rows]
        assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize(("asked", "shown"), [(1, 1), (3, 3), (4, 3), (1_000_000, 3)])
def test_a_page_beyond_the_last_is_the_last(database: Database, actor: ActorOf, asked: int, shown: int) -> None:
    with database.reading() as session:
        page = queries.list_page(session, actor("auditor"), ListState(page=asked))
    assert (page.state.page, page.pages, page.total) == (shown, 3, 127)
    assert page.rows


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("議事録", {"議事録の要約"}),
        ("プロンプト", {"ﾌﾟﾛﾝﾌﾟﾄ集", "プロンプト集"}),
        ("ぷろんぷと集", {"ﾌﾟﾛﾝﾌﾟﾄ集", "プロンプト集"}),
        ("ﾌﾟﾛﾝﾌﾟﾄ", {"ﾌﾟﾛﾝﾌﾟﾄ集", "プロンプト集"}),
        ("TRANSLATION", {"Translation Aid", "translation aid"}),
        ("ｔｒａｎｓ ＡＩＤ", {"Translation Aid", "translation aid"}),
        ("aid　translation", {"Translation Aid", "translation aid"}),
        ("議事録 translation", set()),
        ("%", {"達成率50%"}),
        ("５０％", {"達成率50%"}),
        ("_", {"a_b"}),
        ("a_b", {"a_b"}),
        ("a%b", set()),
        ("/", set()),
        ("\\", set()),
        ("'; --", set()),
        ("　 \n", set(TITLES)),
    ],
)
def test_words_are_found_whatever_their_width_kana_and_case(
    database: Database, actor: ActorOf, q: str, titles: set[str]
) -> None:
    with database.reading() as session:
        state = state_of({"q": q})
        found = list(queries.export_rows(session, actor("reporter"), state))
        assert {row.title for row in found} == titles
        assert sorted(row.case_no for row in found) == sorted(numbers(session, actor("reporter"), {"q": q}))


@pytest.mark.parametrize(
    ("q", "found"),
    [("a-2025-0042", ["a-2025-0042"]), ("用途041", ["a-2025-0042"]), ("Ａ－２０２５－００４２", ["a-2025-0042"])],
)
def test_numbers_and_purposes_are_searched_too(database: Database, actor: ActorOf, q: str, found: list[str]) -> None:
    with database.reading() as session:
        assert numbers(session, actor("auditor"), {"q": q}) == found


def test_a_search_of_thousands_of_words_breaks_nothing(database: Database, actor: ActorOf) -> None:
    with database.reading() as session:
        many = " ".join(f"{number:x}" for number in range(2000))
        assert numbers(session, actor("auditor"), {"q": f"議事録 {many}"}) == []
        assert numbers(session, actor("auditor"), {"q": "要約 " * 2000}) == numbers(
            session, actor("auditor"), {"q": "要約"}
        )


@pytest.mark.parametrize(
    "query", [{}, {"ministry": "b"}, {"ministry": ["a", "b"]}, {"q": "b-2025"}, {"sort": "number"}, {"q": "府省庁B"}]
)
def test_a_ministry_finds_its_own_cases_only(database: Database, actor: ActorOf, query: dict[str, Any]) -> None:
    with database.reading() as session:
        assert not any(number.startswith("b-") for number in numbers(session, actor("approver"), query))
        assert not any(
            row.case_no.startswith("b-") for row in queries.export_rows(session, actor("approver"), state_of(query))
        )
        assert [one.key for one in queries.ministries(session, actor("approver")).values()] == ["a"]
        assert [one.key for one in queries.ministries(session, actor("auditor")).values()] == ["a", "b"]


def test_who_reads_no_cases_finds_none(database: Database, actor: ActorOf) -> None:
    with database.reading() as session:
        assert numbers(session, actor("admin")) == []
        assert list(queries.export_rows(session, actor("admin"), ListState())) == []
        assert home_page(session, actor("admin"), RISK, SHEETS, NOW.date()).total == 0


def test_the_first_page_counts_what_the_list_shows(database: Database, actor: ActorOf) -> None:
    with database.reading() as session:
        for name in ("reporter", "other", "secretariat"):
            home = home_page(session, actor(name), RISK, SHEETS, NOW.date())
            assert list(home.counts) == list(Lifecycle)
            for state, count in home.counts.items():
                assert count == len(numbers(session, actor(name), {"lifecycle": state.value}))
            assert home.total == len(numbers(session, actor(name)))


class TestTheURL:
    """The list's whole state stands in it."""

    FULL = MultiDict(
        [("q", " 要約 "), ("usage_type", "G1"), ("usage_type", "none"), ("ministry", "a"), ("sort", "title")]
    )

    def test_it_comes_back_as_it_went(self) -> None:
        state = ListState.of(self.FULL, 3)
        args = {"q": "要約", "usage_type": ("G1", "none"), "ministry": ("a",), "sort": "title", "page": 3}
        assert state.args() == args
        again = MultiDict(
            (name, one) for name, value in args.items() for one in (value if isinstance(value, tuple) else [value])
        )
        assert ListState.of(again, 3) == state

    def test_defaults_are_left_out(self) -> None:
        assert ListState.of(MultiDict({"q": "　", "sort": "updated", "usage_type": ""}), 1).args() == {}

    def test_a_condition_is_taken_away_alone_and_leads_to_the_first_page(self) -> None:
        state = ListState.of(self.FULL, 3)
        assert state.without("usage_type", "G1") == {
            "q": "要約", "usage_type": ("none",), "ministry": ("a",), "sort": "title",
        }  # fmt: skip
        assert "ministry" not in state.without("ministry", "a")
        assert state.args(sort="number", page=1)["usage_type"] == ("G1", "none")


def test_the_list_takes_four_statements_at_most(database: Database, actor: ActorOf) -> None:
    by, counted = actor("auditor"), []
    event.listen(database.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    for query in ({}, {"sort": "number", "ministry": "a", "q": "要約", "usage_type": "none"}):
        counted.clear()
        with database.reading() as session:
            page = queries.list_page(session, by, state_of(query))
            assert [page.ministries[row.ministry_id].name for row in page.rows]
        asked = [statement for statement in counted if statement.startswith("SELECT")]
        assert 1 < len(asked) <= 4
