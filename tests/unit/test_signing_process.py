"""Signing and checking in a child: the same answers, no library in the parent, and limits for what is hostile."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings
from register.errors import Unusable
from register.formats import demo_ca, pdf_verify
from register.formats.pdf_process import Limits
from register.formats.signing import SigningConfig, StampAway, Verdict, demo_config
from register.formats.signing_process import (
    check_detached_in_child,
    check_in_child,
    held_in_child,
    seal_in_child,
    sign_in_child,
)
from register.formats.signing_trust import trust_of
from register.runtime import signing_config
from tests.support.seals import LATER, NOW, unsigned

LIGHT = "import sys, register.formats.signing_process, register.runtime; sys.exit('pyhanko' in sys.modules)"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> SigningConfig:
    """The demo's keys."""
    return demo_ca.make(tmp_path_factory.mktemp("keys") / "demo", NOW, 2048)


def test_the_parent_loads_no_library() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


def test_a_child_signs_and_checks(demo: SigningConfig) -> None:
    pdf = seal_in_child(unsigned(), demo, NOW)
    assert pdf.startswith(unsigned())
    found = check_in_child(pdf, trust_of(demo), LATER)
    assert found.valid
    assert found == pdf_verify.check(pdf, trust_of(demo), LATER)


def test_a_child_signs_beside_the_data(demo: SigningConfig) -> None:
    signature = sign_in_child(b"data", demo, NOW)
    assert check_detached_in_child(b"data", signature, trust_of(demo), LATER).valid


def test_a_child_tells_of_the_certificate(demo: SigningConfig) -> None:
    held = held_in_child(demo)
    assert held is not None
    assert (held.name, held.valid_from < NOW < held.valid_until) == (demo_ca.SIGNER, True)
    assert held_in_child(SigningConfig()) is None


def test_what_a_child_refuses_is_raised(demo: SigningConfig) -> None:
    with pytest.raises(Unusable, match="REGISTER_SIGNING_PASSPHRASE"):
        seal_in_child(unsigned(), replace(demo, passphrase="other"), NOW)
    with pytest.raises(StampAway) as caught:
        seal_in_child(unsigned(), replace(demo, tsa_url="http://127.0.0.1:9/"), NOW)
    assert "タイムスタンプ局" in str(caught.value.sentence)
    assert caught.value.detail


def test_a_file_that_is_too_much_is_broken(demo: SigningConfig) -> None:
    # Less than the library itself needs.
    found = check_in_child(unsigned(), trust_of(demo), NOW, Limits(cpu=0))
    assert found.verdict is Verdict.BROKEN
    assert "exit" in found.reason
    found = check_in_child(unsigned(), trust_of(demo), NOW, Limits(wall=0))
    assert (found.verdict, found.reason) == (Verdict.BROKEN, "timeout")


def test_settings_name_the_key(tmp_path: Path) -> None:
    given = Settings(
        signing_key_file=tmp_path / "key",
        signing_passphrase="swordfish",
        signing_roots=[tmp_path / "a", tmp_path / "b"],
        signing_pkcs11_pin="pin",
        tsa_url="http://tsa.example.go.jp",
        demo=True,
    )
    config = signing_config(given)
    assert config == SigningConfig(
        key_file=tmp_path / "key",
        passphrase="swordfish",
        roots=(tmp_path / "a", tmp_path / "b"),
        pkcs11_pin="pin",
        tsa_url="http://tsa.example.go.jp",
    )
    assert "swordfish" not in repr(given)
    assert not signing_config(Settings()).signs


def test_the_demo_without_a_key_signs_with_its_own(tmp_path: Path) -> None:
    assert signing_config(Settings(demo=True, signing_demo_folder=tmp_path)) == demo_config(tmp_path)


def test_every_setting_reaches_the_configuration() -> None:
    names = {name for name in Settings.model_fields if name.startswith(("signing_", "tsa_"))}
    asked: set[str] = set()

    class Given(Settings):
        def __getattribute__(self, name: str) -> object:
            asked.add(name)
            return super().__getattribute__(name)

    signing_config(Given())
    signing_config(Given(demo=True))
    assert names <= asked
