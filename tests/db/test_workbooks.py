"""A form against a return: what each word in the confirmation column does, and taking over what was shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from register import audit
from register.errors import NotNow
from register.formats import form_xlsx
from register.models import AnswerDraft, AuditEntry, Submission, SubmissionEvent, SubmissionItem, Upload
from register.queries.uploads import content as content_of
from register.services import items, uploads, workbooks
from register.services.answers import Typed
from register.services.workbook_diff import Diff
from register.services.workbook_rows import Handed, open_file
from register.vocab import AnswerState, Confirmation, Fate, SubmissionDeed
from tests.support.data import NOW
from tests.support.databases import Build
from tests.support.form_files import SPEECH, FormFile
from tests.support.rounds import AS_OF, FORMS, SPEC, item_of, opened, person, submission_of

ONE, TWO, THREE = "a-2025-0001", "a-2025-0002", "a-2025-0003"
STATE = ("confirmation", "answers", "states", "notes", "recheck", "mapping", "ended_on", "ended_reason")


@pytest.fixture
def content() -> Build:
    return opened


@pytest.fixture
def own(session: Session) -> Submission:
    """The return of ministry a."""
    return submission_of(session)


def form(session: Session, own: Submission) -> FormFile:
    """Return the workbook of the return as it stands."""
    sheet = workbooks.form(content_of(session, own), SPEECH, NOW)
    return FormFile(form_xlsx.write(sheet, created=NOW))


def examined(session: Session, own: Submission, file: FormFile) -> tuple[Handed, Diff]:
    """Return what a file would do."""
    handed = open_file(file.xlsx(), "form.xlsx")
    return handed, uploads.examine(session, own, handed, forms=FORMS).diff


def taken(session: Session, own: Submission, file: FormFile) -> Diff:
    """Take a file over as it was shown."""
    handed, diff = examined(session, own, file)
    assert [(str(trouble.reason), trouble.value) for trouble in diff.troubles] == []
    by = person(session, "reporter")
    stored = uploads.Stored("uploads/x", 1, "0" * 64)
    upload = uploads.keep(session, own, stored, name="報告.xlsx", by=by)
    return uploads.apply(session, own, upload.id, handed, seen=diff.sha256, forms=FORMS, by=by)


def told(session: Session, own: Submission, file: FormFile) -> list[tuple[str, str]]:
    """Return the troubles of a file: the cell and the reason."""
    _, diff = examined(session, own, file)
    return [(f"{one.column}{one.row or ''}", str(one.reason)) for one in diff.troubles]


def state(item: SubmissionItem) -> dict[str, Any]:
    """Return all that a return says of a case."""
    return {name: getattr(item, name) for name in STATE}


def test_unchanged_confirms_and_unconfirmed_stays(session: Session, own: Submission) -> None:
    diff = taken(session, own, form(session, own).set(ONE, confirmation="変更なし"))
    assert diff.counts == {Fate.ADDED: 0, Fate.CHANGED: 0, Fate.CONFIRMED: 1, Fate.ENDED: 0}
    assert (diff.untouched, diff.absent, diff.wrong) == (2, 0, 0)
    assert item_of(session, ONE).confirmation is Confirmation.UNCHANGED
    assert item_of(session, TWO).confirmation is Confirmation.UNCONFIRMED
    assert item_of(session, TWO).answers == {}


def test_a_file_confirms_as_the_page_does(session: Session, own: Submission) -> None:
    by = person(session, "reporter")
    taken(session, own, form(session, own).set(ONE, confirmation="変更なし"))
    by_file = state(item_of(session, ONE))
    items.reopen(session, own, item_of(session, ONE).id, by=by)
    items.confirm(session, own, [item_of(session, ONE).id], spec=SPEC, forms=FORMS, by=by)
    assert state(item_of(session, ONE)) == by_file


def test_changed_settles_the_rest_as_it_was(session: Session, own: Submission) -> None:
    taken(session, own, form(session, own).set(TWO, confirmation="変更あり", purpose="別の用途", model_usage=None))
    item = item_of(session, TWO)
    assert item.confirmation is Confirmation.CHANGED
    assert item.answers["purpose"] == "別の用途"
    assert item.answers["goal_kind"] == "NO"
    assert item.states["model_usage"] == AnswerState.MISSING


def test_changed_without_a_change_is_unchanged(session: Session, own: Submission) -> None:
    taken(session, own, form(session, own).set(ONE, confirmation="変更あり"))
    assert item_of(session, ONE).confirmation is Confirmation.UNCHANGED


def test_a_change_that_is_not_confirmed_is_kept(session: Session, own: Submission) -> None:
    taken(session, own, form(session, own).set(ONE, unit="別の課"))
    item = item_of(session, ONE)
    assert (item.confirmation, item.answers) == (Confirmation.UNCONFIRMED, {"unit": "別の課"})


def test_a_change_under_unchanged_is_told(session: Session, own: Submission) -> None:
    file = form(session, own).set(ONE, confirmation="変更なし", unit="別の課")
    assert told(session, own, file) == [(file.place(ONE, "unit"), "「変更なし」の案件ですが、前回の回答と違います。")]


def test_unconfirmed_takes_back(session: Session, own: Submission) -> None:
    taken(session, own, form(session, own).set(ONE, confirmation="変更あり", unit="別の課"))
    taken(session, own, form(session, own).set(ONE, confirmation="未確認", unit="相談課"))
    item = item_of(session, ONE)
    assert (item.confirmation, item.answers, item.states) == (Confirmation.UNCONFIRMED, {}, {})


def test_an_ended_case_has_a_day_and_a_reason(session: Session, own: Submission) -> None:
    file = form(session, own).set(ONE, confirmation="利用終了")
    assert told(session, own, file) == [
        (file.place(ONE, "ended_reason"), "理由を入力してください。"),
        (file.place(ONE, "ended_on"), "利用を終えた日を入力してください。"),
    ]
    file.set(ONE, ended_on=NOW.date() + dt.timedelta(days=1), ended_reason="終了")
    assert told(session, own, file) == [(file.place(ONE, "ended_on"), "移行日は今日以前の日付にしてください。")]
    [(place, reason)] = told(session, own, file.set(ONE, ended_on=AS_OF + dt.timedelta(days=1)))
    assert (place, reason[:27]) == (file.place(ONE, "ended_on"), "基準日（2025-10-31）より後に利用を終えた案件")
    diff = taken(session, own, file.set(ONE, ended_on=AS_OF, ended_reason="契約の\n終了"))
    item = item_of(session, ONE)
    assert (item.confirmation, item.ended_on, item.ended_reason) == (Confirmation.ENDED, AS_OF, "契約の\n終了")
    assert [change.field for change in diff.steps[0].changes] == ["confirmation", "ended_on", "ended_reason"]
    assert examined(session, own, form(session, own))[1].steps == []
    taken(session, own, form(session, own).set(ONE, confirmation="変更なし", ended_on=None, ended_reason=None))
    assert item_of(session, ONE).confirmation is Confirmation.UNCHANGED


def test_an_end_drops_no_answer_unseen(session: Session, own: Submission) -> None:
    file = form(session, own).set(ONE, confirmation="利用終了", ended_on=AS_OF, ended_reason="終了", unit="別の課")
    assert told(session, own, file) == [(file.place(ONE, "unit"), "利用を終えた案件の回答は変えられません。")]


def test_an_end_without_the_word_is_told(session: Session, own: Submission) -> None:
    file = form(session, own).set(ONE, confirmation="変更なし", ended_on=AS_OF)
    assert told(session, own, file) == [
        (file.place(ONE, "ended_on"), "「利用終了」でない案件に、利用終了の日または理由があります。")
    ]


def test_a_question_that_opens_is_asked_and_one_that_closes_is_emptied(session: Session, own: Submission) -> None:
    file = form(session, own).set(ONE, confirmation="変更あり", usage_type="汎用型２")
    opens = [file.place(ONE, name) for name in ("goal_kind", "output_type", "model_usage")]
    assert told(session, own, file) == [(at, "前回の回答がなく、この回に答えが要る項目です。") for at in opens]
    file = form(session, own).set(THREE, confirmation="変更あり", goal_kind="成果目標を設定していない")
    choice = SPEC.field("goal_kind").option("NO").text.ja
    file.set(THREE, goal_kind=choice)
    assert told(session, own, file)[0] == (
        file.place(THREE, "goal_text"),
        "ほかの項目の回答により、記入しない項目です。",
    )
    file.set(THREE, goal_text=None)
    taken(session, own, file)
    item = item_of(session, THREE)
    assert item.states["goal_text"] == AnswerState.NOT_APPLICABLE
    assert "goal_text" not in item.answers


def test_a_new_case_gets_the_next_number_and_can_be_changed(session: Session, own: Submission) -> None:
    file = form(session, own).add(title="新一").add(title="新二", confirmation="新規", ministry="府省庁A")
    taken(session, own, file)
    first = item_of(session, "a-2025-0004")
    assert (first.answers["title"], item_of(session, "a-2025-0005").answers["title"]) == ("新一", "新二")
    assert set(first.states.values()) <= set(AnswerState)
    taken(session, own, form(session, own).set("a-2025-0004", unit="相談課"))
    assert item_of(session, "a-2025-0004").answers == {"title": "新一", "unit": "相談課"}
    for word in ("未確認", "変更なし", "変更あり", "利用終了"):
        changed = form(session, own).set("a-2025-0004", confirmation=word, ended_on=None)
        assert told(session, own, changed)[0][0] == changed.place("a-2025-0004", "confirmation"), word


def test_a_new_case_needs_a_title_and_no_other_word(session: Session, own: Submission) -> None:
    file = form(session, own).add(unit="相談課").add(title="新", confirmation="変更なし")
    assert [reason for _, reason in told(session, own, file)] == [
        "「案件名」を入力してください。",
        "案件番号のない行です。",
    ]
    again = form(session, own).add(title="新").add(title="新")
    row = again.next - 2
    assert told(session, own, again) == [(f"{row + 1}", f"{row}行目と同じ内容の新しい案件です。")]
    known = form(session, own).set(ONE, confirmation="新規")
    assert told(session, own, known) == [(known.place(ONE, "confirmation"), "台帳にある案件です。")]


def test_what_was_declined_stays_declined_until_it_is_answered(session: Session, own: Submission) -> None:
    by, item = person(session, "reporter"), item_of(session, TWO)
    typed = Typed({"model_usage": ""}, {"model_usage": "契約による"})
    items.save_section(session, own, item.id, "goals", typed, seen=_seen(item, "goals"), spec=SPEC, by=by)
    taken(session, own, form(session, own).set(TWO, confirmation="変更あり", unit="別の課"))
    assert (item.states["model_usage"], item.notes) == (AnswerState.DECLINED, {"model_usage": "契約による"})
    taken(session, own, form(session, own).set(TWO, model_usage="商用LLM-A"))
    assert (item.answers["model_usage"], item.notes) == ("商用LLM-A", {})


def _seen(item: SubmissionItem, section: str) -> str:
    return items.seen_of(item, SPEC, section)


def test_a_file_is_taken_over_in_few_statements_and_one_entry(session: Session, own: Submission) -> None:
    file = form(session, own)
    for case in (ONE, TWO):
        file.set(case, confirmation="変更なし")
    file.set(THREE, unit="別の課").add(title="新一").add(title="新二")
    session.add(
        AnswerDraft(
            item_id=item_of(session, ONE).id,
            section="use",
            user_id=person(session, "reporter").user_id,
            values={},
            seen="",
            saved_at=NOW,
        )
    )
    diff = taken(session, own, file)
    session.commit()
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
    assert entry is not None
    assert entry.event == audit.Event.SUBMISSION_UPLOADED
    assert audit.verify(session).finding is None
    assert diff.counts == {Fate.ADDED: 2, Fate.CHANGED: 1, Fate.CONFIRMED: 2, Fate.ENDED: 0}
    assert session.scalars(select(AnswerDraft)).all() == []
    filled = select(SubmissionEvent.actor_name).where(SubmissionEvent.deed == SubmissionDeed.FILL)
    assert session.scalars(filled).all() == ["reporter"]
    with pytest.raises(NotNow, match="すでに取り込みました"):
        uploads.apply(
            session,
            own,
            session.scalars(select(Upload.id)).one(),
            open_file(file.xlsx(), "form.xlsx"),
            seen=diff.sha256,
            forms=FORMS,
            by=person(session, "reporter"),
        )


def test_a_dry_run_asks_the_database_the_same_for_any_number_of_rows(session: Session, own: Submission) -> None:
    file = form(session, own)
    few = _statements(session, own, file)
    for number in range(50):
        file.add(title=f"新しい案件{number}")
    assert _statements(session, own, file) == few <= 9


def _statements(session: Session, own: Submission, file: FormFile) -> int:
    handed, count = open_file(file.xlsx(), "form.xlsx"), 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    session.expire_all()
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        uploads.examine(session, own, handed, forms=FORMS)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return count


def test_nothing_is_taken_over_that_was_not_shown(session: Session, own: Submission) -> None:
    handed, diff = examined(session, own, form(session, own).set(ONE, confirmation="変更なし"))
    by = person(session, "reporter")
    upload = uploads.keep(session, own, uploads.Stored("uploads/x", 1, "0" * 64), name="a.xlsx", by=by)
    taken(session, own, form(session, own).set(ONE, unit="別の課"))
    with pytest.raises(NotNow, match="確かめた後に"):
        uploads.apply(session, own, upload.id, handed, seen=diff.sha256, forms=FORMS, by=by)
