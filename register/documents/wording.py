"""What people wrote, made fit for print: of any length and out of any characters.

``{{ text|told }}`` takes the place of ``{{ text }}`` between the tags of a document, never inside one. It escapes as
Jinja does, leaves out what nobody can see, cuts what is too long with a visible sentence, and marks places to break a
line. Without these WeasyPrint lays out all that is left of a text for every line that it has to break inside a word:
20,000 letters without a blank take 17 s in a cell of a table, and 1.5 s with them.

A text never becomes markup and never names anything to load; the attached data keep it as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from register.errors import Say, say
from register.formats.pdf_fonts import SELECTOR, covered

# No form takes more than 8,000 characters.
LONGEST = 10_000
MOST_LINES = 1000  # 25 pages
MOST_MARKS = 4  # on one letter; Vietnamese needs two
WORD = 8  # letters that the narrowest column may not take on one line
PIECE = 64  # letters between two places to break in what has none; a SHA-256 stays whole
MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f]"
WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe00-\ufe6f\uff00-\uffef\U0001f000-\U000effff"
# Wide characters that begin no line.
CLOSING = "、。，．・：；？！゛゜ヽヾゝゞ々ー’”）〕］｝〉》」』】〙〗〟ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％"
STACK = re.compile(f"({MARK}{{{MOST_MARKS}}}){MARK}+")
RUN = re.compile(rf"([^\s{WIDE}]{{{WORD},}}+)[{CLOSING}]*+[^\S\n]*+")
PIECES = re.compile(f".{{1,{PIECE}}}{MARK}*+")
JOINED = re.compile(f"{MARK}|{SELECTOR.pattern}")


@dataclass(frozen=True)
class Printable:
    """A text as it is printed; ``of`` is how many characters it has that can be seen, 0 when it was not cut."""

    text: str
    of: int = 0


def printable(text: str) -> Printable:
    """Return what of a text is printed."""
    whole = STACK.sub(r"\1", covered(text))
    end = len(whole)
    if end > LONGEST:
        end = LONGEST
        while JOINED.match(whole, end):
            end -= 1
    lines = whole[:end].split("\n", MOST_LINES)
    cut = "\n".join(lines[:MOST_LINES])
    return Printable(whole) if cut == whole else Printable(cut.rstrip(), len(whole))


def teller(speak: Callable[[Say], str], language: str) -> Callable[..., Markup]:
    """Return the filter ``told`` of a document in ``language``; ``speak`` writes its sentences.

    ``told(attached=false)`` says of a text that is cut that the whole of it stands in the register: where the data that
    are attached to the document do not hold it. ``told(breaks=true)`` keeps its lines apart without a style that does.
    """

    def told(text: object, *, attached: bool = True, breaks: bool = False) -> Markup:
        found = printable(str(text))
        body = _breakable(found.text)
        if breaks:
            body = body.replace("\n", Markup("<br>"))
        if not found.of:
            return body
        count = f"{found.of:,}"
        there = (
            say("［以下省略。全文は添付のデータにあります（全%(count)s文字）。］", count=count)
            if attached
            else say("［以下省略。全文は台帳にあります（全%(count)s文字）。］", count=count)
        )
        return Markup('{}<br><span lang="{}">{}</span>').format(body, language, speak(there))

    return told


def _breakable(text: str) -> Markup:
    """Return the escaped text with a place to break behind every long word, and within those that are no words."""
    nodes = [""]
    at = 0
    for run in RUN.finditer(text):
        first, *rest = PIECES.findall(run[1])
        nodes[-1] += text[at : run.start()] + first
        nodes += rest
        at = run.end()
        nodes[-1] += text[run.end(1) : at]
        nodes.append("")
    nodes[-1] += text[at:]
    return Markup("<wbr>").join(nodes if nodes[-1] else nodes[:-1])
