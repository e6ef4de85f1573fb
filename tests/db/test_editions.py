"""Editions of a report: checked, approved by a second person, published for good; the public one gives nothing away."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Invalid, NotNow, Stale
from register.models import AuditEntry, Disclosure, Edition, EditionText, Round, SubmissionItem, UseCase
from register.queries import editions as queries
from register.reports import contents
from register.reports.place import Place
from register.services import disclosures, editions, rounds
from register.vocab import (
    DisclosureClass,
    DisclosurePart,
    EditionState,
    Ground,
    Role,
    RoundDeed,
    RoundState,
    Variant,
)
from tests.support.data import NOW, lent
from tests.support.databases import KINDS, Databases
from tests.support.editions import ONE, OTHER, begun, checked, held, inspected, published, take, text
from tests.support.prints import report_of
from tests.support.round_files import LIBRARY, reference_rounds

AGAIN = NOW.date() + dt.timedelta(days=365)
TITLE, GOAL, CASE = DisclosurePart.TITLE, DisclosurePart.GOAL, DisclosurePart.CASE


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """One database with the reference rounds; what a test writes it rolls back."""
    with lent(databases, request.param, reference_rounds) as url:
        opened = Database(url, FixedClock(NOW))
        yield opened
        opened.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that is rolled back."""
    with database.session(write=True) as session:
        yield session
        session.rollback()


@pytest.fixture
def round_(session: Session) -> Round:
    """The second round, frozen."""
    return session.scalars(select(Round).where(Round.number == 2)).one()


@pytest.fixture
def draft(session: Session, round_: Round) -> Edition:
    """An edition that was begun."""
    return begun(session, round_)


class TestTheWay:
    """Draft, checked, approved by a second person, published, superseded."""

    def test_an_edition_goes_out_and_takes_its_round_with_it(self, session: Session, draft: Edition) -> None:
        assert (draft.number, draft.state, draft.threshold) == (1, EditionState.DRAFT, 3)
        out = published(session, held(session, draft))
        assert out.state is EditionState.PUBLISHED
        assert (out.checked_by, out.approved_by, out.published_by) == (ONE.name, OTHER.name, ONE.name)
        assert out.round.state is RoundState.PUBLISHED
        assert queries.published(session, out.round_id) == out

    def test_begun_twice_is_one_edition(self, session: Session, draft: Edition, round_: Round) -> None:
        assert begun(session, round_) == draft

    def test_who_drafted_or_checked_it_cannot_approve_it(self, session: Session, draft: Edition) -> None:
        checked(session, held(session, draft))
        with pytest.raises(NotNow, match="ほかの人が承認"):
            take(session, draft, "approve")
        assert not editions.may_approve(draft, ONE)
        assert editions.may_approve(draft, OTHER)

    def test_who_checked_what_another_drafted_cannot_approve_it_either(self, session: Session, draft: Edition) -> None:
        found = inspected(session, held(session, draft))
        editions.check(session, draft, found, version=draft.version, by=OTHER)
        session.flush()
        with pytest.raises(NotNow):
            take(session, draft, "approve", by=OTHER)

    def test_who_changed_it_cannot_approve_it_either(self, session: Session, draft: Edition) -> None:
        values = {"threshold": 0, "note": "", "examples": ()}
        editions.edit(session, draft, values, version=draft.version, by=OTHER)
        session.flush()
        checked(session, draft)
        with pytest.raises(NotNow):
            take(session, draft, "approve", by=OTHER)

    @pytest.mark.parametrize("deed", ["approve", "publish", "send_back"])
    def test_a_draft_goes_no_further_without_a_check(self, session: Session, draft: Edition, deed: str) -> None:
        with pytest.raises(NotNow):
            take(session, draft, deed, by=OTHER, word="理由")

    def test_what_is_sent_back_is_checked_anew(self, session: Session, draft: Edition) -> None:
        checked(session, held(session, draft))
        with pytest.raises(Invalid):
            take(session, draft, "send_back")
        take(session, draft, "send_back", word="例を改める")
        assert (draft.state, draft.sha256, draft.checked_by) == (EditionState.DRAFT, "", "")
        assert queries.text_of(session, draft, Variant.PUBLIC, "ja") is None
        checked(session, draft)
        assert queries.text_of(session, draft, Variant.PUBLIC, "ja") is not None

    def test_a_draft_can_be_given_up_and_keeps_its_number(
        self, session: Session, draft: Edition, round_: Round
    ) -> None:
        take(session, draft, "discard", word="不要のため")
        assert begun(session, round_).number == 2

    def test_a_correction_supersedes_and_says_what_it_corrects(self, session: Session, draft: Edition) -> None:
        first = published(session, held(session, draft))
        second = begun(session, first.round)
        assert (second.number, second.supersedes, second.threshold) == (2, first, 0)
        found = inspected(session, second)
        with pytest.raises(Invalid):
            editions.check(session, second, found, version=second.version, by=ONE)
        published(session, held(session, second, note="表1の誤りを正した"))
        assert (first.state, second.state) == (EditionState.SUPERSEDED, EditionState.PUBLISHED)
        said = contents.read(text(session, second, Variant.PUBLIC))
        assert (said.head.supersedes, said.head.note) == (1, "表1の誤りを正した")


class TestWhatStandsAgainstIt:
    """What is refused, and with which words."""

    def test_a_rehearsal_and_a_round_in_progress_have_no_edition(self, session: Session, round_: Round) -> None:
        session.expunge(round_)
        round_.rehearsal = True
        with pytest.raises(NotNow, match="演習"):
            editions.begin(session, round_, by=ONE)
        round_.rehearsal, round_.state = False, RoundState.OPEN
        with pytest.raises(NotNow, match="確定"):
            editions.begin(session, round_, by=ONE)

    def test_a_round_is_published_by_its_edition_alone(self, session: Session, round_: Round) -> None:
        with pytest.raises(NotNow, match="報告書の版を公表"):
            rounds.move(session, round_, RoundDeed.PUBLISH, forms=LIBRARY, by=ONE)

    @pytest.mark.parametrize(
        ("field", "value"), [("threshold", 4), ("note", "あ" * 2001), ("examples", range(1, 1000))]
    )
    def test_bad_values_are_told(self, session: Session, draft: Edition, field: str, value: Any) -> None:
        with pytest.raises(Invalid) as refused:
            held(session, draft, **{field: value})
        assert list(refused.value.fields) == [field]

    def test_a_stale_edit_is_refused(self, session: Session, draft: Edition) -> None:
        seen = draft.version
        held(session, draft)
        with pytest.raises(Stale):
            editions.edit(session, draft, {"threshold": 0}, version=seen, by=ONE)

    def test_figures_that_disagree_are_not_published(
        self, session: Session, draft: Edition, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = contents.as_json

        def wrong(report: Any, speak: Any) -> dict[str, Any]:
            made = real(report, speak)
            made["tables"]["confidentiality"]["rows"][0]["total"] += 1
            return made

        monkeypatch.setattr("register.reports.plain.as_json", wrong)
        found = inspected(session, held(session, draft))
        assert [str(one.place) for one in found.faults] == ["confidentiality:1:total"]
        with pytest.raises(NotNow):
            editions.check(session, draft, found, version=draft.version, by=ONE)

    @pytest.mark.parametrize("late", ["approve", "publish"])
    def test_answers_that_were_corrected_since_need_another_check(
        self, session: Session, draft: Edition, late: str
    ) -> None:
        checked(session, held(session, draft))
        if late == "publish":
            take(session, draft, "approve", by=OTHER)
        item = session.scalars(select(SubmissionItem).where(SubmissionItem.round_id == draft.round_id)).first()
        assert item is not None
        values = dict(item.answers) | {"title": "訂正した名前"}
        item.answers = values
        session.flush()
        with pytest.raises(NotNow, match="訂正"):
            take(session, draft, late, by=OTHER)


def test_without_a_threshold_nothing_is_left_out(session: Session, draft: Edition) -> None:
    found = inspected(session, held(session, draft))
    assert (found.away, found.withheld("ja"), found.recovered) == (frozenset(), (), 0)
    public, closed = (found.texts[variant, "ja"] for variant in Variant)
    assert public["tables"] == closed["tables"]
    assert {key: public[key] for key in ("round", "populations")} == {
        key: closed[key] for key in ("round", "populations")
    }


def test_what_was_told_is_read_back(session: Session, draft: Edition) -> None:
    found = inspected(session, held(session, draft))
    report = report_of(session, 2)
    shown = contents.read(found.texts[Variant.CLOSED, "ja"])
    assert list(shown.tables) == list(report.tables)
    for slug, table in report.tables.items():
        again = shown.tables[slug]
        assert (again.columns, again.rows) == (table.columns, table.rows)
        assert [str(note.text) for note in again.notes] == [str(note.text) for note in table.notes]
    assert contents.figure_at(found.texts[Variant.CLOSED, "ja"], Place("confidentiality", "total", "total")) == 295


class TestTheExamples:
    """Goals are shown as far as it was decided that they are public."""

    @pytest.fixture
    def items(self, session: Session, draft: Edition) -> list[SubmissionItem]:
        """Three items with goals."""
        return list(queries.offered(session, draft.round_id)[:3])

    def decide(self, session: Session, item: SubmissionItem, part: DisclosurePart, level: str, text_: str = "") -> None:
        """Have it decided how far a part of a case is public."""
        case = session.get_one(UseCase, item.use_case_id)
        by = Actor("取りまとめ", 903, Role.APPROVER, case.ministry_id)
        public = DisclosureClass(level) is DisclosureClass.PUBLIC
        values = {
            "level": DisclosureClass(level),
            "ground": None if public else Ground.AFFAIRS,
            "public_text": text_,
            "review_on": None if public else AGAIN,
        }
        row = disclosures.propose(session, case, part, values, version=0, by=by)
        session.flush()
        disclosures.decide(session, row, accept=True, word="", version=row.version, by=ONE)
        session.flush()

    def shown(self, session: Session, draft: Edition, items: list[SubmissionItem]) -> list[dict[str, Any]]:
        """Return the examples of the public variant."""
        held(session, draft, examples=[one.id for one in items])
        found = inspected(session, draft)
        assert found.leaks == ()
        closed = found.texts[Variant.CLOSED, "ja"]["sections"]["examples"]
        assert [one["goal_text"] for one in closed] == [one.answers["goal_text"] for one in items]
        assert [one["case_no"] for one in closed] == [one.case_no for one in items]
        public: list[dict[str, Any]] = found.texts[Variant.PUBLIC, "ja"]["sections"]["examples"]
        assert [one["id"] for one in public] == [one["id"] for one in closed]
        assert "case_no" not in json.dumps(public)
        return public

    def test_nothing_is_public_before_it_is_decided(
        self, session: Session, draft: Edition, items: list[SubmissionItem]
    ) -> None:
        for one in self.shown(session, draft, items):
            assert (one["ministry"], one["title"], one["goal_text"], one["level"]) == (None, None, None, "closed")

    def test_what_is_decided_is_shown_and_no_more(
        self, session: Session, draft: Edition, items: list[SubmissionItem]
    ) -> None:
        first, second, third = items
        for part in DisclosurePart:
            self.decide(session, first, part, "public")
        self.decide(session, second, CASE, "partly")
        self.decide(session, second, TITLE, "partly", "〇〇の検索")
        self.decide(session, second, GOAL, "public")
        self.decide(session, third, CASE, "closed")
        self.decide(session, third, GOAL, "public")
        whole, part, none = self.shown(session, draft, items)
        assert (whole["level"], whole["ground"], whole["ministry"]) == ("public", None, first.ministry.name)
        assert (whole["title"], whole["goal_text"]) == (first.answers["title"], first.answers["goal_text"])
        assert (part["level"], part["ministry"], part["title"]) == ("partly", None, "〇〇の検索")
        assert part["goal_text"] == second.answers["goal_text"]
        assert "第6号" in part["ground"]
        assert (none["level"], none["goal_text"]) == ("closed", None)

    def test_a_decision_holds_for_the_text_that_was_looked_at(
        self, session: Session, draft: Edition, items: list[SubmissionItem]
    ) -> None:
        for part in (CASE, TITLE, GOAL):
            self.decide(session, items[0], part, "public")
        items[0].answers = {**items[0].answers, "goal_text": "別の目標を立てる"}
        session.flush()
        assert self.shown(session, draft, items[:1])[0]["goal_text"] is None

    @pytest.mark.parametrize("late", ["approve", "publish"])
    def test_what_is_public_no_more_since_the_check_does_not_go_out(
        self, session: Session, draft: Edition, items: list[SubmissionItem], late: str
    ) -> None:
        for part in (CASE, TITLE, GOAL):
            self.decide(session, items[0], part, "public")
        checked(session, held(session, draft, examples=[items[0].id]))
        if late == "publish":
            take(session, draft, "approve", by=OTHER)
        for row in session.scalars(select(Disclosure).where(Disclosure.part == GOAL)):
            by = Actor("取りまとめ", 903, Role.APPROVER, row.ministry_id)
            values = {"level": DisclosureClass.CLOSED, "ground": Ground.AFFAIRS, "review_on": AGAIN}
            disclosures.propose(session, row.use_case, GOAL, values, version=row.version, by=by)
        session.flush()
        with pytest.raises(NotNow, match="公開の区分が変わって"):
            take(session, draft, late, by=OTHER)

    def test_a_text_that_still_says_what_is_not_public_is_a_leak(
        self, session: Session, draft: Edition, items: list[SubmissionItem]
    ) -> None:
        title = items[0].answers["title"]
        self.decide(session, items[0], CASE, "public")
        self.decide(session, items[0], GOAL, "partly", f"{title}の時間を減らす")
        held(session, draft, examples=[items[0].id])
        found = inspected(session, draft)
        assert [(one.case_no, one.text) for one in found.leaks] == [(items[0].case_no, title)]
        with pytest.raises(NotNow):
            editions.check(session, draft, found, version=draft.version, by=ONE)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_published_never_changes_and_every_step_stands_in_the_log(databases: Databases, kind: str) -> None:
    with lent(databases, kind, reference_rounds) as url:
        database = Database(url, FixedClock(NOW))
        with database.writing() as session:
            second = session.scalars(select(Round).where(Round.number == 2)).one()
            published(session, held(session, begun(session, second)))
        for change in (delete(EditionText), update(EditionText).values(content={})):
            with pytest.raises(DBAPIError, match="never changes"), database.writing() as session:
                session.execute(change)
        with database.reading() as session:
            events = session.scalars(select(AuditEntry.event).order_by(AuditEntry.seq)).all()
            # Both variants in both languages are asked for by themselves.
            steps = ["edition.begun", *["edition.moved"] * 4, "round.moved", *["snapshot.asked"] * 4]
            assert events[-10:] == steps
            assert len(session.scalars(select(EditionText)).all()) == 4
        database.engine.dispose()
