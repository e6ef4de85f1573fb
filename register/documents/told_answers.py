"""What was answered of a case in the rounds, as parts of a record: by question, with corrections and remarks."""

from __future__ import annotations

from collections.abc import Sequence

from register.documents.record import Block, Fact, Facts, Grid, Note, Part, Series, Told
from register.documents.tell import Tell
from register.documents.told_risk import NO_VALUE
from register.errors import listed, say
from register.formspec.terms import round_terms
from register.models import ItemVersion, Remark, SubmissionItem
from register.queries.review_items import Said, corrections
from register.queries.reviews import Thread, threads
from register.queries.submissions import Answer, ItemPage, form_of, item_page
from register.states import ROUND_SETTLED
from register.vocab import AnswerState, Confirmation


def rounds(tell: Tell, items: Sequence[SubmissionItem]) -> Series:
    """Return a block for each round in which the case was answered."""
    blocks = [Block("round", _title(tell, item), round_of(tell, item), item.round.code) for item in items]
    return Series("rounds", blocks, tell.say(say("定期報告での回答はまだありません。")))


def _title(tell: Tell, item: SubmissionItem) -> str:
    # The code beside the name: by it the round is known everywhere.
    return f"{tell.round_name(item.round)}　{item.round.code}"


def round_of(tell: Tell, item: SubmissionItem) -> list[Part]:
    """Return what was answered in one round."""
    ground = tell.ground
    page = item_page(ground.session, item, ground.actor, tell.code, ground.run.forms)
    return [_about(tell, page), *_answers(tell, page), *_corrections(tell, page), *_remarks(tell, page)]


def _about(tell: Tell, page: ItemPage) -> Facts:
    settled = say("この回で確定した回答です。台帳の今の内容とは違うことがあります。")
    open_ = say("まだ確定していない回答です。差戻しや再提出で変わることがあります。")
    sentence = tell.say(settled if page.round.state in ROUND_SETTLED else open_)
    state, item = tell.term(page.submission.state), page.record
    found = [
        tell.fact("as_of", say("基準日"), tell.day(page.round.as_of)),
        tell.fact("state", say("提出の状態"), Told(tell.together(state.text, sentence), state.value)),
        tell.fact("confirmation", say("確認の状況"), tell.term(item.confirmation)),
    ]
    if item.ended_on:
        found.append(tell.fact("ended_on", say("利用を終えた日"), tell.day(item.ended_on)))
        found.append(tell.fact("ended_reason", say("理由"), tell.text(item.ended_reason)))
    return Facts("return", tell.say(say("この回の報告")), found)


def _answers(tell: Tell, page: ItemPage) -> list[Part]:
    """Return the answers by section; none where nobody has confirmed the case, or where it was reported as ended."""
    if page.record.confirmation is Confirmation.UNCONFIRMED:
        return [Note(tell.say(say("この回では、まだ確認していません。")))]
    if page.record.ended_on:
        return []
    found = [_answer(tell, page, answer) for _, answers in page.sections for answer in answers]
    if page.not_asked:
        labels = listed([answer.field.label(tell.code) for answer in page.not_asked])
        text = labels if isinstance(labels, str) else tell.say(labels)
        told = Told(text, [answer.field.id for answer in page.not_asked])
        found.append(tell.fact("not_asked", say("この様式では尋ねていない項目"), told))
    return [Facts("answers", tell.say(say("回答")), found)]


def _answer(tell: Tell, page: ItemPage, answer: Answer) -> Fact:
    field, note = answer.field, page.record.notes.get(answer.field.id, "")
    said = f"{answer.text}\n{answer.definition}" if answer.definition else answer.text
    text = said or answer.state.label(tell.code)
    value = {"state": answer.state.value, "text": answer.text, "value": page.record.answers.get(field.id)}
    value |= {"note": note} if note else {}
    return Fact(field.id, field.label(tell.code), Told(tell.together(text, note), value))


def _corrections(tell: Tell, page: ItemPage) -> list[Grid]:
    session, item = tell.ground.session, page.record
    spec, terms = form_of(session, page.round), round_terms(page.round.as_of)
    rows = [
        [
            tell.at(one.version.replaced_at),
            Told(field.label(tell.code), field.id),
            _said(tell, then),
            _said(tell, now),
            _why(one.version),
        ]
        for one in corrections(session, item, spec, terms, tell.code)
        for field, then, now in one.replaced
    ]
    columns = [
        tell.column("at", say("訂正した日時"), 42),
        tell.column("field", say("項目"), 30),
        tell.column("before", say("訂正前")),
        tell.column("after", say("訂正後")),
        tell.column("why", say("理由と訂正した人"), 40),
    ]
    # Most answers are never corrected: a sentence on each would say nothing.
    return [tell.grid("corrections", say("確定の後の訂正"), columns, rows, NO_VALUE)] if rows else []


def _why(version: ItemVersion) -> Told:
    value = {"reason": version.reason, "by": version.replaced_by}
    return Told(f"{version.reason}\n{version.replaced_by}", value)


def _said(tell: Tell, said: Said) -> Told:
    state, text = said
    value = {"state": state.value, "text": text}
    return Told(text if state is AnswerState.ANSWERED else state.label(tell.code), value)


def _remarks(tell: Tell, page: ItemPage) -> list[Grid]:
    found = threads(tell.ground.session, page.submission)
    own = [(field, thread) for (item, field), several in found.items() for thread in several if item == page.record.id]
    labels = {answer.field.id: answer.field.label(tell.code) for _, answers in page.sections for answer in answers}
    whole = tell.say(say("案件の全体"))
    rows = [
        [tell.at(remark.at), Told(labels.get(field, whole), field), _kind(tell, thread, remark), _body(remark)]
        for field, thread in own
        for remark in (thread.remark, *thread.replies)
    ]
    columns = [
        tell.column("at", say("日時"), 42),
        tell.column("field", say("項目"), 34),
        tell.column("kind", say("種類"), 30),
        tell.column("body", say("内容")),
    ]
    return [tell.grid("remarks", say("事務局の質問と指摘"), columns, rows, NO_VALUE)] if rows else []


def _kind(tell: Tell, thread: Thread, remark: Remark) -> Told:
    if remark is not thread.remark:
        return Told(tell.say(say("回答")), "reply")
    settled = "" if thread.open else tell.say(say("解決済み"))
    return Told(tell.together(remark.kind.label(tell.code), settled), remark.kind.value)


def _body(remark: Remark) -> Told:
    return Told(f"{remark.body}\n{remark.author_name}", {"text": remark.body, "by": remark.author_name})
