"""Notices for tests: what the secretariat writes, and every deed in a line. Services do the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.models import Incident, Notice, NoticeRecipient
from register.services import incidents, notice_answers, notices
from register.services.notice_answers import Told
from register.vocab import IncidentDeed, IncidentState, NoticeDeed, NoticeState, Reply, ReplyState
from tests.support.incidents import RISK, Desk
from tests.support.running_round import LIBRARY

# The way to every state of a notice from an incident of ministry A, as the people who take it.
WAYS: dict[NoticeState, tuple[tuple[str, str], ...]] = {
    NoticeState.DRAFT: (),
    NoticeState.ASKED: (("secretariat", "ask"),),
    NoticeState.CLEARED: (("secretariat", "ask"), ("approver", "clear")),
    NoticeState.ISSUED: (("secretariat", "ask"), ("approver", "clear"), ("secretariat", "issue")),
    NoticeState.CLOSED: (
        ("secretariat", "ask"), ("approver", "clear"), ("secretariat", "issue"), ("secretariat", "close"),
    ),
    NoticeState.WITHDRAWN: (
        ("secretariat", "ask"), ("approver", "clear"), ("secretariat", "issue"), ("secretariat", "withdraw"),
    ),
}  # fmt: skip


def written(**changes: Any) -> dict[str, Any]:
    """Return what the secretariat writes, with some of it changed."""
    values = {"title": "要約の誤り", "text": "要約に誤りがあった。", "action": "出力を確かめる。"}
    return {**values, "audience_kind": "all", "audience_value": "", **changes}


def ask_for_consent(session: Session, incident: Incident, approver: Actor, secretariat: Actor) -> Notice:
    """Tell the secretariat of an incident that was reported, and let it ask whether it may warn others."""
    incident.grade = "L1"
    audit.record(session, audit.Event.INCIDENT_EDITED, incident, by=approver)
    for deed in (IncidentDeed.RECEIVE, IncidentDeed.NOTIFY):
        incidents.move(session, incident, deed, word="", version=incident.version, by=approver)
    asked = notices.write(session, written(), form=LIBRARY.newest, incident=incident, by=secretariat)
    return notices.move(session, asked, NoticeDeed.ASK, version=asked.version, by=secretariat)


class Bureau(Desk):
    """What the people of a test do with notices in one session, beside incidents."""

    def write(self, *, incident: Incident | None = None, who: str = "secretariat", **changes: Any) -> Notice:
        """Draft a notice."""
        own: dict[str, Any] = {"form": LIBRARY.newest, "incident": incident, "by": self.people[who]}
        return notices.write(self.session, written(**changes), **own)

    def rewrite(self, notice: Notice, *, who: str = "secretariat", **changes: Any) -> Notice:
        """Edit a notice as somebody who has just read it."""
        own: dict[str, Any] = {"form": LIBRARY.newest, "version": notice.version, "by": self.people[who]}
        return notices.edit(self.session, notice, written(**changes), **own)

    def take(self, notice: Notice, deed: str, *, who: str = "secretariat", word: str = "理由") -> Notice:
        """Take a step as somebody who has just read the notice."""
        by, version = self.people[who], notice.version
        if deed == "issue":
            return notices.issue(self.session, notice, due_on=None, terms=RISK, version=version, by=by)
        if deed == "extend":
            notices.extend(self.session, notice, due_on=None, terms=RISK, version=version, by=by)
            return notice
        return notices.move(self.session, notice, NoticeDeed(deed), word=word, version=version, by=by)

    def known(self, **changes: Any) -> Incident:
        """Return an incident of ministry A that the secretariat was told of."""
        return self.at(IncidentState.IN_RESPONSE, **changes)

    def noticed(self, state: NoticeState, **changes: Any) -> Notice:
        """Return a notice from an incident of ministry A that stands in ``state``."""
        made = self.write(incident=self.known(), **changes)
        for who, deed in WAYS[state]:
            self.take(made, deed, who=who)
        return made

    def issued(self, **changes: Any) -> Notice:
        """Return a notice by itself, issued."""
        return self.take(self.write(**changes), "issue")

    def recipient(self, notice: Notice, key: str = "a") -> NoticeRecipient:
        """Return the part of a ministry in a notice."""
        own = self.people["approver" if key == "a" else "other-approver"].ministry_id
        found = select(NoticeRecipient).where(NoticeRecipient.notice_id == notice.id)
        return self.session.scalars(found.where(NoticeRecipient.ministry_id == own)).one()

    def answer(
        self,
        recipient: NoticeRecipient,
        told: Mapping[int | None, str] | None = None,
        *,
        who: str = "reporter",
        rest: bool = False,
        comment: str = "",
    ) -> int:
        """Answer as somebody who has just read the answers."""
        said = {case: Told(Reply(reply), comment) if reply else Told(None) for case, reply in (told or {}).items()}
        own: dict[str, Any] = {"rest": rest, "version": recipient.version, "by": self.people[who]}
        return notice_answers.save(self.session, recipient, said, **own)

    def confirm(self, recipient: NoticeRecipient, *, who: str = "approver") -> NoticeRecipient:
        """Confirm as somebody who has just read the answers."""
        by = self.people[who]
        return notice_answers.confirm(self.session, recipient, version=recipient.version, by=by)

    def replied(self, notice: Notice, state: ReplyState) -> NoticeRecipient:
        """Return the part of ministry A with its answer in ``state``."""
        recipient = self.recipient(notice)
        if state is not ReplyState.OPEN:
            self.answer(recipient, rest=True)
        if state is ReplyState.CONFIRMED:
            self.confirm(recipient)
        return recipient
