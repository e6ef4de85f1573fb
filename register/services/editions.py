"""Publishing a round's report (公表): an edition is drafted, checked, approved by a second person, then published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.errors import Invalid, NotNow, say
from register.formspec.loader import FormLibrary
from register.models import Edition, EditionText, Round, SubmissionItem, counted
from register.queries import editions as queries
from register.reports import tally
from register.services import rounds, snapshots
from register.services.editing import refuse_stale
from register.services.edition_check import Inspection
from register.services.snapshot_subjects import of_edition
from register.states import ROUND_SETTLED, EditionStep, edition_step
from register.text import clean
from register.vocab import DISCLOSED_TEXTS, EditionDeed, EditionState, RoundDeed, RoundState, Variant

# The counts below which a figure may be small; 0 hides none.
THRESHOLDS = (0, 2, 3, 5, 10)
LONGEST = 2000
SHOWN = ("threshold", "note", "examples")


def begin(session: Session, round: Round, *, by: Actor) -> Edition:
    """Begin the next edition of a settled round; the one still worked on, where there is one.

    Raise ``NotNow`` for a rehearsal, for a round that is not settled, and for one without a case.
    """
    authz.require(by, authz.EDITION_DEEDS[EditionDeed.EDIT])
    if round.rehearsal:
        raise NotNow(say("演習の回の報告書は公表できません。"))
    if round.state not in ROUND_SETTLED:
        raise NotNow(say("この回はまだ確定していません。確定してから公表の準備を始めてください。"))
    if session.scalar(select(SubmissionItem.id).where(SubmissionItem.round_id == round.id, counted()).limit(1)) is None:
        raise NotNow(say("この回に報告された案件がないため、公表する報告書がありません。"))
    if edition := queries.open_one(session, round.id):
        return edition
    last = queries.published(session, round.id)
    now = session.info["clock"].now()
    edition = Edition(
        round=round,
        number=(session.scalar(select(func.max(Edition.number)).where(Edition.round_id == round.id)) or 0) + 1,
        state=EditionState.DRAFT,
        threshold=last.threshold if last else 3,
        examples=list(last.examples) if last else [],
        supersedes=last,
        hands=[by.user_id],
        author=by.name,
        created_at=now,
        updated_at=now,
    )
    session.add(edition)
    audit.record(session, audit.Event.EDITION_BEGUN, edition, by=by)
    return edition


def edit(session: Session, edition: Edition, values: Mapping[str, Any], *, version: int, by: Actor) -> Edition:
    """Change what a drafted edition holds: ``threshold``, ``note``, and ``examples``, the ids of items in order."""
    authz.require(by, authz.EDITION_DEEDS[EditionDeed.EDIT], edition)
    edition_step(EditionDeed.EDIT, edition.state)
    refuse_stale(edition, version, SHOWN)
    threshold, note = values["threshold"], clean(values.get("note") or "")
    known = set(
        session.scalars(select(SubmissionItem.id).where(SubmissionItem.round_id == edition.round_id, counted()))
    )
    examples = [one for one in dict.fromkeys(values.get("examples") or ()) if one in known]
    if threshold not in THRESHOLDS:
        raise Invalid({"threshold": say("選択肢の中から選んでください。")})
    if len(note) > LONGEST:
        raise Invalid({"note": say("%(longest)d文字以内で入力してください。", longest=LONGEST)})
    if len(examples) > queries.MOST_EXAMPLES:
        raise Invalid({"examples": say("目標の例は%(most)d件までです。", most=queries.MOST_EXAMPLES)})
    edition.threshold, edition.note, edition.examples = threshold, note, examples
    _lend_hand(edition, by)
    edition.updated_at = session.info["clock"].now()
    audit.record(session, audit.Event.EDITION_MOVED, edition, by=by, deed=EditionDeed.EDIT.value)
    return edition


def check(session: Session, edition: Edition, found: Inspection, *, version: int, by: Actor) -> Edition:
    """Keep what a check has found to be in order, and ask for approval; raise ``NotNow`` for one that is not.

    ``found`` was made of the edition as it stood in ``version``.
    """
    step = _allowed(edition, EditionDeed.CHECK, version, by)
    if not found.passes:
        raise NotNow(say("点検で見つかった誤りや漏れがあるため、承認を求められません。"))
    if edition.supersedes and not edition.note:
        raise Invalid({"note": say("前の版から何を訂正したかを入力してください。")})
    for (variant, language), content in found.texts.items():
        session.add(EditionText(edition_id=edition.id, variant=variant, language=language, content=content))
    edition.sha256, edition.answers_sha256 = found.sha256, found.answers_sha256
    now = session.info["clock"].now()
    edition.checked_at, edition.checked_by = now, by.name
    _lend_hand(edition, by)
    return _moved(session, edition, step, "", by, sha256=found.sha256)


def move(
    session: Session, edition: Edition, deed: EditionDeed, *, word: str, version: int, forms: FormLibrary, by: Actor
) -> Edition:
    """Send back, approve, publish or discard; raise ``NotNow`` when it cannot be, ``Invalid`` without a reason."""
    step = _allowed(edition, deed, version, by)
    word = clean(word)
    if step.reason and not word:
        raise Invalid({"word": say("理由を入力してください。")})
    if len(word) > LONGEST:
        raise Invalid({"word": say("%(longest)d文字以内で入力してください。", longest=LONGEST)})
    if deed in (EditionDeed.APPROVE, EditionDeed.PUBLISH):
        _refuse_moved_on(session, edition)
    _EFFECTS[deed](session, edition, by)
    _moved(session, edition, step, word, by)
    if deed is EditionDeed.PUBLISH and edition.round.state is RoundState.FROZEN:
        session.flush()
        rounds.move(session, edition.round, RoundDeed.PUBLISH, forms=forms, by=by)
    if deed is EditionDeed.PUBLISH:
        _keep(session, edition, by)
    return edition


def _keep(session: Session, edition: Edition, by: Actor) -> None:
    """Ask for the snapshots of what is published now: both variants in both languages, so that nobody has to."""
    for variant in Variant:
        for language in snapshots.LANGUAGES:
            snapshots.ask(session, of_edition(edition, variant, language), edition, by=by)


def may_approve(edition: Edition, by: Actor) -> bool:
    """Tell whether ``by`` is a second person: who neither drafted, changed nor checked the edition."""
    return by.user_id not in edition.hands


def _lend_hand(edition: Edition, by: Actor) -> None:
    if by.user_id is not None and by.user_id not in edition.hands:
        edition.hands = [*edition.hands, by.user_id]


def _allowed(edition: Edition, deed: EditionDeed, version: int, by: Actor) -> EditionStep:
    authz.require(by, authz.EDITION_DEEDS[deed], edition)
    step = edition_step(deed, edition.state)
    refuse_stale(edition, version, SHOWN)
    return step


def _moved(session: Session, edition: Edition, step: EditionStep, word: str, by: Actor, **more: Any) -> Edition:
    edition.state, edition.word = step.target or edition.state, word
    edition.updated_at = session.info["clock"].now()
    audit.record(session, audit.Event.EDITION_MOVED, edition, by=by, reason=word, deed=step.deed.value, **more)
    return edition


def _refuse_moved_on(session: Session, edition: Edition) -> None:
    """Refuse an edition whose answers, or what of its cases is public, changed since it was checked."""
    if tally.digest(session, edition.round_id)[1] != edition.answers_sha256:
        raise NotNow(say("点検の後に回答が訂正されています。準備中に戻して、もう一度点検してください。"))
    told = queries.text_of(session, edition, Variant.PUBLIC, "ja")
    now = [one.told_in_public for one in queries.examples(session, edition)]
    shown = told.content["sections"]["examples"] if told else []
    if now != [
        (one["ministry"] is not None, {part.value: one[part.value] for part in DISCLOSED_TEXTS}) for one in shown
    ]:
        raise NotNow(say("点検の後に公開の区分が変わっています。準備中に戻して、もう一度点検してください。"))


def _open_again(session: Session, edition: Edition, _by: Actor) -> None:
    session.execute(delete(EditionText).where(EditionText.edition_id == edition.id))
    edition.sha256 = edition.answers_sha256 = edition.checked_by = edition.approved_by = ""
    edition.checked_at = edition.approved_at = None


def _approve(session: Session, edition: Edition, by: Actor) -> None:
    if not may_approve(edition, by):
        raise NotNow(say("準備や点検をした人は承認できません。ほかの人が承認してください。"))
    edition.approved_at, edition.approved_by = session.info["clock"].now(), by.name


def _publish(session: Session, edition: Edition, by: Actor) -> None:
    """Publish; the edition before is superseded in the same deed."""
    last = queries.published(session, edition.round_id)
    if last is not None:
        step = edition_step(EditionDeed.SUPERSEDE, last.state)
        _moved(session, last, step, "", by, by_edition=edition.number)
    edition.published_at, edition.published_by = session.info["clock"].now(), by.name


def _discard(_session: Session, _edition: Edition, _by: Actor) -> None:
    """Keep it as it is: it only counts no more."""


_EFFECTS: Mapping[EditionDeed, Callable[[Session, Edition, Actor], None]] = {
    EditionDeed.SEND_BACK: _open_again,
    EditionDeed.APPROVE: _approve,
    EditionDeed.PUBLISH: _publish,
    EditionDeed.DISCARD: _discard,
}
