"""The chain's arithmetic beside the library that defines it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from register.audit.chain import LARGEST, canonical

plain = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(plain | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner))


class Word(StrEnum):
    """A word of a vocabulary."""

    ONE = "one"


@given(values)
@example('\u2028\x7f\x1f\b\f\n\r\t"\\/')
@example({"\uff5e": 1, "\U0001f600": 2, "b": 3, "a": 4})
@example({"a": [1.0, 1e21, 1e-7, -0.0, 0.1], "b": Word.ONE, "c": (1, 2)})
def test_the_form_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value", ["\ud800", {"a": ["\udfff"]}, {"\ud800": 1}, LARGEST + 1, [float("nan")], {1: 2}, b""]
)
def test_what_has_no_such_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        canonical(value)
