"""The public edition leaves small figures out, and nobody finds them out again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from register.clock import FixedClock
from register.db import Database
from register.models import Round
from register.reports import contents
from register.reports.charts import charts
from register.reports.dimensions import FIELDS
from register.services.edition_check import Inspection
from register.vocab import Variant
from tests.support.attack import Attacker, merged
from tests.support.data import NOW, lent
from tests.support.databases import Databases
from tests.support.editions import SPEAK, begun, held, inspected, published, text
from tests.support.round_files import reference_rounds


@pytest.fixture(scope="module", params=[3, 5])
def inspection(databases: Databases, request: pytest.FixtureRequest) -> Iterator[Inspection]:
    """What is found of the reference round."""
    with lent(databases, "sqlite", reference_rounds) as url:
        database = Database(url, FixedClock(NOW))
        with database.session(write=True) as session:
            second = session.scalars(select(Round).where(Round.number == 2)).one()
            draft = held(session, begun(session, second), threshold=request.param)
            yield inspected(session, draft)
            session.rollback()
        database.engine.dispose()


class TestTheFigures:
    """The public edition leaves small figures out, and whatever would give them away."""

    def test_both_variants_share_every_id(self, inspection: Inspection) -> None:
        for language in SPEAK:
            public, closed = (inspection.texts[variant, language] for variant in Variant)
            for slug, table in closed["tables"].items():
                assert public["tables"][slug]["columns"] == table["columns"]
                assert [row["code"] for row in public["tables"][slug]["rows"]] == [row["code"] for row in table["rows"]]
            assert [one["key"] for one in public["headlines"]] == [one["key"] for one in closed["headlines"]]

    def test_the_closed_variant_tells_all_figures(self, inspection: Inspection) -> None:
        closed = inspection.texts[Variant.CLOSED, "ja"]
        for one in inspection.sums.figures:
            if one.place.row != "unanswered":
                assert contents.figure_at(closed, one.place) in (one.value, None if not one.value else one.value)
        assert not contents.read(closed).withheld

    def test_no_small_figure_stands_in_the_public_variant(self, inspection: Inspection) -> None:
        for language in SPEAK:
            public = inspection.texts[Variant.PUBLIC, language]
            for one in inspection.sums.figures:
                figure = contents.figure_at(public, one.place)
                assert (figure is None) or one.place not in inspection.away
                if one.telling and one.cost < float("inf"):
                    assert figure is None or figure == 0 or figure >= inspection.threshold

    def test_linear_programming_recovers_none_of_them(self, inspection: Inspection) -> None:
        """The attacker reads the JSON alone, and thinks of all questions at once."""
        public, sums = inspection.texts[Variant.PUBLIC, "ja"], inspection.sums
        asked = frozenset(FIELDS) - {"output_type"}
        own = [one for one in sums.figures if {c.field for c in one.where} <= asked and one.place.row != "previous"]
        known = [(one.where, value) for one in own if (value := contents.figure_at(public, one.place)) is not None]
        answers = {name: codes for name, codes in sums.answers.items() if name in asked}
        attacker = Attacker(merged(answers, (one.where for one in own)), known)
        hidden = [one for one in own if one.place in inspection.away]
        assert len(hidden) > 60
        for one in {one.where: one for one in hidden}.values():
            low, high = attacker.bounds(one.where)
            assert low - 1e-6 <= one.value <= high + 1e-6
            assert high - low > 1 - 1e-6, one.place

    def test_hiding_the_small_ones_alone_would_give_many_away(self, inspection: Inspection) -> None:
        assert inspection.recovered > 10
        assert all(one.high is None or one.high > one.low for one in inspection.withheld("ja"))
        assert all(
            one.low <= one.value and (one.high is None or one.value <= one.high) for one in inspection.withheld("ja")
        )
        assert all(str(one.name) for one in inspection.withheld("ja"))

    def test_no_chart_is_drawn_of_what_is_left_out(self, inspection: Inspection) -> None:
        shown = contents.read(inspection.texts[Variant.PUBLIC, "ja"])
        drawn = charts(shown, str)
        for slug, table in (*shown.tables.items(), *shown.moves.items()):
            assert slug not in drawn or not any(row.hidden for row in table.rows)


def test_what_an_earlier_edition_told_is_not_hidden_and_hides_nothing(databases: Databases) -> None:
    """A correction with a higher threshold keeps what was hidden before hidden, and can take nothing back."""
    with lent(databases, "sqlite", reference_rounds) as url:
        database = Database(url, FixedClock(NOW))
        with database.session(write=True) as session:
            second = session.scalars(select(Round).where(Round.number == 2)).one()
            first = published(session, held(session, begun(session, second), threshold=3))
            before = text(session, first, Variant.PUBLIC)
            found = inspected(session, held(session, begun(session, second), threshold=10, note="訂正"))
            after = found.texts[Variant.PUBLIC, "ja"]
            for one in found.sums.figures:
                told = contents.figure_at(before, one.place)
                assert (told is None) or contents.figure_at(after, one.place) == told
            session.rollback()
        database.engine.dispose()
