"""Nothing grows past what one can read at once."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support import sources

FILE_LINES = 400
FUNCTION_LINES = 60
VIEW_LINES = 25
LONG_SHARE = 0.1
LONG_LINES = 30
HTTP_METHODS = {"route", "get", "post", "put", "delete", "patch"}


def test_no_file_is_longer_than_the_ceiling() -> None:
    # A migration is a record that nobody edits: it is as long as the step it takes.
    code = (path for path in sources.python(*sources.CODE, "tests") if "versions" not in path.parts)
    own = [*code, *sources.files("templates", "tools")]
    own += [path for path in sources.files("register/web/static", "register/static") if "vendor" not in path.parts]
    lengths = {sources.place(path): len(path.read_text().splitlines()) for path in own if path.suffix in sources.TEXT}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_the_ceiling() -> None:
    long = [
        f"{sources.place(path, node.lineno)} {node.name}: {sources.length(node)} lines"
        for path in sources.python(*sources.CODE, "tests")
        if "versions" not in path.parts
        for node in sources.functions(path)
        if sources.length(node) > FUNCTION_LINES
    ]
    assert long == []


def test_nine_of_ten_functions_are_short() -> None:
    lengths = [sources.length(node) for path in sources.python("register") for node in sources.functions(path)]
    assert sum(lines > LONG_LINES for lines in lengths) <= LONG_SHARE * len(lengths)


def is_view(node: sources.Function) -> bool:
    """Return whether a route stands on the function."""
    calls = (item.func for item in node.decorator_list if isinstance(item, ast.Call))
    return any(isinstance(func, ast.Attribute) and func.attr in HTTP_METHODS for func in calls)


def views(path: Path) -> list[sources.Function]:
    """Return the views of a module."""
    return [node for node in sources.functions(path) if is_view(node)]


def test_no_view_is_longer_than_the_ceiling() -> None:
    found = [(path, node) for path in sources.python("register/web") for node in views(path)]
    assert found, "no view was found: the way of finding them is out of date"
    long = [sources.place(path, node.lineno) for path, node in found if sources.length(node) > VIEW_LINES]
    assert long == []
