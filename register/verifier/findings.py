"""What the checks found, said line by line, and the exit code that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from register.verifier.words import NOTES, SENTENCES

MOST_SHOWN = 10


class Refused(Exception):
    """What was given is not looked into: the reason, as it is shown."""


class Findings:
    """What the checks found, told as they go: ``wrong`` are the codes of those that are not OK."""

    def __init__(self, language: str, tell: Callable[[str], object]) -> None:
        self.place = 0 if language == "ja" else 1
        self.tell = tell
        self.done: list[str] = []
        self.wrong: list[str] = []

    def note(self, code: str, what: object = "") -> None:
        """Say something without a verdict."""
        self.tell(f"[--] {NOTES[code][self.place] % {'what': what}}")

    def check(self, code: str, problems: Iterable[str], n: int = 0) -> bool:
        """Say what came of a check: it is OK where there are no problems; each names where it lies."""
        found = list(problems)
        self.done.append(code)
        if not found:
            self.tell(f"[OK] {SENTENCES[code][self.place] % {'n': n}}")
            return True
        self.wrong.append(code)
        self.tell(f"[NG] {SENTENCES[code][2 + self.place] % {'n': n}}")
        for one in found[:MOST_SHOWN]:
            self.tell(f"       - {shown(one)}")
        if len(found) > MOST_SHOWN:
            self.tell(f"       - {NOTES['more'][self.place] % {'what': len(found) - MOST_SHOWN}}")
        return False

    def end(self) -> int:
        """Say the result and return the exit code."""
        code = "bad" if self.wrong else "good"
        self.tell(NOTES[code][self.place] % {"what": len(self.wrong or self.done)})
        return 1 if self.wrong else 0


def shown(text: object) -> str:
    """Return a text that may come from the pack as it may stand on a terminal: printable, and not long."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))[:300]


def why(error: BaseException) -> str:
    """Return what an exception says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
