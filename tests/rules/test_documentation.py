"""What the pages for people say agrees with what the project does."""

from __future__ import annotations

import re
import tomllib

from config.settings import Settings
from tests.support import sources

README_LINES = 60


def read(name: str) -> str:
    """Return the text of a file from the root."""
    return (sources.ROOT / name).read_text()


def test_the_readme_is_one_screen() -> None:
    assert len(read("README.md").splitlines()) <= README_LINES


def test_the_commands_of_the_makefile_are_told() -> None:
    told = read("README.md") + read("docs/operations.md")
    commands = re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE)
    assert len(commands) > 5
    assert [name for name in commands if name != "help" and f"make {name}" not in told] == []


def test_no_command_is_told_that_is_not_there() -> None:
    commands = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    told = set(re.findall(r"`(?:\w+=\S+ )*make ([a-z-]+)", read("README.md") + read("docs/operations.md")))
    assert told <= commands


def test_every_setting_is_documented() -> None:
    manual = read("docs/operations.md")
    names = [f"REGISTER_{name.upper()}" for name in Settings.model_fields]
    assert [name for name in names if f"`{name}`" not in manual] == []


def test_the_files_that_the_readme_names_exist() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", read("README.md"))
    assert [name for name in linked if "://" not in name and not (sources.ROOT / name).exists()] == []


def test_the_demo_accounts_of_the_readme_are_those_that_are_made() -> None:
    made = tomllib.loads(read("config/demo/accounts.toml"))
    told = re.search(r"\*\*Demo accounts\*\*(.*?)\n\n", read("README.md"), re.DOTALL)
    assert told is not None
    names = re.findall(r"`([a-z.]+)`", told[1])
    assert sorted(f"{name}@demo.example" for name in names) == sorted(one["email"] for one in made["accounts"])
    assert f"`{made['password']}`" in told[1]
