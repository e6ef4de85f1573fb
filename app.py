"""The application, where ``flask`` and ``gunicorn app:app`` find it."""

from config.settings import Settings
from register.factory import create_app

app = create_app(Settings())
