"""The receipt of a return: what the ministry handed in, when and by whom, with the digest of the content.

It is made of what is stored and of nothing else: the same return gives the same bytes, whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.documents.figures import Printed
from register.documents.ground import Ground
from register.documents.paper import Listing, Paper
from register.errors import NotNow, say
from register.models import Submission
from register.queries import receipts

NAME = "return"


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of a return; raise ``NotNow`` for what was not handed in as it is.

    The canonical JSON that is attached is what the approval is bound to.
    """
    submission, speak = ground.row(Submission), ground.words.say
    page = receipts.content_page(ground.session, submission, ground.actor, ground.today, ground.language)
    if submission.submitted_at is None or not page.approved:
        raise NotNow(say("承認された内容と今の内容が同じときだけ、控えのPDFを作れます。"))
    name = say("%(year)s年度第%(number)s回", year=page.frame.round.fiscal_year, number=page.frame.round.number)
    ministry = page.frame.ministry.label(ground.language)
    title = speak(say("定期報告の提出の控え（%(ministry)s、%(name)s）", ministry=ministry, name=name))
    head = [speak(one) for one in (say("案件番号"), say("項目"), say("回答"), say("備考"))]
    return [
        Paper(
            "documents/receipt.html",
            title,
            NAME,
            receipts.content(ground.session, submission),
            [Listing(NAME, title, head, _lines(page, ground))],
            {"page": page},
            properties={"round": page.frame.round.code, "contentSha256": submission.approved_sha256},
            author=submission.approved_by,
            created=submission.submitted_at,
        )
    ]


def _lines(page: receipts.ContentPage, ground: Ground) -> list[list[str]]:
    return [
        [
            case.item.case_no,
            line.field.label(ground.language),
            line.text or line.state.label(ground.language),
            line.note,
        ]
        for case in page.cases
        for _, lines in case.sections
        for line in lines
    ]


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: every case by its number."""
    return Printed(names=[one["case_no"] for one in data["cases"]])
