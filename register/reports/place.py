"""Where a figure of a report stands: the name under which it can be opened, compared and found fault with."""

from __future__ import annotations

from dataclasses import dataclass

# The tables that hold what stands outside the cross-tables: sentences, populations, and what these leave out.
HEADLINES, POPULATIONS, EXCLUSIONS = "headlines", "populations", "exclusions"
NUMERATOR, DENOMINATOR = "numerator", "denominator"
# A row of the cases that answered none of a table's rows (its columns are fields), and of a row the part that is blank.
UNANSWERED = "unanswered"
# The ministries that a row counts beside its cases.
MINISTRIES = "ministries"


@dataclass(frozen=True)
class Place:
    """A figure of a report by the codes of its table, row and column."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}:{self.row}:{self.column}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Return the place that ``str`` wrote; one that names nothing where the text is no place."""
        table, _, rest = text.partition(":")
        row, _, column = rest.partition(":")
        return cls(table, row, column)
