"""The papers of a meeting of the Advisory Board (議題資料): contents, every package, the history of its case.

What stands in it is what the pages show to the person who asks; each package is attached as it was sent, so that its
SHA-256 can be checked without the register.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import rfc8785

from register.documents.figures import Printed
from register.documents.ground import Ground
from register.documents.paper import Listing, Paper
from register.errors import NotNow, say
from register.formats.pdf_process import Attachment
from register.queries import agendas
from register.queries.agendas import Agenda
from register.queries.referrals import PACKAGE, content

NAME = "agenda"


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of the meeting that was asked for; raise ``NotNow`` where none is left."""
    on = dt.date.fromisoformat(ground.subject["meeting_on"])
    agenda = agendas.agenda(ground.session, ground.actor, on, ground.today)
    if agenda is None:
        raise NotNow(say("この日の会議に報告・相談はありません。"))
    return [paper(ground, agenda)]


def paper(ground: Ground, agenda: Agenda) -> Paper:
    """Return the papers of ``agenda``."""
    run, speak = ground.run, ground.words.say
    sent = [content(one.page.referral, one.page.sent[0]) for one in agenda.items]
    described = speak(say("送付された内容（JSON）"))
    head = [speak(one) for one in (say("番号"), say("府省庁"), say("案件番号"), say("案件名"), say("状態"))]
    rows = [
        [
            one.page.referral.referral_no,
            one.page.ministry.label(ground.language),
            one.page.use_case.case_no,
            one.page.use_case.title,
            one.page.referral.state.label(ground.language),
        ]
        for one in agenda.items
    ]
    title = speak(say("アドバイザリーボード議題資料　%(day)s", day=agenda.meeting.on))
    return Paper(
        "documents/agenda.html",
        title,
        NAME,
        {"meeting": agenda.meeting.on.isoformat(), "names": list(agenda.meeting.names), "packages": sent},
        [Listing(NAME, title, head, rows)],
        {"agenda": agenda, "texts": PACKAGE, "spec": run.forms.newest, "terms": run.risk, "now": ground.moment},
        attached=[Attachment(f"{one['referral']}.json", rfc8785.dumps(one), described) for one in sent],
        properties={"meeting": agenda.meeting.on.isoformat()},
        author=ground.actor.name,
        created=ground.moment,
    )


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the number of every referral, in order."""
    return Printed(names=[one["referral"] for one in data["packages"]])
