"""Anything that a person may give for the questions of form 2, right or wrong, for tests that try what comes."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.running_round import LIBRARY

SPEC = LIBRARY.newest


def choice(name: str) -> st.SearchStrategy[str]:
    """Return any answer to a question with options, or none."""
    return st.sampled_from(["", *sorted(SPEC.field(name).codes)])


texts = st.sampled_from(["", "一", "二"])
sections: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "identity": {"title": st.sampled_from(["題一", "題二", ""]), "unit": texts},
    "use": {"purpose": texts, "usage_type": choice("usage_type")},
    "operation": {
        "start_timing": choice("start_timing"),
        "start_on": st.sampled_from(["", "2025-07-01", "2026-02-01"]),
        "user_scope": choice("user_scope"),
        "stage": choice("stage"),
        "confidentiality": choice("confidentiality"),
    },
    "goals": {
        "goal_kind": choice("goal_kind"),
        "goal_text": texts,
        "output_type": choice("output_type"),
        "model_usage": texts,
    },
    "risk": {"risk_case_count": st.sampled_from(["", "0", "2"])},
}
typed = st.sampled_from(sorted(sections)).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries({}, optional=sections[name]))
)
usage_types = st.sampled_from(["G1", "G2", "S1"])
causes = st.sampled_from(["", "definition", "actual"])
corrections = st.fixed_dictionaries({}, optional=sections["use"] | sections["operation"] | sections["risk"])
