"""The round trip of a form: what goes out comes back to the last character, and nothing is taken for a change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from register.models import SubmissionItem
from register.services import answers, workbooks
from register.text import clean, clean_line
from register.vocab import Confirmation
from tests.support.contents import ENGLISH, NOW, SPEC, TODAY, content, diff_of, item, written
from tests.support.form_files import SPEECH, FormFile

PIECES = st.sampled_from(
    ["=", "+", "-", "@", "'", '"', "＝", "＋", "－", "＠", "\n", "\t", " ", "　", "|", "%", "{", "😀", "👩‍💻", "葛󠄀", "が",
     "=1+1", "'=1", "_x0041_", "#REF!", "id:x", "meta:a=b", "1", "00123", "2025-09-30", "TRUE", "\r\n"]
)  # fmt: skip
RAW = st.lists(PIECES | st.text(st.characters(codec="utf-8"), max_size=5), max_size=8).map("".join)
# A workbook cannot say what the library that writes it takes for the escape of an escape.
WRITABLE = RAW.filter(lambda text: "_x005F_x" not in text)


def answer(question: Any) -> st.SearchStrategy[Any]:
    """Return answers as the register stores them."""
    if question.options:
        return st.sampled_from(sorted(question.codes))
    if question.type == "date":
        return st.dates(dt.date(1926, 12, 25), dt.date(2100, 1, 1)).map(dt.date.isoformat)
    if question.type == "count":
        return st.integers(0, 1_000_000)
    cleaner = clean_line if question.type == "line" else clean
    return WRITABLE.map(cleaner).filter(bool)


ANSWERS = st.fixed_dictionaries({}, optional={question.id: answer(question) for question in SPEC.questions})


@st.composite
def cases(draw: st.DrawFn) -> SubmissionItem:
    """Return a case in any state that a person can bring it to."""
    carried, given_ = draw(ANSWERS), draw(ANSWERS)
    recheck = {name: "split" for name in carried if draw(st.booleans()) and name == "confidentiality"}
    made = item(0, carried=carried, recheck=recheck)
    confirmation = draw(st.sampled_from(workbooks.CONFIRMATIONS))
    if confirmation is Confirmation.ENDED:
        made.ended_on, made.ended_reason = draw(st.dates(dt.date(2025, 4, 1), TODAY)), draw(WRITABLE.map(clean))
    else:
        made.answers, made.recheck = given_, {name: kind for name, kind in recheck.items() if name not in given_}
        answers.follow(made, SPEC)
    made.confirmation = confirmation
    made.version = draw(st.integers(1, 10**6))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases(), max_size=4), st.sampled_from([SPEECH, ENGLISH]))
def test_a_workbook_that_nobody_touched_changes_nothing(made: list[SubmissionItem], speech: workbooks.Speech) -> None:
    held = content(*numbered(made))
    diff = diff_of(held, written(held, speech))
    assert (list(diff.troubles), list(diff.steps), diff.untouched, diff.absent) == ([], [], len(made), 0)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases(), min_size=1, max_size=4), st.sampled_from(["\r\n", "\n"]))
def test_a_table_for_machines_that_nobody_touched_changes_nothing(made: list[SubmissionItem], end: str) -> None:
    held = content(*numbered(made))
    data = workbooks.plain(held, NOW).replace(b"\r\n", end.encode())
    diff = diff_of(held, data, "form.csv")
    assert (list(diff.troubles), list(diff.steps), diff.untouched, diff.absent) == ([], [], len(made), 0)


def numbered(made: list[SubmissionItem]) -> list[SubmissionItem]:
    """Give each case a number of its own."""
    for number, one in enumerate(made, 1):
        one.id = one.use_case_id = number
        one.case_no = f"a-2025-{number:04d}"
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(WRITABLE.filter(lambda text: clean(text) not in {"", "用途"}))
def test_a_text_is_stored_as_it_was_written(text: str) -> None:
    held = content(item(1, carried={"title": "題", "purpose": "用途"}))
    diff = diff_of(held, FormFile(written(held)).set("a-2025-0001", purpose=clean(text)).xlsx())
    assert [str(one.reason) for one in diff.troubles] == []
    assert diff.steps[0].outcome.answers["purpose"] == clean(text)


@given(RAW)
def test_the_mark_against_formulas_can_be_taken_off(text: str) -> None:
    kept = clean(text)
    assert workbooks.unmarked(workbooks.marked(kept)) == workbooks.printable(kept)
    assert workbooks.csv.neutral(workbooks.marked(kept)) == workbooks.marked(kept)
