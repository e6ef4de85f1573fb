"""The settings of one installation, from the environment (``REGISTER_*``); docs/operations.md explains each."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from register.errors import Unusable

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every default is valid in production; what has no safe default is absent until somebody sets it."""

    model_config = SettingsConfigDict(env_prefix="REGISTER_", frozen=True)

    database_url: str = f"sqlite:///{ROOT / 'var' / 'register.sqlite3'}"
    secret_key: SecretStr | None = None
    files_url: str = str(ROOT / "var" / "files")
    public_url: str = ""
    cookie_secure: bool = True
    trusted_hosts: list[str] = []
    proxy_hops: int = 0
    session_minutes: int = 30
    job_seconds: float = 2.0
    demo: bool = False

    mail_url: SecretStr | None = None
    mail_from: str = ""
    mail_seconds: float = 30.0

    webhook_hosts: list[str] = []
    webhook_networks: list[str] = []
    webhook_seconds: float = 10.0

    signing_key_file: Path | None = None
    signing_passphrase: SecretStr | None = None
    signing_cert_file: Path | None = None
    signing_pkcs11_module: Path | None = None
    signing_pkcs11_token: str | None = None
    signing_pkcs11_key: str | None = None
    signing_pkcs11_certificate: str | None = None
    signing_pkcs11_pin: SecretStr | None = None
    signing_roots: list[Path] = []
    signing_crls: list[Path] = []
    signing_demo_folder: Path = ROOT / "var" / "demo-signing"
    tsa_url: str | None = None
    tsa_seconds: float = 10.0
    tsa_roots: list[Path] = []

    config_dir: Path = ROOT / "config"
    migrations_dir: Path = ROOT / "migrations"
    templates_dir: Path = ROOT / "templates"
    translations_dir: Path = ROOT / "translations"


def settings() -> Settings:
    """Return the settings of the environment; raise ``Unusable`` with every one that cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = (f"REGISTER_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors(include_input=False))
        raise Unusable("; ".join(wrong)) from None
    except SettingsError as error:
        raise Unusable(str(error)) from None
