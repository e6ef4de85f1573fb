"""What the tables of a report count, as plain values: which answers make a row, a column, a population, a share.

With the answers of a round, whoever has them can count each figure anew without the register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from register.errors import Say
from register.formspec.schema import FormSpec
from register.reports import catalogue, change
from register.reports.catalogue import Axis, CrossTab
from register.reports.charts import Speak
from register.reports.definitions import FIELD
from register.reports.dimensions import Dimensions, Where
from register.reports.headlines import SHARES

LANGUAGES = ("ja", "en")
Words = Mapping[str, Dimensions]


def declared(spec: FormSpec, terms: Mapping[str, str], speak: Mapping[str, Speak]) -> dict[str, Any]:
    """Return the definitions of a round's figures in both languages.

    ``terms`` fill the years of its form, ``speak`` says a sentence in each language. A condition is the answer to
    ``field`` being one of ``codes`` (null: not answered), or none of them where ``outside``; conditions hold together.
    """
    words = {code: Dimensions(spec, code, terms) for code in LANGUAGES}
    ours = words["ja"]

    def both(sentence: Say) -> dict[str, str]:
        return {code: speak[code](sentence) for code in LANGUAGES}

    tabs = [tab for tab in catalogue.CATALOGUE if all(ours.has(field) for field in tab.needs)]
    return {
        "form": {"version": spec.version, "sha256": spec.digest},
        "tables": [_table(tab, words, both(tab.title)) for tab in tabs],
        "populations": [
            {"key": one.key, **both(one.name), "where": _where(one.where)} for one in ours.populations.values()
        ],
        "exclusions": [
            {"key": one.key, **both(one.name), "where": _where((one.condition,))} for one in ours.exclusions.values()
        ],
        "shares": [
            {
                "key": one.key,
                "population": one.population,
                "part": _where(one.part(ours)),
                "whole": _where(one.whole(ours)),
            }
            for one in SHARES.values()
            if ours.has(one.needs)
        ],
        "changes": [{"code": code, "ja": text.ja, "en": text.en} for code, text in change.KINDS.items()],
        "usage_types": [
            {"code": one.code, "ja": one.label("ja", terms), "en": one.label("en", terms), **_meaning(one.definition)}
            for one in (spec.field(FIELD).options if spec.has(FIELD) else ())
        ],
    }


def _meaning(of: Callable[[str], str]) -> dict[str, str]:
    return {f"definition_{code}": of(code) for code in LANGUAGES}


def _table(tab: CrossTab, words: Words, title: Mapping[str, str]) -> dict[str, Any]:
    return {
        "slug": tab.slug,
        **title,
        "population": tab.population,
        "where": _where(tab.scope(words["ja"])),
        "columns": _axis(tab.columns, words),
        "rows": _axis(tab.rows, words),
        # Cases without an answer to ``field`` are counted in the row ``code``.
        "folded": {"field": tab.folded[0], "code": str(tab.folded[1])} if tab.folded else None,
    }


def _axis(axis: Axis, words: Words) -> list[dict[str, Any]]:
    each: Sequence[Sequence[Any]] = [axis(words[code]) for code in LANGUAGES]
    return [
        {
            "code": ja.code,
            "ja": ja.label,
            "en": en.label,
            "group_ja": ja.group,
            "group_en": en.group,
            "where": _where(ja.where),
        }
        for ja, en in zip(*each, strict=True)
    ]


def _where(where: Where) -> list[dict[str, Any]]:
    return [
        {
            "field": one.field,
            "codes": [None] * (None in one.codes) + sorted(str(code) for code in one.codes if code is not None),
            "outside": one.outside,
        }
        for one in where
    ]
