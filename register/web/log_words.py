"""The log in words: a sentence for every event, a name for every table and field that an entry may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from sqlalchemy import Column, Enum
from sqlalchemy.orm import Mapper

from register.audit import Event
from register.db import Base, UtcDateTime
from register.formspec.schema import FormSpec
from register.vocab import Role, Term
from register.web.filters import day_text, language, moment_text, number

SENTENCES: Mapping[Event, Any] = {
    Event.DEMO_SEEDED: lazy_gettext("デモデータを登録した"),
    Event.SIGNED_IN: lazy_gettext("サインインした"),
    Event.SIGN_IN_FAILED: lazy_gettext("サインインに失敗した"),
    Event.SIGNED_OUT: lazy_gettext("サインアウトした"),
    Event.USER_CREATED: lazy_gettext("利用者を登録した"),
    Event.PASSWORD_REHASHED: lazy_gettext("パスワードの保存方法を新しくした"),
    Event.MINISTRY_CREATED: lazy_gettext("府省庁を登録した"),
    Event.FORM_PUBLISHED: lazy_gettext("様式の版を公開した"),
    Event.USE_CASE_CREATED: lazy_gettext("案件を登録した"),
    Event.USE_CASE_EDITED: lazy_gettext("案件を編集した"),
    Event.USE_CASE_MOVED: lazy_gettext("案件の状態を変えた"),
    Event.USE_CASES_EXPORTED: lazy_gettext("案件の一覧をファイルに出力した"),
    Event.AI_SYSTEM_CREATED: lazy_gettext("AIシステムを登録した"),
    Event.AI_SYSTEM_EDITED: lazy_gettext("AIシステムを編集した"),
    Event.ROUND_CREATED: lazy_gettext("定期報告の回を作成した"),
    Event.ROUND_REVISED: lazy_gettext("定期報告の予定を変えた"),
    Event.ROUND_MOVED: lazy_gettext("定期報告の状態を変えた"),
    Event.SUBMISSION_IMPORTED: lazy_gettext("定期報告の回答を取り込んだ"),
    Event.SUBMISSION_FILLED: lazy_gettext("定期報告に回答を入力した"),
    Event.SUBMISSION_UPLOADED: lazy_gettext("定期報告の様式ファイルを取り込んだ"),
    Event.SUBMISSION_EXPORTED: lazy_gettext("定期報告の様式ファイルを出力した"),
    Event.SUBMISSION_NIL: lazy_gettext("定期報告に該当なしと報告した"),
    Event.SUBMISSION_SENT: lazy_gettext("定期報告を府省庁内の確認に回した"),
    Event.SUBMISSION_DECLINED: lazy_gettext("定期報告を担当者に戻した"),
    Event.SUBMISSION_APPROVED: lazy_gettext("定期報告を承認して提出した"),
    Event.SUBMISSION_EXTENDED: lazy_gettext("定期報告の期限を延ばした"),
    Event.SUBMISSION_RETURNED: lazy_gettext("定期報告を差し戻した"),
    Event.SUBMISSION_ACCEPTED: lazy_gettext("定期報告を受理した"),
    Event.SUBMISSION_ASKED: lazy_gettext("定期報告の回答について質問した"),
    Event.SUBMISSION_REPLIED: lazy_gettext("定期報告の質問に答えた"),
    Event.ITEM_CORRECTED: lazy_gettext("確定した回答を訂正した"),
    Event.BOARD_EXPORTED: lazy_gettext("提出状況をファイルに出力した"),
    Event.REPORT_EXPORTED: lazy_gettext("集計表をファイルに出力した"),
    Event.SNAPSHOT_ASKED: lazy_gettext("台帳写しの作成を依頼した"),
    Event.SNAPSHOT_MADE: lazy_gettext("台帳写しを作成した"),
    Event.SNAPSHOT_DOWNLOADED: lazy_gettext("台帳写しをダウンロードした"),
}

TABLES: Mapping[str, Any] = {
    "ministry": lazy_gettext("府省庁"),
    "user": lazy_gettext("利用者"),
    "ai_system": lazy_pgettext("singular", "AIシステム"),
    "use_case": lazy_pgettext("singular", "案件"),
    "lifecycle_event": lazy_gettext("案件の経過"),
    "form_version": lazy_gettext("様式の版"),
    "round": lazy_gettext("定期報告の回"),
    "submission": lazy_gettext("定期報告の提出"),
    "submission_item": lazy_gettext("定期報告の回答"),
    "submission_event": lazy_gettext("定期報告の経過"),
    "item_version": lazy_gettext("訂正前の回答"),
    "remark": lazy_gettext("質問と指摘"),
    "snapshot": lazy_pgettext("singular", "台帳写し"),
}

FIELDS: Mapping[str, Any] = {
    "active_at": lazy_gettext("最後の操作の日時"),
    "approved_by": lazy_gettext("承認した人"),
    "approved_sha256": lazy_gettext("承認した内容のSHA-256"),
    "at": lazy_gettext("日時"),
    "author_id": lazy_gettext("書いた人の番号"),
    "author_name": lazy_gettext("書いた人"),
    "body": lazy_gettext("内容"),
    "carried": lazy_gettext("引き継いだ回答"),
    "confirmation": lazy_gettext("確認の状況"),
    "contact": lazy_gettext("問合せ先"),
    "deed": lazy_gettext("したこと"),
    "ended_on": lazy_gettext("利用を終えた日"),
    "ended_reason": lazy_gettext("利用を終えた理由"),
    "field_id": lazy_gettext("項目"),
    "granted": lazy_gettext("受付終了後の提出"),
    "instructions": lazy_gettext("記入の案内"),
    "item_id": lazy_gettext("定期報告の回答"),
    "late": lazy_gettext("期限後の提出"),
    "mapping": lazy_gettext("回答の引継ぎ方"),
    "notes": lazy_gettext("回答に添えた理由"),
    "parent_id": lazy_gettext("もとの質問"),
    "recheck": lazy_gettext("確認し直す項目"),
    "rehearsal": lazy_gettext("演習"),
    "replaced_at": lazy_gettext("訂正した日時"),
    "replaced_by": lazy_gettext("訂正した人"),
    "sent_at": lazy_gettext("確認に回した日時"),
    "sent_by": lazy_gettext("確認に回した人"),
    "sent_by_id": lazy_gettext("確認に回した人の番号"),
    "sent_sha256": lazy_gettext("確認に回した内容のSHA-256"),
    "settled_at": lazy_gettext("解決した日時"),
    "active": lazy_gettext("利用できる"),
    "actor_id": lazy_gettext("行った人の番号"),
    "actor_name": lazy_gettext("行った人"),
    "ai_system_id": lazy_pgettext("singular", "AIシステム"),
    "answers": lazy_gettext("回答"),
    "as_of": lazy_gettext("基準日"),
    "audit_head": lazy_gettext("監査記録の末尾のハッシュ値"),
    "audit_seq": lazy_gettext("監査記録の件数"),
    "canonical": lazy_gettext("様式の内容"),
    "case_no": lazy_gettext("案件番号"),
    "confidentiality": lazy_gettext("取扱情報の機密性"),
    "corporate_number": lazy_gettext("法人番号"),
    "created_at": lazy_gettext("登録日時"),
    "data_sha256": lazy_gettext("データのSHA-256"),
    "due_on": lazy_gettext("提出期限"),
    "email": lazy_gettext("メールアドレス"),
    "file_name": lazy_gettext("ファイル名"),
    "fiscal_year": lazy_gettext("年度"),
    "form": lazy_gettext("様式"),
    "form_version_id": lazy_gettext("様式の版"),
    "from_state": lazy_gettext("移行前の状態"),
    "fs_uniquifier": lazy_gettext("セッションの鍵"),
    "goal_kind": lazy_gettext("成果目標"),
    "goal_text": lazy_gettext("成果目標の内容"),
    "key": lazy_gettext("略号"),
    "kind": lazy_gettext("種類"),
    "language": lazy_gettext("言語"),
    "lifecycle": lazy_gettext("状態"),
    "lifecycle_since": lazy_gettext("状態になった日"),
    "made_at": lazy_gettext("作成日時"),
    "made_by": lazy_gettext("作成した人"),
    "ministry_id": lazy_gettext("府省庁"),
    "model_usage": lazy_gettext("モデル利用状況"),
    "name": lazy_gettext("名称"),
    "name_en": lazy_gettext("英語の名称"),
    "name_short": lazy_gettext("略称"),
    "nil": lazy_gettext("該当なし"),
    "note": lazy_gettext("備考"),
    "number": lazy_gettext("回"),
    "on": lazy_gettext("移行日"),
    "opens_on": lazy_gettext("受付開始日"),
    "output_type": lazy_gettext("出力データの種類"),
    "pages": lazy_gettext("ページ数"),
    "password": lazy_gettext("パスワード"),
    "path": lazy_gettext("保存場所"),
    "planned_stage": lazy_gettext("導入段階（予定を含む）"),
    "public_id": lazy_gettext("公開用の番号"),
    "published_at": lazy_gettext("公開日時"),
    "purpose": lazy_gettext("利用用途"),
    "reason": lazy_gettext("理由"),
    "recorded_at": lazy_gettext("記録日時"),
    "role": lazy_gettext("役割"),
    "round_id": lazy_gettext("定期報告の回"),
    "search_key": lazy_gettext("検索用の文字列"),
    "sha256": lazy_gettext("SHA-256"),
    "shared": lazy_gettext("ほかの府省庁と共同で使う"),
    "size": lazy_gettext("大きさ（バイト）"),
    "sort_no": lazy_gettext("並び順"),
    "source": lazy_gettext("入力の方法"),
    "start_on": lazy_gettext("利用開始（予定）日"),
    "state": lazy_gettext("状態"),
    "states": lazy_gettext("回答の状態"),
    "submission_id": lazy_gettext("定期報告の提出"),
    "submitted_at": lazy_gettext("提出日時"),
    "title": lazy_gettext("案件名"),
    "to_state": lazy_gettext("移行後の状態"),
    "unit": lazy_gettext("部局・課室"),
    "updated_at": lazy_gettext("更新日時"),
    "usage_type": lazy_gettext("利用類型"),
    "use_case_id": lazy_pgettext("singular", "案件"),
    "user_scope": lazy_gettext("利用者の範囲"),
    "valid_from": lazy_gettext("有効期間の初日"),
    "valid_to": lazy_gettext("有効期間の末日"),
    "vendor": lazy_gettext("事業者"),
    "version": lazy_gettext("版"),
}

DETAILS: Mapping[str, Any] = {
    "anchor": lazy_gettext("監査記録の件数"),
    "kind": lazy_gettext("種類"),
    "rows": lazy_gettext("件数"),
    "added": lazy_gettext("新しい案件の追加"),
    "cases": lazy_gettext("案件数"),
    "confirmed": lazy_gettext("確認した案件数"),
    "created": lazy_gettext("台帳に加わった案件数"),
    "deed": lazy_gettext("したこと"),
    "ended": lazy_gettext("利用終了の報告"),
    "field": lazy_gettext("項目"),
    "findings": lazy_gettext("指摘の数"),
    "frozen": lazy_gettext("確定した府省庁の数"),
    "laid_out": lazy_gettext("加えた案件数"),
    "late": lazy_gettext("期限後の提出"),
    "left_out": lazy_gettext("除いた府省庁の数"),
    "ministries": lazy_gettext("府省庁の数"),
    "moved": lazy_gettext("状態が変わった案件数"),
    "removed": lazy_gettext("取り除いた案件"),
    "reopened": lazy_gettext("未確認に戻す"),
    "section": lazy_gettext("節"),
    "settled": lazy_gettext("解決済み"),
    "sha256": lazy_gettext("内容のSHA-256"),
    "updated": lazy_gettext("更新した案件数"),
    "version": lazy_gettext("版"),
    "filtered": lazy_gettext("絞り込み"),
}

OPERATIONS: Mapping[str, Any] = {
    "insert": lazy_gettext("追加"),
    "update": lazy_gettext("変更"),
    "delete": lazy_gettext("削除"),
}


def sentence(event: str) -> str:
    """Return what was done, in words; an event of a later version is shown by its code."""
    return str(SENTENCES[Event(event)]) if event in set(Event) else event


def column_of(table: str, name: str) -> Column[Any] | None:
    """Return the column that an entry's field stood in; None when the table has no such field any more."""
    for mapper in Base.registry.mappers:
        if _table(mapper) == table and name in mapper.column_attrs:
            column = mapper.column_attrs[name].columns[0]
            return column if isinstance(column, Column) else None
    return None


def value_text(table: str, name: str, value: Any, spec: FormSpec, labels: Mapping[tuple[str, str], str]) -> str:
    """Return a recorded value as a person reads it; empty for no value."""
    column = column_of(table, name)
    if value is None or value == "":
        return ""
    if column is not None and column.info.get("secret"):
        return str(gettext("（値は記録しません）"))
    if isinstance(value, bool):
        return str(gettext("はい") if value else gettext("いいえ"))
    if isinstance(value, dict):
        answers = ((_question(spec, key), _answer(spec, key, one)) for key, one in value.items())
        return "\n".join(gettext("%(label)s：%(text)s", label=label, text=text) for label, text in answers)
    if column is not None and (text := _typed(column, value, labels)) is not None:
        return text
    return _answer(spec, name, value)


def _typed(column: Column[Any], value: Any, labels: Mapping[tuple[str, str], str]) -> str | None:
    for key in column.foreign_keys:
        return labels.get((key.column.table.name, str(value)), str(value))
    if isinstance(column.type, Enum) and column.type.enum_class is not None:
        member = column.type.enum_class(value)
        return member.label(language()) if isinstance(member, Term) else str(value)
    if isinstance(column.type, UtcDateTime):
        return moment_text(dt.datetime.fromisoformat(value))
    if column.type.python_type is dt.date:
        return day_text(dt.date.fromisoformat(value))
    return None


def _question(spec: FormSpec, field_id: str) -> str:
    return spec.field(field_id).label(language()) if spec.has(field_id) else field_id


def _answer(spec: FormSpec, field_id: str, value: Any) -> str:
    if isinstance(value, str) and spec.has(field_id) and value in spec.field(field_id).codes:
        return spec.field(field_id).option(value).label(language())
    return str(value)


def _table(mapper: Mapper[Any]) -> str:
    return str(mapper.local_table.description)


def role(code: str) -> str:
    """Return the role that the actor had then."""
    return next((one.label(language()) for one in Role if one.value == code), code)


def detail_text(value: Any) -> str:
    """Return a detail of an entry as a person reads it."""
    if isinstance(value, bool):
        return str(gettext("はい") if value else gettext("いいえ"))
    return number(value) if isinstance(value, int) else str(value)
