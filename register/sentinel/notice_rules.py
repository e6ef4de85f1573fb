"""Rules over the answers of ministries to notices."""

from __future__ import annotations

from register.errors import say
from register.sentinel.facts import CaseFacts
from register.sentinel.limits import Moment
from register.sentinel.rule import Rule
from register.vocab import About, Need, Weight


def fits_unanswered(case: CaseFacts, _at: Moment) -> bool:
    """What came to fit a notice after its ministry answered is answered for as well."""
    return bool(case.open_notices)


NOTICE_RULES: tuple[Rule, ...] = (
    Rule(
        "N01", About.CASE, Weight.NORMAL,
        say("府省庁が注意喚起に回答した後に、その注意喚起に当てはまるようになった案件の回答がない。"),
        say("この案件は注意喚起（%(open_notices)s）に当てはまりますが、この案件についての回答がありません。"),
        ("open_notices",), fits_unanswered, frozenset({Need.NOTICES}),
    ),
)  # fmt: skip
