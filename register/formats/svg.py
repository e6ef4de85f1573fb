"""Charts as SVG text, the same string for the page and for the PDF: bars, stacked bars, lines and flows.

What every chart keeps: a white plate, ``<title>`` (a full sentence: it becomes the alternative text of the PDF) and
``<desc>``, text as text, a hatch beside each colour, the number at each bar, the name of each series beside it, no
style attribute (the pages forbid them), and ids that start with the caller's ``key`` so that several charts can share
a page. The caller prints the table of the same numbers next to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from register.formats import printable

Number = int | float
MAX_SERIES = 5
WIDTH, MARGIN, TEXT, SMALL = 680, 12, 13, 12
LABELS = 220  # the column of names
BAR, GAP = 24, 14
PLATE_EDGE, PLATE_HEIGHT = 3, 16
WAYS = 60  # how many places of a band its number may take
INK, RULE, PLATE = "#1a1a1a", "#767676", "#ffffff"
FONT = "Noto Sans JP, BIZ UDPGothic, sans-serif"
KEY = re.compile(r"[a-z][a-z0-9-]*")
NO_LINE_START = "、。，．・：；？！）］｝」』】〉》〕ーぁぃぅぇぉっゃゅょァィゥェォッャュョ,.)]}"
# Ground and stroke of each series, dark and light in turn so that neighbours differ without colour too.
FILLS = (
    ("#264af4", ""),
    ("#e8f1fe", '<path d="M0 8L8 0" stroke="#0017c1" stroke-width="1.6"/>'),
    ("#7096f8", '<circle cx="4" cy="4" r="1.6" fill="#000060"/>'),
    ("#ffffff", '<path d="M0 4H8" stroke="#0017c1" stroke-width="1.6"/>'),
    ("#c5d7fb", '<path d="M4 0V8M0 4H8" stroke="#000082" stroke-width="1"/>'),
)
STROKES = (("#264af4", ""), ("#000060", "8 4"), ("#555555", "2 4"), ("#0017c1", "10 4 2 4"), ("#1a1a1a", "14 4"))


@dataclass(frozen=True)
class Series:
    """One run of numbers under one name; ``values`` stand in the order of the chart's categories."""

    label: str
    values: Sequence[Number]


@dataclass(frozen=True)
class Link:
    """A share of a flow: ``value`` goes from the left name to the right name (their positions)."""

    source: int
    target: int
    value: Number


def bars(key: str, title: str, desc: str, items: Sequence[tuple[str, Number]], *, unit: str = "") -> str:
    """Return horizontal bars, one for each name, with its number at the end."""
    series = [Series("", [value for _, value in items])]
    return stacked_bars(key, title, desc, [label for label, _ in items], series, unit=unit)


def stacked_bars(
    key: str, title: str, desc: str, categories: Sequence[str], series: Sequence[Series], *, unit: str = ""
) -> str:
    """Return horizontal stacked bars: a number in each part (behind the bar where it is too narrow) and the total."""
    _check(key, series, len(categories))
    totals = [_total(series, row) for row in range(len(categories))]
    room = WIDTH - 2 * MARGIN - LABELS - 8
    fits = [(room - measure(f"{_number(total)}{unit}", TEXT)) / total for total in totals if total]
    scale = min(fits, default=1)
    body, y = _legend(key, series, MARGIN) if len(series) > 1 else ([], MARGIN)
    left, top = MARGIN + LABELS, y
    for row, category in enumerate(categories):
        names = wrap(category, LABELS - 10)
        height = max(BAR, len(names) * (TEXT + 3))
        bar, x = _row(key, series, row, left, y + (height - BAR) / 2, scale)
        total, note = f"{_number(totals[row])}{unit}", _outside(series, row, scale)
        if note and x + 6 + measure(total + note, TEXT) <= WIDTH - MARGIN:
            total, note = total + note, ""
        below = wrap(note, room) if note else []
        body += [*_lines(names, left - 10, y + height / 2, "end"), *bar, _text(x + 6, y + height / 2 + 5, total)]
        body += _lines(below, left + 6, y + height + 8, "start", down=True)
        y += height + len(below) * (TEXT + 3) + GAP
    body.append(f'<path d="M{left} {_n(top - 4)}V{_n(y - GAP + 4)}" stroke="{RULE}" stroke-width="1"/>')
    return _svg(key, title, desc, y - GAP + MARGIN, len(series), body)


def _total(series: Sequence[Series], row: int) -> Number:
    return sum(one.values[row] for one in series)


def _fits(series: Sequence[Series], value: Number, scale: float) -> bool:
    """Whether a part of a stack is wide enough for its number."""
    return len(series) > 1 and value * scale >= measure(_number(value), SMALL) + 10


def _outside(series: Sequence[Series], row: int, scale: float) -> str:
    """Return the numbers that did not fit into their parts, with their names."""
    values = [(one.label, one.values[row]) for one in series]
    parts = [f"{name} {_number(value)}" for name, value in values if value and not _fits(series, value, scale)]
    if not parts or len(series) < 2:
        return ""
    return f"（{'、'.join(parts)}）" if _is_wide("".join(parts)) else f" ({', '.join(parts)})"


def _is_wide(text: str) -> bool:
    """Whether the text is Japanese, and its brackets are full-width therefore."""
    return any(unicodedata.east_asian_width(char) in "FW" for char in text)


def _row(key: str, series: Sequence[Series], row: int, left: float, y: float, scale: float) -> tuple[list[str], float]:
    """Return the parts of one bar and where it ends."""
    parts: list[str] = []
    x = left
    for number, one in enumerate(series):
        value = one.values[row]
        if value:
            parts.append(_rect(key, number, x, y, value * scale, BAR))
        if _fits(series, value, scale):
            parts.append(_plated(x + value * scale / 2, y + BAR / 2, _number(value)))
        x += value * scale
    return parts, x


def lines(
    key: str, title: str, desc: str, categories: Sequence[str], series: Sequence[Series], *, unit: str = ""
) -> str:
    """Return lines over the categories from left to right, each with its numbers and its name at its end."""
    _check(key, series, len(categories))
    top, height, left, right = MARGIN + 24, 240, MARGIN + 40, WIDTH - MARGIN - 170
    highest = max([value for one in series for value in one.values] + [0]) or 1
    step = (right - left) / max(len(categories) - 1, 1)
    base = top + height
    body = [f'<path d="M{left - 14} {base}H{right + 14}" stroke="{RULE}" stroke-width="1"/>']
    for place, category in enumerate(categories):
        body += _lines(wrap(category, max(step - 6, TEXT * 4)), left + place * step, base + 14, "middle", down=True)
    ends: list[float] = []
    for number, one in enumerate(series):
        points = [(left + place * step, base - value / highest * height) for place, value in enumerate(one.values)]
        body.append(_line(points, number))
        if points:
            ends.append(_free(points[-1][1] + 5, ends))
            body.append(_text(points[-1][0] + 40, ends[-1], one.label))
    for place in range(len(categories)):
        taken: list[float] = []
        for value in sorted(one.values[place] for one in series):
            taken.append(_free(base - value / highest * height - 14, taken, -2))
            body.append(_plated(left + place * step, taken[-1], f"{_number(value)}{unit}"))
    return _svg(key, title, desc, base + 3 * (TEXT + 4) + MARGIN, 0, body)


def flow(
    key: str, title: str, desc: str, left: Sequence[str], right: Sequence[str], links: Sequence[Link], *, unit: str = ""
) -> str:
    """Return what goes from each name on the left to each name on the right, as bands as thick as their value."""
    _check(key, [], 0)
    amount = sum(link.value for link in links)
    rows = max(len(left), len(right), 1)
    space, thick = 26, max(160, rows * 40) / (amount or 1)
    columns = (MARGIN + 190, WIDTH - MARGIN - 190)
    starts = [_stack([link.source for link in links], links, len(left), thick, space)]
    starts.append(_stack([link.target for link in links], links, len(right), thick, space))
    bands: list[_Band] = []
    offsets = [list(places) for places in starts]
    for link in sorted(links, key=lambda link: (link.source, link.target)):
        y1, y2, width = offsets[0][link.source], offsets[1][link.target], link.value * thick
        offsets[0][link.source] += width
        offsets[1][link.target] += width
        bands.append(_Band(link, columns, (y1, y2), width))
    body = [band.drawn(key) for band in bands] + _numbered(bands)
    for side, names in enumerate((left, right)):
        for place, name in enumerate(names):
            total = sum(link.value for link in links if (link.target if side else link.source) == place)
            y, width = starts[side][place], max(total * thick, 2)
            body.append(f'<rect x="{columns[side] - 4}" y="{_n(y)}" width="8" height="{_n(width)}" fill="#000060"/>')
            x, anchor = (columns[1] + 12, "start") if side else (columns[0] - 12, "end")
            body += _lines(wrap(f"{name} ({_number(total)}{unit})", 176), x, y + width / 2, anchor)
    bottom = MARGIN + 10 + amount * thick + (rows - 1) * space
    return _svg(key, title, desc, bottom + 2 * MARGIN + 8, MAX_SERIES, body)


def _stack(ends: Sequence[int], links: Sequence[Link], count: int, thick: float, space: float) -> list[float]:
    """Return where each name of one side begins."""
    y, places = float(MARGIN + 10), []
    for place in range(count):
        places.append(y)
        y += sum(link.value for end, link in zip(ends, links, strict=True) if end == place) * thick + space
    return places


@dataclass(frozen=True)
class _Band:
    """The band of a link: between which two columns, how high it is at both, how thick."""

    link: Link
    columns: tuple[int, int]
    tops: tuple[float, float]
    width: float

    def drawn(self, key: str) -> str:
        (x1, x2), (y1, y2), width = self.columns, self.tops, self.width
        middle = (x1 + x2) / 2
        path = (
            f"M{x1} {_n(y1)}C{_n(middle)} {_n(y1)} {_n(middle)} {_n(y2)} {x2} {_n(y2)}V{_n(y2 + width)}"
            f"C{_n(middle)} {_n(y2 + width)} {_n(middle)} {_n(y1 + width)} {x1} {_n(y1 + width)}Z"
        )
        fill = f"url(#{key}-p{1 + self.link.source % (MAX_SERIES - 1)})"
        return f'<path d="{path}" fill="{fill}" stroke="#000060" stroke-width="0.8"/>'

    def point(self, share: float) -> tuple[float, float]:
        """Return the middle of the band at this share of its way from left to right."""
        (x1, x2), (y1, y2) = self.columns, self.tops
        back = 1 - share
        x = x1 * back**3 + 1.5 * (x1 + x2) * share * back + x2 * share**3
        y = y1 * (back**3 + 3 * back**2 * share) + y2 * (share**3 + 3 * back * share**2)
        return x, y + self.width / 2


def _numbered(bands: Sequence[_Band]) -> list[str]:
    """Return the number of each band on the band itself, where it covers no other: thick bands first, near the left."""
    taken: list[tuple[float, float, float]] = []
    numbers: list[str] = []
    for band in sorted(bands, key=lambda band: -band.width):
        text = _number(band.link.value)
        half = measure(text, SMALL) / 2 + PLATE_EDGE
        x, y = _clearest([band.point(step / WAYS) for step in range(1, WAYS)], half, band.columns, taken)
        taken.append((x, y, half))
        numbers.append(_plated(x, y, text))
    return numbers


def _clearest(
    points: Sequence[tuple[float, float]],
    half: float,
    columns: tuple[int, int],
    taken: Sequence[tuple[float, float, float]],
) -> tuple[float, float]:
    """Return the first point where a plate covers none that is there; on a chart too crowded, where it covers least."""

    def covered(point: tuple[float, float]) -> float:
        x, y = point
        sides = [min(half + other + 2 - abs(x - x2), PLATE_HEIGHT + 2 - abs(y - y2)) for x2, y2, other in taken]
        return max([0.0, columns[0] + 6 + half - x, x - columns[1] + 6 + half, *sides])

    return min(points, key=covered)


def _check(key: str, series: Sequence[Series], count: int) -> None:
    if not KEY.fullmatch(key):
        raise ValueError("the key of a chart is made of a-z, 0-9 and hyphens")
    if len(series) > MAX_SERIES:
        raise ValueError(f"a chart shows at most {MAX_SERIES} series")
    for one in series:
        if len(one.values) != count or any(value < 0 for value in one.values):
            raise ValueError(f"series {one.label!r} needs {count} values, none of them negative")


def _svg(key: str, title: str, desc: str, height: float, fills: int, body: Sequence[str]) -> str:
    patterns = "".join(
        f'<pattern id="{key}-p{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{ground}"/>{marks}</pattern>'
        for number, (ground, marks) in enumerate(FILLS[:fills])
        if marks
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="chart" viewBox="0 0 {WIDTH} {_n(height)}" '
        f'width="{WIDTH}" height="{_n(height)}" aria-labelledby="{key}-title {key}-desc" '
        f'font-family="{FONT}" font-size="{TEXT}" fill="{INK}">'
        f'<title id="{key}-title">{_safe(title)}</title><desc id="{key}-desc">{_safe(desc)}</desc>'
        f'<defs>{patterns}</defs><rect width="{WIDTH}" height="{_n(height)}" fill="{PLATE}"/>{"".join(body)}</svg>'
    )


def _legend(key: str, series: Sequence[Series], y: float) -> tuple[list[str], float]:
    """Return the names of the series with their hatch, right above the bars, and where the bars may begin."""
    body: list[str] = []
    x = float(MARGIN + LABELS)
    for number, one in enumerate(series):
        width = 24 + measure(one.label, TEXT) + 18
        if x > MARGIN + LABELS and x + width > WIDTH - MARGIN:
            x, y = float(MARGIN + LABELS), y + 22
        body += [_rect(key, number, x, y, 18, 14), _text(x + 24, y + 12, one.label)]
        x += width
    return body, y + 30


def _rect(key: str, number: int, x: float, y: float, width: float, height: float) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    ground, marks = FILLS[number]
    # A plain ground as a pattern shows its seams in some viewers.
    fill = f"url(#{key}-p{number})" if marks else ground
    return f'<rect {place} fill="{fill}" stroke="#000060" stroke-width="1"/>'


def _plated(x: float, y: float, text: str) -> str:
    """Return the text on a white plate, so that no hatch runs through it."""
    width = measure(text, SMALL) + 2 * PLATE_EDGE
    place = f'x="{_n(x - width / 2)}" y="{_n(y - PLATE_HEIGHT / 2)}" width="{_n(width)}" height="{PLATE_HEIGHT}"'
    return f'<rect {place} rx="2" fill="{PLATE}"/>{_text(x, y + 4, text, "middle", SMALL)}'


def _line(points: Sequence[tuple[float, float]], number: int) -> str:
    colour, dash = STROKES[number]
    path = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    dots = "".join(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="4" fill="{colour}"/>' for x, y in points)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.5"{dashes}/>{dots}' if points else ""


def _free(wanted: float, taken: Sequence[float], step: int = 2) -> float:
    """Return the nearest place, going down (or up by a negative step), where no other text stands."""
    while any(abs(wanted - other) < TEXT + 3 for other in taken):
        wanted += step
    return wanted


def _lines(texts: Sequence[str], x: float, y: float, anchor: str, *, down: bool = False) -> list[str]:
    """Return the lines of one text, centred on the height ``y`` or going down from it."""
    first = y + TEXT / 2 if down else y - (len(texts) - 1) * (TEXT + 3) / 2 + 5
    return [_text(x, first + number * (TEXT + 3), text, anchor) for number, text in enumerate(texts)]


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = TEXT) -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{size}">{_safe(text)}</text>'


def wrap(text: str, width: float) -> list[str]:
    """Return the text in lines of this width; no line begins with a closing mark, no Latin word is cut."""
    found: list[str] = []
    line = ""
    for part in re.findall(r"[!-~]+|.", printable(text).replace("\n", " ")):
        if line and measure(line + part, TEXT) > width and part[0] not in NO_LINE_START:
            found.append(line.strip())
            line = ""
        line += part
    return [*found, line.strip()]


def measure(text: str, size: int) -> float:
    """Return about how wide the text is: a full-width character is one em."""
    return sum(size if unicodedata.east_asian_width(char) in "FWA" else size * 0.57 for char in text)


def _number(value: Number) -> str:
    return f"{value:,}"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _safe(text: str) -> str:
    return escape(printable(text))
