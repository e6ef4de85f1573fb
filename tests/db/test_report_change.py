"""Real growth apart from reclassification: what a person said, else what the forms made of the codes; each its cases."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import NotFound
from register.models import Round, SubmissionItem
from register.reports import change
from register.reports.report import Report, as_json, build
from register.reports.table import TOTAL
from register.vocab import Role
from tests.support.databases import Build
from tests.support.figures import Opened, opened
from tests.support.round_files import FIRST, LIBRARY, SECOND, file_of, load
from tests.support.running_round import Office, busy

EVERYBODY = Actor("auditor", role=Role.AUDITOR)
KINDS = ("new", "closed", "unchanged", "reclassified", "changed", "unanswered")
# What a new definition explains: a code that was left takes in less now, or one that was entered takes in more.
PAIRS = [
    ("G2", "G1", "reclassified"),
    ("G2", "S1", "reclassified"),
    ("S1", "OT", "reclassified"),
    ("G1", "OT", "reclassified"),
    ("G1", "G2", "changed"),
    ("G1", "S2", "changed"),
    ("S2", "S2", "unchanged"),
    ("", "G1", "unanswered"),
    ("G2", "", "unanswered"),
    ("", "", "unanswered"),
]


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


def case_no(number: int) -> str:
    return f"a-2025-{number:04d}"


def answered(*types: tuple[int, str]) -> list[dict[str, str]]:
    """Return rows of a file: the cases of these numbers with these types."""
    return [{"case_no": case_no(number), "usage_type": kind} for number, kind in types]


def two_rounds(session: Session, before: list[dict[str, str]], now: list[dict[str, str]], version: str = "v2") -> Round:
    """Load a round of form 1 and the next one, and return that one."""
    load(session, file_of(*before, version="v1"), number=1, version="v1", as_of=FIRST)
    return load(session, file_of(*now, version=version), version=version, as_of=SECOND).round


def reported(session: Session, round: Round) -> Report:
    """Return the report of a round in Japanese."""
    return build(session, round, "ja", LIBRARY)


def behind(session: Session, round: Round, kind: str, column: str = "count", actor: Actor = EVERYBODY) -> Opened:
    """Return the page of the cases of a kind."""
    names = {"table": change.SLUG, "row": kind, "column": column}
    return opened(session, round, actor, **names)


def numbers(session: Session, round: Round) -> dict[str, list[str]]:
    """Return the case numbers behind each kind that has any."""
    pages = {kind: [item.case_no for item in behind(session, round, kind).cases.rows] for kind in KINDS}
    return {kind: found for kind, found in pages.items() if found}


@pytest.mark.parametrize(("was", "became", "kind"), PAIRS)
def test_where_nobody_spoke_the_forms_tell(session: Session, was: str, became: str, kind: str) -> None:
    now = two_rounds(session, answered((1, was)), answered((1, became)))
    assert reported(session, now).change == dict.fromkeys(KINDS, 0) | {kind: 1}
    assert numbers(session, now) == {kind: [case_no(1)]}


def test_between_rounds_of_one_form_every_move_is_a_real_one(session: Session) -> None:
    now = two_rounds(session, answered((1, "G2"), (2, "S1")), answered((1, "G1"), (2, "S1")), version="v1")
    assert numbers(session, now) == {"changed": [case_no(1)], "unchanged": [case_no(2)]}


def test_new_and_closed_cases_are_told_and_shown_in_the_round_that_has_them(session: Session) -> None:
    now = two_rounds(session, answered((1, "G1"), (2, "G2"), (3, "")), answered((1, "G1"), (4, ""), (5, "OT")))
    assert numbers(session, now) == {
        "new": [case_no(4), case_no(5)], "closed": [case_no(2), case_no(3)], "unchanged": [case_no(1)],
    }  # fmt: skip
    pages = behind(session, now, "closed"), behind(session, now, "new")
    assert [{item.round.code for item in page.cases.rows} for page in pages] == [{"2025-1"}, {"2025-2"}]
    assert [page.figure.spec.version for page in pages] == ["v1", "v2"]


class TestWhatPeopleSaid:
    """What the ministry or the secretariat recorded wins over the forms."""

    @pytest.fixture
    def office(self, session: Session) -> Office:
        """The people of the test; the ministry reported two cases of general-purpose 2 in form 1."""
        load(session, file_of(*answered((1, "G2"), (2, "G2")), version="v1"), number=1, version="v1", as_of=FIRST)
        return Office(session)

    def accepted(self, office: Office, became: str, cause: str) -> list[SubmissionItem]:
        """Report the first case as another type for this cause, the other one as it was; have the return accepted."""
        submission = office.submission(office.opened())
        items = office.items(submission)
        for item, kind in zip(items, (became, "G2"), strict=True):
            causes = {"usage_type": cause} if kind != "G2" else {}
            office.save(item, "use", {"usage_type": kind}, causes=causes)
            office.save(item, "operation", {"user_scope": "1", "confidentiality": "1"})
            office.save(item, "goals", {"goal_kind": "NO", "output_type": "1", "model_usage": "商用LLM-A"})
            office.rest(item)
        office.send(submission)
        office.accept(office.approve(submission))
        return items

    @pytest.mark.parametrize(
        ("became", "cause", "kind"),
        [
            ("G1", "definition", "reclassified"),
            ("G1", "actual", "changed"),
            ("S1", "actual", "changed"),
            ("S1", "definition", "reclassified"),
        ],
    )
    def test_a_cause_outweighs_the_crosswalk(self, office: Office, became: str, cause: str, kind: str) -> None:
        first, second = self.accepted(office, became, cause)
        assert numbers(office.session, first.round) == {kind: [first.case_no], "unchanged": [second.case_no]}
        table = reported(office.session, first.round).change_table
        assert {row.code: row.total for row in table.rows if row.total} == {kind: 1, "unchanged": 1, TOTAL: 2}


def test_the_table_adds_up_and_its_notes_say_how_it_fits_the_headline(session: Session) -> None:
    rows = answered((1, "G1"), (4, "G1"), (5, "S1"))
    rows[2] |= {"user_scope": "6"}
    report = reported(session, two_rounds(session, answered((1, "G2"), (2, "G2")), rows))
    assert [(row.code, row.total) for row in report.change_table.rows] == [
        ("new", 2), ("closed", 1), ("unchanged", 0), ("reclassified", 1), ("changed", 0), (TOTAL, 4),
    ]  # fmt: skip
    assert [str(note.text) for note in report.change_table.notes] == [
        "案件は前回2件、今回3件。差の+1件は、新規2件から今回なし1件を引いたもの",
        "要点に示した前回との差+0件は、ここから要点の対象でない1件（外部の方を利用者とするもの、利用開始時期が未回答のもの）を引いたもの",
        "続けて報告された1件のうち、類型の定義変更による移動は1件、利用の実態の変化による移動は0件。移動は件数の増減に入らない",
        str(change.SOURCE),
    ]
    assert next(one.numerator for one in report.headlines if one.key == "growth") == 0


def test_where_the_headline_speaks_of_the_same_cases_nothing_is_explained(session: Session) -> None:
    report = reported(session, two_rounds(session, answered((1, "G1"), (2, "G1")), answered((1, "G1"))))
    assert [str(note.text) for note in report.change_table.notes] == [
        "案件は前回2件、今回1件。差の-1件は、新規0件から今回なし1件を引いたもの",
        "続けて報告された1件のうち、類型の定義変更による移動は0件、利用の実態の変化による移動は0件。移動は件数の増減に入らない",
    ]


def test_a_ministry_sees_its_own_only(session: Session) -> None:
    other = {"case_no": case_no(1), "usage_type": "G2", "ministry": "府省庁B"}
    now = two_rounds(session, [*answered((1, "G2")), other], [*answered((1, "G1")), other | {"usage_type": "G1"}])
    page = behind(session, now, "reclassified", actor=Office(session).people["other"])
    assert [(item.ministry.key, item.case_no) for item in page.cases.rows] == [("b", case_no(1))]
    assert (page.cases.whole, behind(session, now, "reclassified").cases.visible) == (False, 2)


@pytest.mark.parametrize(
    ("row", "column"), [(TOTAL, TOTAL), (TOTAL, "count"), ("new", "G1"), ("G1", "count"), ("", "")]
)
def test_no_such_figure(session: Session, row: str, column: str) -> None:
    now = two_rounds(session, answered((1, "G1")), answered((1, "G1")))
    with pytest.raises(NotFound):
        behind(session, now, row, column)


def test_a_first_round_has_nothing_to_compare(session: Session) -> None:
    first = load(session, file_of(*answered((1, "G1")), version="v1"), number=1, version="v1", as_of=FIRST).round
    report = reported(session, first)
    assert (report.change, report.change_table, as_json(report, str)["usage_type_change"]) == ({}, None, {})
    with pytest.raises(NotFound):
        behind(session, first, "new")
