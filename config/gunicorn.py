"""How gunicorn serves the register; every value may be set from the environment."""

import gc
import multiprocessing
import os

from config.settings import settings
from register.db import make_engine
from register.errors import Unusable
from register.files import FileStore

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
# Processes, not threads: SQLite's writers wait on each other inside one process, ten times as long.
worker_class = "sync"
workers = int(os.environ.get("REGISTER_WORKERS", str(max(2, multiprocessing.cpu_count()))))
timeout = 60
graceful_timeout = 15
# Workers that answered many requests are replaced, one at a time, so that memory cannot creep up over months.
max_requests = 20_000
max_requests_jitter = 2_000
errorlog = "-"
loglevel = os.environ.get("REGISTER_LOG_LEVEL", "warning")
control_socket_disable = True


def on_starting(_server: object) -> None:
    """End with one sentence where a setting cannot be used: workers would die of it one after the other, for ever."""
    try:
        given = settings()
        make_engine(given.database_url)
        FileStore(given.files_url)
    except Unusable as error:
        raise SystemExit(f"error: {error}") from None


def post_worker_init(_worker: object) -> None:
    """What was loaded stays for the worker's life: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
