"""The questions of the consistency check about a case or an incident, with their answers, as a chapter."""

from __future__ import annotations

from register.documents.record import Block, Facts, Grid, Series, Told
from register.documents.tell import Tell
from register.documents.told_risk import NO_VALUE, step_columns
from register.errors import say
from register.models import Incident, UseCase
from register.queries import questions
from register.queries.questions import Line, QuestionPage


def chapter(tell: Tell, subject: UseCase | Incident) -> Block:
    """Return every question about ``subject`` that the person may see."""
    ground = tell.ground
    teller = questions.Teller(tell.spec, tell.risk)
    pages = questions.all_about(ground.session, subject, ground.actor, teller)
    title, none = say("確認の質問"), say("確認の質問はありません。")
    blocks = [Block("question", _title(tell, page), _parts(tell, page)) for page in pages]
    return Block("questions", tell.say(title), [Series("items", blocks, tell.say(none))])


def _title(tell: Tell, page: QuestionPage) -> str:
    return f"{page.question.rule}　{page.question.state.label(tell.code)}"


def _parts(tell: Tell, page: QuestionPage) -> list[Facts | Grid]:
    it, sentence = page.question, tell.say(page.sentence)
    found = [
        tell.fact("question", say("質問"), Told(sentence, sentence)),
        tell.fact("rule", say("規則"), Told(_rule(tell, page), it.rule)),
        tell.fact("state", say("状態"), tell.term(it.state)),
        tell.fact("opened_at", say("最初の質問の日時"), tell.at(it.opened_at)),
        tell.fact("facts", say("質問のもとの事実"), _facts(tell, page)),
    ]
    if it.internal:
        told = tell.say(say("府省庁だけが知る内容による質問のため、事務局と監査には見えません。"))
        found.append(tell.fact("internal", say("範囲"), Told(told, it.internal)))
    rows = [
        [
            tell.at(line.event.at),
            Told(f"{line.event.deed.label(tell.code)}　{line.event.to_state.label(tell.code)}", line.event.deed.value),
            tell.text(line.event.actor_name),
            _body(tell, line),
        ]
        for line in page.trail
    ]
    steps = tell.grid("steps", say("経過"), step_columns(tell), rows, say("経過の記録はありません。"))
    return [Facts("about", tell.say(say("質問の内容")), found), steps]


def _rule(tell: Tell, page: QuestionPage) -> str:
    return f"{page.question.rule}　{tell.say(page.rule.checks)}" if page.rule else page.question.rule


def _facts(tell: Tell, page: QuestionPage) -> Told:
    told = [tell.say(say("%(label)s：%(text)s", label=label, text=tell.said(value))) for label, value in page.facts]
    return Told("\n".join(told) or tell.say(NO_VALUE), dict(page.question.facts))


def _body(tell: Tell, line: Line) -> Told:
    changed = [
        tell.say(say("%(label)s：%(old)sから%(new)sへ", label=label, old=tell.said(old), new=tell.said(new)))
        for label, old, new in line.changes
    ]
    text = tell.together(line.event.body, *changed)
    return Told(text or tell.say(NO_VALUE), {"text": line.event.body, "changes": dict(line.event.changes)})
