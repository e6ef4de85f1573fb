"""The log can be read: every event, table and field that an entry may hold has its words."""

from __future__ import annotations

from register.audit import Event
from register.db import Base
from register.documents.language import Language
from register.formspec.loader import load_library
from register.formspec.risk import load_risk
from register.models import Audited
from register.queries.audit import TECHNICAL
from register.queries.log_fields import FIELDS, TABLES
from register.queries.log_names import SENTENCES
from register.queries.log_words import LISTED, LogWords, column_of
from tests.support.sources import ROOT


def audited() -> list:
    """Return the mappers of the audited models."""
    return [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Audited)]


def test_every_event_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Event)
    assert len({str(text) for text in SENTENCES.values()}) == len(SENTENCES)


def test_every_audited_table_has_its_name() -> None:
    assert {mapper.class_.__tablename__ for mapper in audited()} == set(TABLES)


def test_every_field_of_an_audited_table_has_its_name() -> None:
    fields = {
        attribute.key
        for mapper in audited()
        for attribute in mapper.column_attrs
        if not attribute.columns[0].primary_key
    }
    assert fields - set(FIELDS) == set()


def test_what_is_left_out_of_an_entry_is_a_field_and_has_its_reason() -> None:
    fields = {attribute.key for mapper in audited() for attribute in mapper.column_attrs}
    assert TECHNICAL.keys() <= fields
    assert all(TECHNICAL.values())


def words(language: str) -> LogWords:
    """Return the words of the log in one language."""
    config = ROOT / "config"
    return LogWords(Language(ROOT / "translations", language), load_library(config, "periodic"), load_risk(config))


def test_a_word_of_several_meanings_is_translated_by_its_context() -> None:
    assert (words("ja").table_name("use_case"), words("en").table_name("use_case")) == ("案件", "Use case")


def test_codes_are_told_by_the_lists_and_forms_that_they_are_of() -> None:
    ja, en = words("ja"), words("en")
    assert (
        ja.value_text("incident", "categories", "RC01 RC07", {})
        == "誤情報・ハルシネーション\n過度の依存・職員判断の欠落"
    )
    assert ja.value_text("incident", "grade", "L1", {}) == "L1 軽微"
    assert en.value_text("use_case", "usage_type", "S1", {}) == "Specialised 1"
    # A judgment keeps what the case was under names of its own.
    assert ja.value_text("assessment", "fact_usage_type", "S1", {}) == "特化型１"
    # The newest form asks for this no more.
    told = ja.value_text("submission_item", "answers", {"additional_learning": "無", "unit": "課"}, {})
    assert told == "追加学習の有無：無\n部局・課室：課"


def test_days_moments_and_yes_are_told_in_the_language() -> None:
    ja, en = words("ja"), words("en")
    assert ja.value_text("use_case", "start_on", "2025-09-30", {}) == "令和7年9月30日"
    assert en.value_text("use_case", "updated_at", "2025-09-30T00:05:00.000000+00:00", {}) == "30 September 2025 09:05"
    assert (ja.value_text("ai_system", "shared", True, {}), en.detail_text(False)) == ("はい", "No")


def test_the_fields_with_codes_of_lists_are_there() -> None:
    assert [place for place in LISTED if column_of(*place) is None] == []
