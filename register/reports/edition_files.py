"""An edition of a report as files: what is left out says so in its place, and is no blank and no zero."""

from __future__ import annotations

from register.errors import say
from register.formats import Cell
from register.formats.xlsx import Sheet, Writable
from register.reports.charts import Speak
from register.reports.contents import Shown
from register.reports.render import LEFT_OUT, LONG_HEAD, as_page, as_sheet, cells_of, lead

EXAMPLE = (say("番号"), say("種類"), say("府省庁"), say("案件名"), say("利用用途"), say("成果目標"))


def as_csv_rows(shown: Shown, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell of every table, one cell a row; totals have the column ``total``."""
    rows = [[*cell, shown.name, shown.word] for table in shown.every_table for cell in cells_of(table, speak)]
    return [speak(head) for head in LONG_HEAD], rows


def as_sheets(shown: Shown, speak: Speak) -> list[Writable]:
    """Return a sheet of which edition this is, one of the sentences, two per table and one of the examples.

    Of the tables first those for people, then those for programs.
    """
    head = [speak(say("要点")), speak(say("分子")), speak(say("分母"))]
    sheets = [_about(shown, speak), Sheet(speak(say("要点")), head, [list(one) for one in shown.headlines])]
    pages = [
        as_page(table, lead(shown.name, shown.word, shown.populations.get(table.population)), speak)
        for table in shown.every_table
    ]
    examples = [_examples(shown, speak)] if shown.sections["examples"] else []
    return [*sheets, *pages, *examples, *(as_sheet(table, speak) for table in shown.every_table)]


def _examples(shown: Shown, speak: Speak) -> Sheet:
    lines: list[list[Cell]] = [
        [
            one["id"],
            one["kind"],
            *(one[name] or speak(LEFT_OUT) for name in ("ministry", "title", "purpose", "goal_text")),
        ]
        for one in shown.sections["examples"]
    ]
    return Sheet(speak(say("成果目標の例")), [speak(one) for one in EXAMPLE], lines)


def _about(shown: Shown, speak: Speak) -> Sheet:
    lines: list[list[Cell]] = [
        [speak(say("回")), shown.name],
        [speak(say("基準日")), shown.as_of],
        [speak(say("状態")), shown.word],
        [speak(say("版")), str(shown.head.number)],
        [speak(say("回答のSHA-256")), shown.answers_sha256],
    ]
    lines += [[speak(say("注")), note] for note in shown.notes]
    lines += [[speak(table.short), speak(note.text)] for table in shown.every_table for note in table.notes]
    return Sheet(speak(say("この集計について")), [speak(say("項目")), speak(say("内容"))], lines)
