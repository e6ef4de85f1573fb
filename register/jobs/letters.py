"""What each kind of message says, written when it is taken up: what has lapsed meanwhile is not told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Template
from sqlalchemy.orm import Session

from register.documents.language import environment_of, language_of
from register.errors import say
from register.formats.mail import Head, Item, Letter, mailed
from register.jobs import reminder_letters
from register.runtime import Runtime
from register.services.outbox import Envelope

# Returns None where nothing is left to tell; the message then ends as no longer needed.
Writer = Callable[[Runtime, Session, Envelope], Letter | None]
TRIAL = "trial"


def trial(run: Runtime, _session: Session, one: Envelope) -> Letter:
    """Write the mail with which an installation tries whether its mail arrives."""
    speak = language_of(run.settings.translations_dir, one.language).say
    url = f"{run.settings.public_url.rstrip('/')}/"
    item = Item(
        speak(say("このメールが読めれば、台帳からのメールは届いています。")),
        speak(say("管理者が、配信の確認のために送りました。")),
        url,
    )
    subject = speak(say("AI案件台帳からのメールの確認"))
    return Letter(subject, speak(say("メールの配信を確かめるためのメールです。")), (item,), None, url)


def written(run: Runtime, letter: Letter, one: Envelope) -> bytes:
    """Return a letter as the bytes of a mail to whom ``one`` names."""
    shown, settings = letter.on_lines(), run.settings
    words = _words(settings.translations_dir, one.language)
    text, html = (
        template.render(letter=shown, words=words, code=one.language)
        for template in _templates(settings.templates_dir, settings.translations_dir, one.language)
    )
    head = Head(settings.mail_from, one.address, one.message_id, run.clock.now(), one.language)
    return mailed(shown, head, text, html)


@cache
def _templates(templates: Path, translations: Path, code: str) -> tuple[Template, Template]:
    environment = environment_of(language_of(translations, code), templates)
    return environment.get_template("mail/letter.txt"), environment.get_template("mail/letter.html")


@cache
def _words(translations: Path, code: str) -> Mapping[str, str]:
    """Return what stands in every mail, said once: a run writes thousands."""
    words = {
        "why": say("届いた理由："),
        "automatic": say("このメールは、AI案件台帳が自動で送っています。返信しても届きません。"),
        "settings": say("メールの設定を変える"),
        "stop": say("止められるお知らせを止める"),
    }
    return {name: language_of(translations, code).say(sentence) for name, sentence in words.items()}


LETTERS: Mapping[str, Writer] = {TRIAL: trial, reminder_letters.KIND: reminder_letters.letter}
