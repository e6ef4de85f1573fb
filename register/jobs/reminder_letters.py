"""The mail of a day's reminders: what of them is still open when the mail is written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from register.documents.language import Language, language_of
from register.errors import say
from register.formats.mail import Item, Letter
from register.formats.tokens import sealed
from register.formspec.reminder_words import WHY
from register.models import Reminder
from register.queries.reminder_mail import still_told
from register.queries.reminder_subjects import sentence, unpacked
from register.runtime import Runtime
from register.services.outbox import Envelope
from register.services.reminders import STOP_LINK
from register.vocab import ReminderTone

KIND = "reminders"


def letter(run: Runtime, session: Session, one: Envelope) -> Letter | None:
    """Write the one mail of a person and day; None when everything in it is done by now."""
    rows = still_told(session, one.params["reminders"], run.reminders, run.risk, run.clock.today())
    if not rows:
        return None
    words = language_of(run.settings.translations_dir, one.language)
    place = f"{run.settings.public_url.rstrip('/')}/inbox"
    subject = say("AI案件台帳からのお知らせ（%(count)d件）", count=len(rows))
    intro = say("次のことをお知らせします。済んだことについてのお知らせは、自動で止まります。")
    items = tuple(_item(row, words, place) for row in rows)
    return Letter(words.say(subject), words.say(intro), items, _stop_url(run, rows), f"{place}/choice")


def _stop_url(run: Runtime, rows: Sequence[Reminder]) -> str | None:
    """Return the address that stops what of a mail may be stopped; None where nothing may.

    It is the stage told that counts: of an event whose early words may be stopped, the late ones come all the same.
    """
    stages = {stage.code for stage in run.reminders.stages if stage.stop}
    events = sorted({row.event.value for row in rows if row.stage in stages})
    key = run.settings.secret_key
    if not events or key is None:
        return None
    token = sealed(key.get_secret_value(), STOP_LINK, {"user": str(rows[0].user.public_id), "events": events})
    return f"{run.settings.public_url.rstrip('/')}/reminders/stop/{token}"


def _item(row: Reminder, words: Language, place: str) -> Item:
    told = sentence(row.event, ReminderTone(row.tone), unpacked(row.params))
    return Item(words.say(told), words.say(WHY[row.event]), f"{place}/{row.public_id}")
