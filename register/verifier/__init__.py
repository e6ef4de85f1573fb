"""The program that an evidence pack carries, so that it can be checked without the register.

It is written in parts, like everything else here, and carried as one file: ``program`` joins them. The parts import
nothing of the register but each other, and of Python 3.9 the standard library alone; no name stands in two of them.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent
# In the order in which each finds what it needs. The last is the one that is called.
PARTS = (
    "words", "findings", "canonical", "sources", "pdf", "manifest", "chain", "pack", "figures", "audit", "issued",
    "signatures", "main",
)  # fmt: skip


@cache
def program() -> bytes:
    """Return the verifier as one file, the same bytes each time."""
    imports: set[str] = set()
    bodies = []
    for name in PARTS:
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        tree = ast.parse(text)
        heading = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        imports.update(line for node in heading for line in _outside(node))
        body = "".join(text.splitlines(keepends=True)[heading[-1].end_lineno :]).strip()
        told = ast.get_docstring(tree) or ""
        bodies.append(f"# {'-' * 118}\n# {told.partition(chr(10))[0]}\n\n{body}\n")
    head = f'#!/usr/bin/env python3\n"""{told}\n"""\n\nfrom __future__ import annotations\n'
    return "\n\n".join([f"{head}\n" + "\n".join(sorted(imports)), *bodies]).encode()


def _outside(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield each name that is imported from elsewhere, as a line of its own."""
    for one in node.names:
        if isinstance(node, ast.Import):
            yield f"import {one.name}"
        elif node.module != "__future__" and not str(node.module).startswith(f"{__name__}."):
            yield f"from {node.module} import {one.name}"


def readme(**told: object) -> bytes:
    """Return the text that explains a pack, in Japanese and then in English; ``told`` fills its places."""
    text = Template((FOLDER / "README.txt").read_text(encoding="utf-8"))
    own = f"verify.py  SHA-256  {hashlib.sha256(program()).hexdigest()}"
    return text.substitute(told, program=own).encode()
