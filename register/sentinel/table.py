"""Every rule of the check, in the order in which people read them."""

from __future__ import annotations

from collections.abc import Mapping, Set

from register.sentinel.assessment_rules import ASSESSMENT_RULES
from register.sentinel.case_rules import CASE_RULES
from register.sentinel.incident_rules import INCIDENT_RULES
from register.sentinel.notice_rules import NOTICE_RULES
from register.sentinel.round_rules import ROUND_RULES
from register.sentinel.rule import Rule
from register.sentinel.system_rules import SYSTEM_RULES
from register.vocab import Need

RULES: tuple[Rule, ...] = (
    *CASE_RULES,
    *ROUND_RULES,
    *INCIDENT_RULES,
    *ASSESSMENT_RULES,
    *SYSTEM_RULES,
    *NOTICE_RULES,
)
BY_CODE: Mapping[str, Rule] = {rule.code: rule for rule in RULES}


def runnable(loaded: Set[Need]) -> tuple[Rule, ...]:
    """Return the rules whose facts are loaded: one that lacks some would ask wrongly, or find everything settled."""
    return tuple(rule for rule in RULES if rule.needs <= loaded)
