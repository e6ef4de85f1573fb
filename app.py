"""The application, where ``flask`` and ``gunicorn app:app`` find it."""

from config.settings import settings
from register.errors import Unusable
from register.factory import create_app

try:
    app = create_app(settings())
except Unusable as error:
    raise SystemExit(f"error: {error}") from None
