"""Rules over AI systems: how ministries describe one that they share, and a case beside its system.

A question to one ministry names its own facts and those of a system that is shared with it, never what another said.
"""

from __future__ import annotations

from register.errors import say
from register.sentinel.facts import CaseFacts, UseFacts
from register.sentinel.limits import Moment
from register.sentinel.rule import Rule
from register.text import search_key
from register.vocab import About, Need, Weight


def told_another_confidentiality(use: UseFacts, _at: Moment) -> bool:
    """Nobody else says of a shared system what this ministry says."""
    return apart(use.own_confidentiality, use.other_confidentiality)


def told_another_stage(use: UseFacts, _at: Moment) -> bool:
    """To one ministry a shared system is on trial, to the others it is not, or the other way round."""
    return apart(use.own_stages, use.other_stages)


def told_another_vendor(use: UseFacts, _at: Moment) -> bool:
    """A system of one name has one vendor."""
    return bool(use.vendor and use.shared_vendor) and search_key(use.vendor) != search_key(use.shared_vendor)


def told_another_model(case: CaseFacts, _at: Moment) -> bool:
    """A case uses the model of its system."""
    mine, systems = search_key(case.model_usage), search_key(case.system_model)
    return case.living and bool(mine and systems) and mine not in systems and systems not in mine


def apart(mine: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether both say something and nothing is said by both."""
    return bool(mine and others) and not set(mine) & set(others)


_SYSTEMS = frozenset({Need.SYSTEMS})
SYSTEM_RULES: tuple[Rule, ...] = (
    Rule(
        "Y01", About.SYSTEM, Weight.NORMAL,
        say("共同で使うAIシステムの機密性を、府省庁が違うように答えている。"),
        say("このAIシステムを使う案件の機密性（%(own_confidentiality)s）が、ほかの府省庁の答えと違います。"),
        ("own_confidentiality",), told_another_confidentiality, _SYSTEMS,
    ),
    Rule(
        "Y02", About.SYSTEM, Weight.NORMAL,
        say("共同で使うAIシステムの段階を、府省庁が違うように答えている。"),
        say("このAIシステムを使う案件の状態（%(own_stages)s）が、ほかの府省庁の答えと違います。"),
        ("own_stages",), told_another_stage, _SYSTEMS,
    ),
    Rule(
        "Y03", About.SYSTEM, Weight.NORMAL,
        say("共同で使うAIシステムと同じ名称のAIシステムを、別の事業者で登録している。"),
        say("同じ名称の共同で使うAIシステムの事業者は「%(shared_vendor)s」ですが、登録した事業者は「%(vendor)s」です。"),
        ("vendor", "shared_vendor"), told_another_vendor, _SYSTEMS,
    ),
    Rule(
        "Y04", About.CASE, Weight.NORMAL,
        say("案件のモデル利用状況が、AIシステムのモデル利用状況と違う。"),
        say("案件のモデルは「%(model_usage)s」ですが、AIシステムのモデルは「%(system_model)s」です。"),
        ("model_usage", "system_model"), told_another_model, _SYSTEMS,
    ),
)  # fmt: skip
