"""The consistency check: small pure rules over what the register holds, each hit a question to the ministry."""

from register.sentinel.facts import (
    AssessmentFacts,
    AxisFacts,
    CaseFacts,
    IncidentFacts,
    RoundFacts,
    SystemFacts,
    TiedFacts,
    UseFacts,
    View,
)
from register.sentinel.limits import Limits, Moment, load_limits
from register.sentinel.rule import Rule, fingerprint, told
from register.sentinel.table import BY_CODE, RULES, runnable
from register.sentinel.words import FACTS, Fact, FactKind

__all__ = [
    "BY_CODE",
    "FACTS",
    "RULES",
    "AssessmentFacts",
    "AxisFacts",
    "CaseFacts",
    "Fact",
    "FactKind",
    "IncidentFacts",
    "Limits",
    "Moment",
    "RoundFacts",
    "Rule",
    "SystemFacts",
    "TiedFacts",
    "UseFacts",
    "View",
    "fingerprint",
    "load_limits",
    "runnable",
    "told",
]
