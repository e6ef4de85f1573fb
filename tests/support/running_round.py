"""A round in progress for tests: people at their desks, and every deed in a line. Services do the work."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.loader import load_library
from register.formspec.schema import FormSpec
from register.models import Ministry, Remark, Round, Submission, SubmissionItem, UseCase, User
from register.queries.answers import last_items, left, seen_of, unready
from register.queries.receipts import items_of
from register.services import corrections, items, remarks, rounds, submissions, use_cases
from register.services.answers import Typed
from register.services.case_update import Tally
from register.services.rounds import Plan, form_of
from register.vocab import Confirmation, Lifecycle, Role, RoundDeed
from tests.support.data import NOW, staffed
from tests.support.round_files import CONFIG, SECOND

LIBRARY = load_library(CONFIG, "periodic")
TODAY, OPENS, DUE = dt.date(2025, 11, 10), dt.date(2025, 11, 4), dt.date(2025, 11, 28)
LONG_AGO = dt.datetime(2025, 4, 1, 1, 0, tzinfo=dt.UTC)
# Every question of form 2 answered, for a case that runs.
FULL = {
    "unit": "相談局",
    "title": "議事録の要約",
    "purpose": "職員が議事録の下書きを作る。",
    "usage_type": "G2",
    "start_timing": "1",
    "start_on": "2025-04-01",
    "user_scope": "1",
    "stage": "R",
    "confidentiality": "1",
    "goal_kind": "QN",
    "goal_text": "作業時間を半分にする",
    "output_type": "1",
    "model_usage": "商用LLM-A",
    "risk_case_count": "0",
}
FACTS = ("unit", "title", "purpose", "usage_type", "user_scope", "confidentiality", "goal_kind", "goal_text")
FACTS += ("output_type", "model_usage")
# A person more than the staff: of the same ministry, so that two of them can be in one case.
COLLEAGUE = "colleague"


def busy(url: str) -> None:
    """Build the staff's database with a second reporter of ministry A."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        own = session.scalars(select(Ministry.id).where(Ministry.key == "a")).one()
        person = User(email=f"{COLLEAGUE}@example.go.jp", name=COLLEAGUE, role=Role.REPORTER, ministry_id=own)
        person.fs_uniquifier = secrets.token_hex(16)
        session.add(person)
        audit.record(session, audit.Event.USER_CREATED, person, by=Actor.system("tests"))
    database.engine.dispose()


class Office:
    """What the people of a test do in one session; who is named as in ``STAFF``."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.people = {user.name: Actor.of(user) for user in session.scalars(select(User))}

    @property
    def clock(self) -> FixedClock:
        clock = self.session.info["clock"]
        assert isinstance(clock, FixedClock)
        return clock

    def ministry(self, key: str = "a") -> Ministry:
        return self.session.scalars(select(Ministry).where(Ministry.key == key)).one()

    def on(self, day: dt.date) -> None:
        """Let it be noon of ``day`` in Japan."""
        self.clock.moment = dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC)

    def case(self, to: Lifecycle | None = Lifecycle.PRODUCTION, who: str = "reporter", **values: Any) -> UseCase:
        """Register a case long ago, as the plain one with ``values`` changed, and bring it to ``to`` at once."""
        now, self.clock.moment = self.clock.moment, LONG_AGO
        known = {name: FULL[name] for name in FACTS} | values
        made = use_cases.create(self.session, form=LIBRARY.newest, values=known, by=self.people[who])
        way = () if to in (None, Lifecycle.PLANNED) else (to,)
        if to is Lifecycle.SUSPENDED:
            way = (Lifecycle.PRODUCTION, Lifecycle.SUSPENDED)
        for step in way:
            self.move(made, step)
        self.clock.moment = now
        return made

    def move(self, case: UseCase, to: Lifecycle, on: dt.date | None = None) -> None:
        """Take a case to another state by hand, today or on the day given."""
        key = self.session.get_one(Ministry, case.ministry_id).key
        by = self.people["approver" if key == "a" else "other-approver"]
        day = on or self.clock.today()
        facts: dict[str, Any] = {"to": to, "on": day, "reason": "理由", "version": case.version}
        use_cases.move(self.session, case, form=LIBRARY.newest, by=by, **facts)

    def plan(self, **changes: Any) -> Plan:
        """Return the plan of 2025年度第3回 as of the end of September, with some of it changed."""
        facts: dict[str, Any] = {
            "fiscal_year": 2025,
            "number": 3,
            "rehearsal": False,
            "as_of": SECOND,
            "opens_on": OPENS,
            "due_on": DUE,
            "form": "v2",
            "ministries": tuple(self.session.scalars(select(Ministry.id).order_by(Ministry.key))),
        }
        return Plan(**(facts | changes))

    def planned(self, **changes: Any) -> Round:
        return rounds.plan(self.session, self.plan(**changes), forms=LIBRARY, by=self.people["secretariat"])

    def go(self, round: Round, *deeds: RoundDeed, reason: str = "") -> Round:
        for deed in deeds:
            rounds.move(self.session, round, deed, forms=LIBRARY, reason=reason, by=self.people["secretariat"])
        return round

    def opened(self, **changes: Any) -> Round:
        """Return a round that ministries answer."""
        return self.go(self.planned(**changes), RoundDeed.SCHEDULE, RoundDeed.OPEN)

    def submission(self, round: Round, key: str = "a") -> Submission:
        own = select(Submission).join(Ministry, Ministry.id == Submission.ministry_id)
        return self.session.scalars(own.where(Submission.round_id == round.id, Ministry.key == key)).one()

    def items(self, submission: Submission) -> list[SubmissionItem]:
        self.session.flush()
        return items_of(self.session, submission)

    def item(self, submission: Submission, case: UseCase) -> SubmissionItem:
        return next(item for item in self.items(submission) if item.use_case_id == case.id)

    def spec(self, submission: Submission) -> FormSpec:
        return form_of(self.session.get_one(Round, submission.round_id))

    def submission_of(self, item: SubmissionItem) -> Submission:
        return self.session.get_one(Submission, item.submission_id)

    def seen(self, item: SubmissionItem, section: str) -> str:
        return seen_of(item, self.spec(self.submission_of(item)), section)

    def why_not(self, item: SubmissionItem) -> str:
        """Return why a case cannot be confirmed as it was; "" when it can."""
        submission = self.submission_of(item)
        last = last_items(self.session, item.ministry_id, self.session.get_one(Round, item.round_id))
        return str(unready(item, self.spec(submission), LIBRARY, last.get(item.use_case_id or 0)) or "")

    def left(self, item: SubmissionItem) -> list[str]:
        """Return the questions that still wait for somebody."""
        return [question.id for question in left(item, self.spec(self.submission_of(item)))]

    def save(
        self,
        item: SubmissionItem,
        section: str,
        texts: Mapping[str, str],
        *,
        who: str = "reporter",
        seen: str | None = None,
        declined: Mapping[str, str] | None = None,
        causes: Mapping[str, str] | None = None,
        reasons: Mapping[str, str] | None = None,
    ) -> SubmissionItem:
        """Save a section as somebody who has just read it, or who read it when it was ``seen``."""
        submission = self.submission_of(item)
        return items.save_section(
            self.session,
            submission,
            item.id,
            section,
            Typed(texts, declined or {}, causes or {}, reasons or {}),
            seen=self.seen(item, section) if seen is None else seen,
            spec=self.spec(submission),
            by=self.people[who],
        )

    def confirm(self, submission: Submission, *chosen: SubmissionItem, who: str = "reporter") -> list[SubmissionItem]:
        """Confirm the chosen cases as they were; all of them when none is named."""
        cases = chosen or self.items(submission)
        for item in cases:
            self.report_first(item, who)
        ids = [item.id for item in cases]
        spec = self.spec(submission)
        return items.confirm(self.session, submission, ids, spec=spec, forms=LIBRARY, by=self.people[who])

    def rest(self, item: SubmissionItem, who: str = "reporter") -> SubmissionItem:
        """Settle what is left of a case as it was."""
        self.report_first(item, who)
        submission = self.submission_of(item)
        spec = self.spec(submission)
        return items.confirm_rest(self.session, submission, item.id, spec=spec, by=self.people[who])

    def report_first(self, item: SubmissionItem, who: str) -> None:
        """Answer what the register does not know of a case that nobody reported before."""
        unheard = item.use_case_id is not None and item.confirmation is not Confirmation.ENDED
        if not unheard or not self.why_not(item).startswith("まだ報告したことのない案件です"):
            return
        spec, left_over = self.spec(self.submission_of(item)), set(self.left(item)) - item.carried.keys()
        for section in spec.sections:
            asked = {question.id for question in spec.questions if question.section == section.id and question.required}
            if given := {name: FULL[name] for name in asked & left_over}:
                self.save(item, section.id, given, who=who)

    def reopen(self, item: SubmissionItem, who: str = "reporter") -> SubmissionItem:
        return items.reopen(self.session, self.submission_of(item), item.id, by=self.people[who])

    def keep_draft(self, item: SubmissionItem, section: str, values: Mapping[str, str], who: str = "reporter") -> None:
        seen, submission = self.seen(item, section), self.submission_of(item)
        items.keep_draft(self.session, submission, item.id, section, values, seen=seen, by=self.people[who])

    def remove(self, item: SubmissionItem, who: str = "reporter") -> str:
        return items.remove(self.session, self.submission_of(item), item.id, by=self.people[who])

    def add(self, submission: Submission, who: str = "reporter", **texts: str) -> SubmissionItem:
        """Add a case of which everything is known, with some of it changed."""
        return items.add(self.session, submission, Typed(FULL | texts), spec=self.spec(submission), by=self.people[who])

    def end(
        self,
        item: SubmissionItem,
        on: dt.date | None = SECOND,
        reason: str = "更新しないため",
        who: str = "reporter",
    ) -> SubmissionItem:
        by, submission = self.people[who], self.submission_of(item)
        return items.end(self.session, submission, item.id, on=on, reason=reason, by=by)

    def lay_out_new(self, submission: Submission, who: str = "reporter") -> int:
        spec = self.spec(submission)
        return items.lay_out_new(self.session, submission, spec=spec, forms=LIBRARY, by=self.people[who])

    def send(self, submission: Submission, who: str = "reporter") -> Submission:
        return submissions.send(self.session, submission, spec=self.spec(submission), by=self.people[who])

    def nil(self, submission: Submission, who: str = "reporter") -> Submission:
        return submissions.declare_nil(self.session, submission, by=self.people[who])

    def approve(self, submission: Submission, who: str = "approver") -> Submission:
        """Approve what was sent, as somebody who has just read it."""
        return submissions.approve(self.session, submission, seen=submission.sent_sha256, by=self.people[who])

    def give_back(self, submission: Submission, findings: Sequence[submissions.Finding] = ()) -> Submission:
        by = self.people["secretariat"]
        return submissions.send_back(self.session, submission, reason="確認してください", findings=findings, by=by)

    def accept(self, submission: Submission) -> Tally:
        by = self.people["secretariat"]
        return submissions.accept(self.session, submission, spec=self.spec(submission), by=by)

    def ask(self, item: SubmissionItem, field_id: str, body: str) -> Remark:
        by, submission = self.people["secretariat"], self.submission_of(item)
        return remarks.ask(self.session, submission, item.id, field_id, body, by=by)

    def extend(self, submission: Submission, due_on: dt.date | None, reason: str = "担当者の交代のため") -> Submission:
        by = self.people["secretariat"]
        return submissions.extend(self.session, submission, due_on=due_on, reason=reason, by=by)

    def ready(self) -> Submission:
        """Return the return of a new round with one confirmed case."""
        self.case()
        submission = self.submission(self.opened())
        self.confirm(submission)
        return submission

    def sent(self) -> Submission:
        """Return such a return once it waits for its approver."""
        return self.send(self.ready())

    def handed_in(self, submission: Submission) -> Submission:
        """Confirm whatever waits, send and approve."""
        if self.items(submission):
            self.confirm(submission)
            self.send(submission)
        else:
            self.nil(submission)
        return self.approve(submission)

    def correct(self, item: SubmissionItem, reason: str = "誤記のため", **texts: str) -> SubmissionItem:
        submission = self.submission_of(item)
        change: dict[str, Any] = {"spec": self.spec(submission), "by": self.people["secretariat"]}
        return corrections.correct(
            self.session, submission, item.id, Typed(texts), version=item.version, reason=reason, **change
        )
