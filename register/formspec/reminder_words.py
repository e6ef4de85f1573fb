"""What reminders say: a sentence for each event and each tone that it may have, and why the reminder came."""

from __future__ import annotations

from collections.abc import Mapping

from register.errors import Say, say
from register.vocab import ReminderEvent, ReminderTone

_E, _T = ReminderEvent, ReminderTone

# Their parameters are those of the subject (``queries.reminder_events``): none holds a text of a person.
WORDS: Mapping[tuple[ReminderEvent, ReminderTone], Say] = {
    (_E.ROUND_OPENED, _T.NEWS): say("%(name)sの定期報告の受付が始まりました。提出期限は%(due)sです。"),
    (_E.ROUND_DUE, _T.BEFORE): say("%(name)sの定期報告の提出期限は%(day)sです。提出がまだ済んでいません。"),
    (_E.ROUND_DUE, _T.TODAY): say("%(name)sの定期報告は、%(day)sが提出期限の日です。提出がまだ済んでいません。"),
    (_E.ROUND_DUE, _T.LATE): say("%(name)sの定期報告の提出期限（%(day)s）を過ぎています。提出してください。"),
    (_E.ROUND_DUE, _T.ESCALATED): say(
        "%(ministry)sの%(name)sの定期報告が、提出期限（%(day)s）を過ぎても提出されていません。状況を確かめてください。"
    ),
    (_E.RETURNED, _T.NEWS): say("%(name)sの定期報告が差し戻されました。指摘を確かめて、直して提出してください。"),
    (_E.RETURNED, _T.LATE): say("差し戻された%(name)sの定期報告が、まだ提出されていません。"),
    (_E.RETURN_QUESTION, _T.NEWS): say(
        "%(name)sの定期報告の回答に、事務局から質問があります（%(count)d件）。答えてください。"
    ),
    (_E.RETURN_QUESTION, _T.LATE): say(
        "%(name)sの定期報告の回答への質問（%(count)d件）に、まだ答えていません。答えてください。"
    ),
    (_E.APPROVAL, _T.NEWS): say("%(name)sの定期報告が、あなたの承認を待っています。"),
    (_E.APPROVAL, _T.LATE): say("%(name)sの定期報告の承認が、まだ済んでいません。承認するか、担当者に戻してください。"),
    (_E.EDITION_APPROVAL, _T.NEWS): say("報告書の版 %(number)s が承認を待っています。"),
    (_E.EDITION_APPROVAL, _T.LATE): say("報告書の版 %(number)s の承認が、まだ済んでいません。"),
    (_E.DISCLOSURE_PROPOSED, _T.NEWS): say("%(ministry)sの公開の区分の提案（%(count)d件）が決定を待っています。"),
    (_E.DISCLOSURE_PROPOSED, _T.LATE): say("%(ministry)sの公開の区分の提案（%(count)d件）が、まだ決定されていません。"),
    (_E.DISCLOSURE_REVIEW, _T.BEFORE): say("公開の区分（%(count)d件）を見直す日は%(day)sです。"),
    (_E.DISCLOSURE_REVIEW, _T.LATE): say(
        "公開の区分（%(count)d件）を見直す日（%(day)s）が来ました。見直してください。"
    ),
    (_E.INCIDENT_REPORT, _T.TODAY): say("下書きのリスクケース %(number)s は、%(day)sが報告の期限の日です。"),
    (_E.INCIDENT_REPORT, _T.LATE): say(
        "下書きのリスクケース %(number)s は、報告の期限（%(day)s）を過ぎています。報告してください。"
    ),
    (_E.INCIDENT_REPORT, _T.ESCALATED): say(
        "リスクケース %(number)s が、報告の期限（%(day)s）を過ぎても下書きのままです。状況を確かめてください。"
    ),
    (_E.INCIDENT_NOTIFY, _T.BEFORE): say("リスクケース %(number)s を事務局に報告する期限は%(day)sです。"),
    (_E.INCIDENT_NOTIFY, _T.TODAY): say("リスクケース %(number)s は、%(day)sが事務局に報告する期限の日です。"),
    (_E.INCIDENT_NOTIFY, _T.LATE): say(
        "リスクケース %(number)s は、事務局に報告する期限（%(day)s）を過ぎています。報告してください。"
    ),
    (_E.INCIDENT_SILENCE, _T.TODAY): say("リスクケース %(number)s は、%(day)sまでに経過を事務局に知らせてください。"),
    (_E.INCIDENT_SILENCE, _T.LATE): say(
        "リスクケース %(number)s の経過を知らせる期限（%(day)s）を過ぎています。事務局に知らせてください。"
    ),
    (_E.INCIDENT_SILENCE, _T.ESCALATED): say(
        "%(ministry)sのリスクケース %(number)s の経過が、%(day)sを過ぎても報告されていません。確かめてください。"
    ),
    (_E.ASSESSMENT_REVIEW, _T.BEFORE): say("高リスク判定 %(number)s を見直す期限は%(day)sです。"),
    (_E.ASSESSMENT_REVIEW, _T.LATE): say(
        "高リスク判定 %(number)s を見直す期限（%(day)s）が来ました。判定してください。"
    ),
    (_E.NOTICE_UNANSWERED, _T.BEFORE): say("注意喚起 %(number)s への回答の期限は%(day)sです。回答が済んでいません。"),
    (_E.NOTICE_UNANSWERED, _T.TODAY): say("注意喚起 %(number)s は、%(day)sが回答の期限の日です。"),
    (_E.NOTICE_UNANSWERED, _T.LATE): say(
        "注意喚起 %(number)s への回答の期限（%(day)s）を過ぎています。回答してください。"
    ),
    (_E.NOTICE_UNANSWERED, _T.ESCALATED): say(
        "注意喚起 %(number)s に、%(ministry)sが回答の期限（%(day)s）を過ぎても回答していません。確かめてください。"
    ),
    (_E.QUESTION_OPEN, _T.NEWS): say("台帳の確認による質問（%(count)d件）があります。答えてください。"),
    (_E.QUESTION_OPEN, _T.LATE): say("台帳の確認による質問（%(count)d件）に、まだ答えていません。答えてください。"),
}

# Why a reminder comes, said of its event: it stays true for as long as the reminder is due, and ends with it.
WHY: Mapping[ReminderEvent, Say] = {
    _E.ROUND_OPENED: say("この回に参加する府省庁で、提出がまだ済んでいないため"),
    _E.ROUND_DUE: say("提出も、該当なしの報告も、まだ済んでいないため"),
    _E.RETURNED: say("差し戻された提出を、まだ出し直していないため"),
    _E.RETURN_QUESTION: say("事務局の質問に、まだ答えていないため"),
    _E.APPROVAL: say("承認の依頼に、まだ応じていないため"),
    _E.EDITION_APPROVAL: say("準備や点検をしていない人の承認が必要なため"),
    _E.DISCLOSURE_PROPOSED: say("府省庁の提案を、事務局がまだ決定していないため"),
    _E.DISCLOSURE_REVIEW: say("公開していない部分を見直す日が決められているため"),
    _E.INCIDENT_REPORT: say("リスクケースが下書きのままで、まだ報告されていないため"),
    _E.INCIDENT_NOTIFY: say("リスクケースが、まだ事務局に報告されていないため"),
    _E.INCIDENT_SILENCE: say("終結していないリスクケースの経過が、しばらく知らされていないため"),
    _E.ASSESSMENT_REVIEW: say("高リスク判定には見直しの期限があるため"),
    _E.NOTICE_UNANSWERED: say("注意喚起への回答が、まだ確定していないため"),
    _E.QUESTION_OPEN: say("台帳の確認による質問に、まだ答えていないため"),
}
