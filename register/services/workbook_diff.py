"""What a file would do to a return: row by row against the cases as they stand, by the rules of the pages. Nothing is
changed here: each row that says something becomes an outcome, which ``uploads.apply`` takes over.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from register.errors import Say, say
from register.formats.workbook_table import Record
from register.formspec.schema import FormSpec
from register.models import SubmissionItem
from register.queries.answers import NEEDED, known
from register.queries.uploads import Content
from register.services import workbook_row
from register.services.workbook_cells import text_of
from register.services.workbook_row import Given, Reading, Wrong
from register.services.workbook_rows import Handed, Trouble, all_of, of_the_file, of_the_rows, of_the_sheets
from register.services.workbooks import CASE_NO, CONFIRMATION, ENDED_ON, ENDED_REASON, OWN, shown
from register.text import code_key
from register.vocab import Confirmation, Fate

# What a case says besides its answers, and what of a case an outcome may change.
SAID = (CONFIRMATION, ENDED_ON, ENDED_REASON)
KEPT = ("answers", "states", "notes", "recheck", "mapping", "carried", *SAID)
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one case: what stands there now, and what the file says; None for nothing."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does: ``outcome`` is the case as it will be, ``item`` the one that stands (None: a new case).

    ``moved``: somebody changed the case after the file was downloaded.
    """

    row: int
    fate: Fate
    item: SubmissionItem | None
    outcome: SubmissionItem
    changes: tuple[Change, ...]
    moved: bool

    @property
    def title(self) -> str:
        """What the case is called when the file was taken over."""
        return str(known(self.outcome).get(NEEDED[0]) or self.outcome.case_no)


@dataclass(frozen=True)
class Diff:
    """All that a file would do, or what stands against it; ``absent`` cases have no row and stay as they are.

    ``counts`` tells all cases that would change, ``steps`` the first ``MOST``: more cannot be taken over.
    """

    steps: Sequence[Step]
    troubles: Sequence[Trouble]
    counts: Mapping[Fate, int]
    untouched: int
    absent: int
    wrong: int

    @cached_property
    def sha256(self) -> str:
        """The digest of what was shown: equal when the file would do the same to the same cases."""
        told = [
            (
                step.row,
                (step.item.id, step.item.version) if step.item else None,
                [(change.field, change.old, change.new) for change in step.changes],
            )
            for step in self.steps
        ]
        return hashlib.sha256(json.dumps(told, default=str, ensure_ascii=False).encode()).hexdigest()


def compare(handed: Handed, content: Content, before: FormSpec | None, today: dt.date) -> Diff:
    """Return what the file would do to the return; ``before`` is the form that it was made with, where it is known."""
    if troubles := of_the_file(handed, content, before):
        return Diff((), troubles, dict.fromkeys(Fate, 0), 0, len(content.items), 0)
    return _Comparison(handed, content, today).run()


class _Comparison:
    """One file against one return."""

    def __init__(self, handed: Handed, content: Content, today: dt.date) -> None:
        self.handed, self.content = handed, content
        self.reading = Reading(handed, content, today)
        self.troubles = of_the_rows(handed)
        self.steps: list[Step] = []
        self.counts = dict.fromkeys(Fate, 0)
        self.untouched = 0
        self.known = {item.case_no: item for item in content.items}
        self.folded = {code_key(item.case_no): item for item in content.items}
        self.rows: dict[str, int] = {}
        # What a new case says, to the row or the case that says it already.
        self.said: dict[bytes, int | str] = {
            _words(item): item.case_no for item in content.items if item.confirmation is Confirmation.NEW
        }

    def run(self) -> Diff:
        for record in self.handed.table.records:
            self._record(record)
        absent = len(self.content.items) - len(self.rows)
        whole = of_the_sheets(self.handed, self.content)
        if (found := sum(self.counts.values())) > MOST:
            reason = say("一度に取り込めるのは%(most)d件までです（この様式では%(found)d件）。", most=MOST, found=found)
            whole.append(self.handed.trouble(reason, say("案件を分けて、何回かに分けてアップロードしてください。")))
        troubles = [*whole, *all_of(self.troubles)]
        return Diff(self.steps, troubles, self.counts, self.untouched, absent, len(self.troubles))

    def _record(self, record: Record) -> None:
        number = text_of(record.cells[CASE_NO]).strip()
        try:
            item = self._item(record, number)
            if record.row in self.troubles:
                return
            given = self.reading.given(record, shown(item) if item else {})
            step = self._step(given, item)
        except Wrong as wrong:
            self.troubles[record.row] = [*self.troubles.get(record.row, ()), *wrong.troubles]
            return
        if step is None:
            self.untouched += 1
            return
        self.counts[step.fate] += 1
        if len(self.steps) < MOST:
            self.steps.append(step)

    def _item(self, record: Record, number: str) -> SubmissionItem | None:
        """Return the case that a row speaks of, None for a new one."""
        if not number:
            return None
        item = self.known.get(number) or self.folded.get(code_key(number))
        if item is None:
            reason = say("この回の、この府省庁の案件番号ではありません。")
            mend = say("番号を元に戻してください。新しい案件の場合は、番号を空欄にしてください。")
            raise Wrong([self.handed.trouble(reason, mend, record.row, CASE_NO, number)])
        if (first := self.rows.setdefault(item.case_no, record.row)) != record.row:
            reason = say("同じ案件番号の行が2つあります（%(first)d行目）。", first=first)
            mend = say("一方の行を削除してください。新しい案件の場合は、番号を空欄にしてください。")
            raise Wrong([self.handed.trouble(reason, mend, record.row, CASE_NO, number)])
        return item

    def _step(self, given: Given, item: SubmissionItem | None) -> Step | None:
        if item is None:
            outcome = workbook_row.added(self.reading, given)
            self._once(given, outcome)
            return Step(given.row, Fate.ADDED, None, outcome, tuple(_changes(None, outcome, self.content.spec)), False)
        kept = workbook_row.outcome(self.reading, given, item)
        if kept is None or all(getattr(kept, name) == getattr(item, name) for name in KEPT):
            return None
        moved = given.version is not None and given.version != item.version
        changes = tuple(_changes(item, kept, self.content.spec))
        return Step(given.row, _fate(item, kept), item, kept, changes, moved)

    def _once(self, given: Given, outcome: SubmissionItem) -> None:
        """Refuse a new case that is there already: the same file handed in twice would add its cases twice."""
        if (there := self.said.setdefault(_words(outcome), given.row)) == given.row:
            return
        reason = (
            say("%(row)d行目と同じ内容の新しい案件です。", row=there)
            if isinstance(there, int)
            else say("同じ内容の新しい案件 %(case)s が、すでにあります。", case=there)
        )
        mend = say("この行を削除してください。続けて入力する場合は、様式をダウンロードし直してください。")
        raise Wrong([self.handed.trouble(reason, mend, given.row)])


def _words(item: SubmissionItem) -> bytes:
    """Return a digest of what a case says; tens of thousands of them are kept."""
    return hashlib.sha256(json.dumps(item.answers, sort_keys=True).encode()).digest()


def _fate(item: SubmissionItem, outcome: SubmissionItem) -> Fate:
    if outcome.confirmation is Confirmation.ENDED:
        return Fate.ENDED
    same = outcome.confirmation is Confirmation.UNCHANGED and outcome.answers.items() >= shown(item).items()
    return Fate.CONFIRMED if same else Fate.CHANGED


def _changes(item: SubmissionItem | None, outcome: SubmissionItem, spec: FormSpec) -> list[Change]:
    """Return what a person reads of a step, in the order of the form."""
    before, after = shown(item) if item else {}, shown(outcome)
    pairs = [(question.id, before.get(question.id), after.get(question.id)) for question in spec.questions]
    if outcome.confirmation is Confirmation.ENDED:
        pairs = []
    pairs += [(name, getattr(item, name) if item else None, getattr(outcome, name)) for name in SAID]
    return [Change(name, old, new) for name, old, new in pairs if (old or None) != (new or None)]


def label_of(spec: FormSpec, field: str) -> Say:
    """Return what a column is called, to be told in any language."""
    return Say("%(field)s", {"field": spec.field(field).text}) if spec.has(field) else OWN[field]
