"""What the secretariat may say in a notice, what is wrong with it, and the digest of what a ministry clears."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from register.errors import Invalid, Say, say
from register.formspec.schema import FormSpec
from register.models import Notice
from register.queries.resemblance import CODED, WRITTEN
from register.text import clean, clean_line
from register.vocab import AudienceKind

LONGEST = {"title": 200, "text": 4000, "action": 4000, "audience_value": 200}
EDITABLE = ("title", "text", "action", "audience_kind", "audience_value")
BLANK = {
    "title": say("件名を入力してください。"),
    "text": say("注意喚起の内容を入力してください。"),
    "action": say("府省庁に求める対応を入力してください。"),
}
SHORTEST_WORD = 2


def checked(values: Mapping[str, Any], form: FormSpec) -> dict[str, Any]:
    """Return what was said; raise ``Invalid`` with a sentence for every field that cannot stand."""
    kind = AudienceKind(values.get("audience_kind") or AudienceKind.ALL)
    told: dict[str, Any] = {
        "title": clean_line(values.get("title") or ""),
        "text": clean(values.get("text") or ""),
        "action": clean(values.get("action") or ""),
        "audience_kind": kind,
        "audience_value": "" if kind is AudienceKind.ALL else clean_line(values.get("audience_value") or ""),
    }
    problems: dict[str, Say] = {name: sentence for name, sentence in BLANK.items() if not told[name]}
    for name, longest in LONGEST.items():
        if len(told[name]) > longest:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=longest)
    if kind in CODED and told["audience_value"] not in form.field(kind.value).codes:
        problems["audience_value"] = say("選択肢の中から選んでください。")
    if kind in WRITTEN and len(told["audience_value"]) < SHORTEST_WORD:
        problems["audience_value"] = say("モデルか事業者の名称を、2文字以上で入力してください。")
    if problems:
        raise Invalid(problems)
    return told


def digest(notice: Notice) -> str:
    """Return the sha256 of all that a notice says (RFC 8785), in hex: what is cleared is this and nothing else."""
    said = {name: str(getattr(notice, name)) for name in EDITABLE}
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()
