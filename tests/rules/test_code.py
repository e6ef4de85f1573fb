"""House rules that the linters do not know: where imports, commits and docstrings stand."""

from __future__ import annotations

import ast
import re

from tests.support import sources

# The edges: they commit once, after everything; services, queries and models never do.
MAY_COMMIT = re.compile(r"register/(web/(guard|session)\.py|web/(guard|session)/.*|cli\.py|cli/.*|jobs/.*)")


def test_every_import_stands_at_the_top() -> None:
    inner = [
        sources.place(path, node.lineno)
        for path in sources.python(*sources.CODE)
        for function in sources.functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inner == []


def test_only_the_edges_commit() -> None:
    commits = [
        sources.place(path, node.lineno)
        for path in sources.python("register")
        if not MAY_COMMIT.fullmatch(sources.place(path))
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert commits == []


def test_only_the_edges_open_a_transaction() -> None:
    inner = ("services", "queries", "reports", "audit", "authz", "models", "formspec", "formats", "states")
    opened = [
        sources.place(path, node.lineno)
        for path in sources.python(*(f"register/{name}" for name in inner))
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "writing"
    ]
    assert opened == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        sources.place(path)
        for path in sources.python(*sources.CODE, "tests")
        if path.read_text().strip() and not ast.get_docstring(sources.tree(path))
    ]
    assert silent == []


def test_every_public_function_and_class_says_what_it_is_for() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    silent = [
        f"{sources.place(path, node.lineno)} {node.name}"
        for path in sources.python("register", "config", "bench")
        for node in sources.tree(path).body
        if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
    found = [
        sources.place(path, number)
        for path in sources.files(*sources.CODE, "tests", "templates", "tools")
        if path.suffix in {".py", ".html", ".sh"}
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_silenced_findings_name_what_they_silence() -> None:
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)(?![:\[])")
    found = [
        sources.place(path, number)
        for path in sources.python(*sources.CODE, "tests")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []
