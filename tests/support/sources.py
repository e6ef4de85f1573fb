"""The project's own text files, for the tests that hold the house rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CODE = ("app.py", "register", "config", "migrations", "bench")
EVERYTHING = (
    *CODE,
    "tests",
    "templates",
    "tools",
    "translations",
    "docs",
    ".ci",
    "Makefile",
    "README.md",
    "babel.cfg",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
    ".gitignore",
)
TEXT = {"", ".cfg", ".css", ".csv", ".html", ".js", ".json", ".mako", ".md", ".po", ".py", ".sh", ".toml", ".txt"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*places: str, suffix: str | None = None) -> Iterator[Path]:
    """Yield the files under ``places`` (folders or files, from the root), those with ``suffix`` when one is given."""
    for place in places:
        start = ROOT / place
        found = sorted(start.rglob("*")) if start.is_dir() else [start]
        for path in found:
            if path.is_file() and "__pycache__" not in path.parts and suffix in (None, path.suffix):
                yield path


def python(*places: str) -> Iterator[Path]:
    """Yield the Python files under ``places``."""
    return files(*places, suffix=".py")


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed module."""
    return ast.parse(path.read_text(), filename=str(path))


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a module, the inner ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def length(node: Function) -> int:
    """Return how many lines a function takes, its decorators left out."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def place(path: Path, line: int | None = None) -> str:
    """Return how a finding names its place."""
    name = path.relative_to(ROOT).as_posix()
    return f"{name}:{line}" if line else name
