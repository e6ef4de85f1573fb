"""Who may do what. When it may be done (state, deadline) is ``states``'s matter and never a 403."""

from register.authz.asking import Actor, AnySelect, can, reach, require, sight, visible
from register.authz.extents import HANDED_IN
from register.authz.permissions import Permission, Reach
from register.authz.rules import (
    ASSESSMENT_DEEDS,
    EDITION_DEEDS,
    INCIDENT_DEEDS,
    NOTICE_DEEDS,
    QUESTION_DEEDS,
    REFERRAL_DEEDS,
    ROUND_DEEDS,
    RULES,
    SIGHT,
    SUBMISSION_DEEDS,
)

__all__ = [
    "ASSESSMENT_DEEDS",
    "EDITION_DEEDS",
    "HANDED_IN",
    "INCIDENT_DEEDS",
    "NOTICE_DEEDS",
    "QUESTION_DEEDS",
    "REFERRAL_DEEDS",
    "ROUND_DEEDS",
    "RULES",
    "SIGHT",
    "SUBMISSION_DEEDS",
    "Actor",
    "AnySelect",
    "Permission",
    "Reach",
    "can",
    "reach",
    "require",
    "sight",
    "visible",
]
