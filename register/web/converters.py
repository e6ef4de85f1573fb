"""What a URL may hold beside the converters of the framework."""

from __future__ import annotations

import datetime as dt
import re

from werkzeug.routing import BaseConverter, ValidationError

ROUND_CODE = re.compile(r"(\d{4})-(\d{1,2})(r?)")


class RoundCode(BaseConverter):
    """``2025-2`` as (2025, 2, False): a round is named by its fiscal year and number, a rehearsal ends in ``r``."""

    regex = r"\d{4}-\d{1,2}r?"

    def to_python(self, value: str) -> tuple[int, int, bool]:
        match = ROUND_CODE.fullmatch(value)
        if match is None or match[2].startswith("0"):
            raise ValidationError
        return int(match[1]), int(match[2]), bool(match[3])

    def to_url(self, value: str) -> str:
        return str(value)


class Day(BaseConverter):
    """``2025-12-10`` as that day."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> dt.date:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: dt.date | str) -> str:
        return str(value)
