"""What the log tells of a case or an incident, as a chapter: what changed, then what was only read or taken out."""

from __future__ import annotations

from typing import Any

from register import authz
from register.authz import Permission
from register.documents.record import Block, Change, Column, Entry, Grid, Log, Note, Told
from register.documents.tell import Tell
from register.errors import say
from register.models import (
    Assessment,
    AssessmentEvent,
    IncidentEvent,
    LifecycleEvent,
    Question,
    QuestionEvent,
    ReferralEvent,
    SubmissionItem,
)
from register.queries.audit import EntryPage, FieldChange, RowChange
from register.queries.audit_history import Scope, history
from register.queries.log_words import LogWords
from register.vocab import MINISTRY_ROLES

# What the register itself writes beside a change, and what repeats another field or the chapters before: it is in the
# data, and printed it would hide what people did.
BOOKKEEPING = frozenset({
    "heard_at", "as_of",
    "actor_id", "author_id", "done_by_id", "proposed_by_id", "reporter_id", "sent_by_id", "verified_by_id",
    "form_version_id", "parent_id", "path", "text_sha256",
})  # fmt: skip
# Of these rows, besides: what was carried into them from elsewhere.
CARRIED = {
    SubmissionItem.__tablename__: frozenset({"carried", "mapping", "recheck", "states"}),
    Question.__tablename__: frozenset({"facts", "fingerprint", "subject"}),
    QuestionEvent.__tablename__: frozenset({"changes"}),
    Assessment.__tablename__: frozenset({"fact_system_id", "number"}),
}
# What a line of a record says that the heading of its entry says already.
HEADED = frozenset({"actor_name", "at", "deed", "from_state", "recorded_at", "source", "to_state"})
TRAILS = frozenset(
    model.__tablename__ for model in (AssessmentEvent, IncidentEvent, LifecycleEvent, QuestionEvent, ReferralEvent)
)
# To what a new row belongs stands in the heading of its entry.
OWNERS = frozenset({
    "assessment_id", "incident_id", "item_id", "ministry_id", "question_id", "raised_by_id", "referral_id", "round_id",
    "submission_id", "use_case_id",
})  # fmt: skip
# How many rows are printed of each part: a row takes some 15 ms, and a file has a minute.
MOST_ROWS, MOST_READS = 800, 400


def chapter(tell: Tell, scope: Scope) -> Block:
    """Return the chapter; whoever may not read the log gets a sentence in its place."""
    title = tell.say(say("監査記録"))
    if not authz.can(tell.ground.actor, Permission.AUDIT_READ):
        told = say("監査記録は、それを閲覧できる人（府省庁取りまとめ、事務局、監査）が作成した写しにだけ載ります。")
        return Block("audit", title, [Note(tell.say(told))])
    words = LogWords(tell.words, tell.ground.run.forms, tell.risk)
    pages = history(tell.ground.live, scope, tell.ground.actor, tell.ground.moment)
    changing = [_entry(tell, words, page) for page in pages if page.changes]
    quiet = [_row(tell, words, page) for page in pages if not page.changes]
    notes = [_note(tell)] if changing else []
    return Block("audit", title, [*notes, _log(tell, changing), _reads(tell, quiet)])


def _note(tell: Tell) -> Note:
    return Note(tell.say(say("更新日時のように、台帳が自動で付ける項目の変更は省いています。")))


def _log(tell: Tell, entries: list[Entry]) -> Log:
    """Print the newest entries as far as there is room."""
    title, empty = say("台帳の内容を変えた記録"), say("台帳の内容を変えた記録はありません。")
    room, kept = MOST_ROWS, 0
    for entry in reversed(entries):
        room -= 2 + len(entry.changes)
        if room < 0 and kept:
            break
        kept += 1
    return Log("changes", tell.say(title), entries, tell.say(empty), len(entries) - kept)


def _reads(tell: Tell, rows: list[list[Told]]) -> Grid:
    columns = [
        Column("at", tell.say(say("日時")), 42),
        Column("what", tell.say(say("したこと"))),
        Column("who", tell.say(say("行った人")), 50),
    ]
    title, empty = say("閲覧や出力などの記録"), say("閲覧や出力などの記録はありません。")
    return Grid("reads", tell.say(title), columns, rows, tell.say(empty), left_out=max(0, len(rows) - MOST_READS))


def _row(tell: Tell, words: LogWords, page: EntryPage) -> list[Told]:
    entry = page.entry
    what = f"{words.sentence(entry.event)}　{entry.subject_label}"
    told = {"event": entry.event, "text": words.sentence(entry.event), "subject": entry.subject_label}
    return [tell.at(entry.at), Told(what, told | _ids(tell, page)), Told(_who(words, page), _by(page))]


def _entry(tell: Tell, words: LogWords, page: EntryPage) -> Entry:
    entry = page.entry
    number = f"{tell.words.number(entry.seq)}　" if _whole(tell) else ""
    about = f"　{words.table_name(entry.subject_table)} {entry.subject_label}" if entry.subject_table else ""
    head = f"{number}{tell.words.at(entry.at)}　{words.sentence(entry.event)}{about}　{_who(words, page)}"
    # What the entry is about comes first.
    rows = sorted(page.changes, key=lambda change: change.table != entry.subject_table)
    told = [(change, field) for change in rows for field in change.fields]
    printed = [_change(tell, words, page, *one) for one in told if not _left_out(*one)]
    more = say("ほかに%(count)d件の変更があります。", count=page.more)
    # Why a step was taken stands in its own line of the record too.
    changes = [one for one in printed if one.new and (not one.is_new or one.new != page.reason)]
    changes += [Change("", "", tell.say(more), True)] if page.more else []
    value = {
        **_ids(tell, page),
        "at": tell.at(entry.at).value,
        "event": entry.event,
        "text": words.sentence(entry.event),
        "by": _by(page),
        "subject": {"table": entry.subject_table, "label": entry.subject_label},
        "reason": page.reason,
        "reason_state": _why_not(page),
        "details": dict(page.details),
        "changes": [_plain(words, page, *one) for one in told],
    }
    return Entry(head, _reason(tell, page), changes, value)


def _whole(tell: Tell) -> bool:
    """Tell whether the person may know how long the log is."""
    return tell.ground.actor.role not in MINISTRY_ROLES


def _ids(tell: Tell, page: EntryPage) -> dict[str, Any]:
    return {"hash": page.entry.hash} | ({"seq": page.entry.seq} if _whole(tell) else {})


def _by(page: EntryPage) -> dict[str, Any]:
    return {"name": page.entry.actor_name, "role": page.entry.role}


def _who(words: LogWords, page: EntryPage) -> str:
    role = words.role(page.entry.role) if page.entry.role else ""
    return f"{page.entry.actor_name}　{role}".strip("　")


def _reason(tell: Tell, page: EntryPage) -> str:
    if page.reason is None:
        return tell.say(_withheld() if page.reason_withheld else _purged())
    return page.reason


def _why_not(page: EntryPage) -> str:
    if page.reason is not None:
        return ""
    return "withheld" if page.reason_withheld else "purged"


def _left_out(change: RowChange, field: FieldChange) -> bool:
    if field.name in BOOKKEEPING or field.name in CARRIED.get(change.table, ()):
        return True
    if change.op != "insert":
        return False
    return field.name in OWNERS or (change.table in TRAILS and field.name in HEADED)


def _change(tell: Tell, words: LogWords, page: EntryPage, change: RowChange, field: FieldChange) -> Change:
    name = words.field_name(change.table, field.name)
    same = change.table == page.entry.subject_table
    label = name if same else f"{words.table_name(change.table)}　{name}"
    if field.purged or field.withheld:
        return Change(label, "", tell.say(_purged() if field.purged else _withheld()), True)
    old, new = (words.value_text(change.table, field.name, one, page.labels) for one in (field.old, field.new))
    if change.op == "insert":
        return Change(label, "", new, True)
    blank = tell.say(say("（空）"))
    return Change(label, old or blank, new or blank, False)


def _plain(words: LogWords, page: EntryPage, change: RowChange, field: FieldChange) -> dict[str, Any]:
    row = page.labels.get((change.table, change.pk), "")
    told = {"table": change.table, "row": row, "operation": change.op, "field": field.name}
    if field.purged or field.withheld:
        return told | {"state": "purged" if field.purged else "withheld"}
    old, new = (words.value_text(change.table, field.name, one, page.labels) for one in (field.old, field.new))
    return told | {"label": words.field_name(change.table, field.name), "old": old, "new": new}


def _purged() -> Any:
    return say("（法令に基づき消去済み。要約値だけが残っています）")


def _withheld() -> Any:
    return say("（府省庁の中だけの内容のため、表示しません）")
