"""What leaves the register (メールの配信): by which channel, and how far each message is."""

from __future__ import annotations

from register.vocab.terms import Term


class Channel(Term):
    """The way that a message takes."""

    MAIL = "mail", "メール", "E-mail"
    WEBHOOK = "webhook", "ウェブフック", "Webhook"


class MessageState(Term):
    """How far a message is; nobody can know of an uncertain one whether it arrived."""

    QUEUED = "queued", "送信待ち", "Waiting"
    CLAIMED = "claimed", "準備中", "Being prepared"
    SENDING = "sending", "送信中", "Being sent"
    SENT = "sent", "送信済み", "Sent"
    UNCERTAIN = "uncertain", "届いたか不明", "Uncertain"
    FAILED = "failed", "送信できず", "Failed"
    SUPERSEDED = "superseded", "送信不要", "No longer needed"
