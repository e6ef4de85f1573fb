"""The process that reads one workbook: the gate first, then the parser, then one line of JSON for each row.

It is started by ``workbook_spare`` and waits for one line: the file in a folder of its own, where the rows go, and the
limits. Without a line it ends.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import math
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, TextIO

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from register.formats import workbook_xls
from register.formats.workbook import REFUSED, ZIP, Limits, Refused, address
from register.formats.workbook_gate import Admitted, admit
from register.formats.workbook_scan import Budget, Facts

ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
EXACT = 2**53  # from here on a float no longer tells whole numbers apart


def main() -> int:
    """Read the file that the one line on standard input names, within the limits that it names."""
    line = sys.stdin.readline()
    if not line:
        return 0
    source, lines, given = json.loads(line)
    limits = Limits(**given)
    _restrict(limits)
    # It reads one file and ends: nothing is worth collecting.
    gc.disable()
    try:
        with Path(lines).open("w", encoding="utf-8") as out:
            _read(Path(source), limits, out)
    except Refused as refused:
        sys.stderr.write(json.dumps([refused.key, refused.params]))
        return REFUSED
    except PasswordError:
        sys.stderr.write(json.dumps(["encrypted", {}]))
        return REFUSED
    return 0


def _restrict(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * limits.unpacked, 2 * limits.unpacked))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(path: Path, limits: Limits, out: TextIO) -> None:
    admitted, source = _admit(path, limits)
    _write(out, {"kind": admitted.kind, "properties": admitted.properties})
    with CalamineWorkbook.from_path(source) as book:
        for index, meta in enumerate(book.sheets_metadata):
            if meta.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(index)
            facts = admitted.sheets.get(meta.name if admitted.kind != "xls" else str(index + 1))
            if facts is None:
                if sheet.start is not None:
                    raise Refused("broken")
                facts = Facts()
            hidden = meta.visible is not SheetVisibleEnum.Visible
            _write(out, _header(meta.name, facts, hidden=hidden))
            for row in _rows(meta.name, sheet, facts, limits):
                _write(out, row)


def _admit(path: Path, limits: Limits) -> tuple[Admitted, Path]:
    """Return what the gate knows, and the file that may be parsed."""
    data = path.read_bytes()
    if not data.startswith(ZIP):
        facts = workbook_xls.scan(data, Budget(limits, len(data)))
        sheets = {str(number): found for number, found in enumerate(facts, start=1)}
        return Admitted("xls", sheets), path.rename(path.with_suffix(".xls"))
    rebuilt = path.with_name("rebuilt")
    with rebuilt.open("wb") as target:
        admitted = admit(data, target, limits)
    # The parser tells the format by the name.
    return admitted, rebuilt.rename(rebuilt.with_suffix(f".{admitted.kind}"))


def _write(out: TextIO, value: object) -> None:
    out.write(ENCODE(value) + "\n")


def _header(name: str, facts: Facts, *, hidden: bool) -> Mapping[str, object]:
    return {
        "name": name,
        "hidden": hidden,
        "formulas": facts.formulas,
        "merged": [(found.first, found.last) for found in facts.merged],
        "hidden_rows": sorted(facts.hidden_rows),
        "hidden_columns": sorted(facts.hidden_columns),
    }


def _rows(name: str, sheet: Any, facts: Facts, limits: Limits) -> Iterator[tuple[int, list[object]]]:
    """Yield the number and the cells of each row that holds something, with the errors that the parser leaves out."""
    errors: dict[int, dict[int, str]] = {}
    for (row, column), text in facts.errors.items():
        errors.setdefault(row, {})[column] = text
    before = [None] * (sheet.start[1] if sheet.start else 0)
    # A failing cell may stand below the last one that the parser knows.
    rows = zip_longest(sheet.iter_rows(), range(max(errors, default=0)), fillvalue=())
    for number, (values, _) in enumerate(rows, start=1):
        cells: list[object] = [*before, *[SHOWN[type(value)](value) for value in values]]
        for column, text in errors.get(number, {}).items():
            cells += [None] * (column - len(cells))
            cells[column - 1] = {"e": text}
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            _bound(name, number, cells, limits)
            yield number, cells


def _bound(name: str, number: int, cells: list[object], limits: Limits) -> None:
    for column, cell in enumerate(cells, start=1):
        if isinstance(cell, str) and len(cell) > limits.text:
            raise Refused("text", sheet=name, cell=address(number, column), limit=limits.text)


def _number(value: float) -> object:
    if not math.isfinite(value):
        return {"e": "#NUM!"}
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def _span(value: dt.timedelta) -> str:
    """Return a length of time as spreadsheets show it: 241:10:10."""
    seconds = round(value.total_seconds())
    minutes, hours = abs(seconds) // 60, abs(seconds) // 3600
    return f"{'-' if seconds < 0 else ''}{hours}:{minutes % 60:02}:{abs(seconds) % 60:02}"


SHOWN: Mapping[type, Callable[[Any], object]] = {
    str: lambda value: value or None,
    float: _number,
    int: int,
    bool: bool,
    dt.date: lambda value: {"d": value.isoformat()},
    dt.datetime: lambda value: {"t": value.isoformat()},
    dt.time: lambda value: value.isoformat(timespec="seconds"),
    dt.timedelta: _span,
}


if __name__ == "__main__":
    sys.exit(main())
