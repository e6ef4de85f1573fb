"""The promises of documents: little beside WeasyPrint's own time, long lists as fast by the page as short ones, memory.

The floor of the report is WeasyPrint alone in a process of its own, given the finished HTML with the same styles and
fonts: no tags put right, nothing attached, nothing kept. Ours is the whole job but its signature: reading the register,
checking the chain, drawing, rendering, keeping. Both alternate.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select

from bench.data import Installation, installations
from bench.measure import Count, Line, medians
from config.settings import ROOT, Settings
from register.authz import Actor
from register.factory import create_app
from register.formats.pdf_pages import count_pages
from register.formats.pdf_process import child_environment
from register.jobs.snapshots import draw, make
from register.models import Round, User
from register.runtime import Runtime, runtime_of
from register.services import snapshot_subjects as subjects
from register.services.jobs import Work
from register.services.snapshots import Wanted
from register.vocab import Role, SnapshotKind

REPORT, PER_PAGE, MEGABYTES, SAME = 1.3, 1.0, 1000, 1.1
SIZES = {"long": 3_000, "short": 330}
# What one report takes differs by a fifth from time to time on the same machine.
ROUNDS = 15
ALONE = """
import sys, weasyprint
from register.formats.pdf import NOWHERE, STYLES, OnlyFonts
from register.formats.pdf_fonts import FACES
from weasyprint.text.fonts import FontConfiguration

fonts, fetcher = FontConfiguration(), OnlyFonts()
styles = weasyprint.CSS(string=FACES + STYLES, base_url=NOWHERE, url_fetcher=fetcher, font_config=fonts)
html = weasyprint.HTML(string=sys.stdin.read(), base_url=NOWHERE, url_fetcher=fetcher)
sys.stdout.buffer.write(html.write_pdf(stylesheets=[styles], font_config=fonts, pdf_variant="pdf/a-3a"))
"""
PACK = """
import os, resource, sys
from register.formats.pack import PackWriter

with open(os.devnull, "wb") as stream, PackWriter(stream) as pack:
    for number in range(int(sys.argv[1])):
        pack.add(f"receipts/{number}.pdf", (os.urandom(65536) for _ in range(64)), kind="document")
    pack.close({"number": "pack"})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure(folder: Path, server: str | None) -> list[Line | Count]:
    """Measure the report of the reference round, and lists of 3,000 and of 330 cases."""
    with installations(SIZES, folder, server) as made:
        runs = {name: _runtime(one) for name, one in made.items()}
        lines: list[Line | Count] = [_report(runs["short"]), *_lists(runs), _pack()]
        for run in runs.values():
            run.database.engine.dispose()
    return lines


def _runtime(made: Installation) -> Runtime:
    files, key = str(made.folder / "files"), made.secret_key
    return runtime_of(create_app(Settings(database_url=made.database_url, files_url=files, secret_key=key)))


def _secretariat(run: Runtime) -> Actor:
    with run.database.reading() as session:
        return Actor.of(session.scalars(select(User).where(User.role == Role.SECRETARIAT).order_by(User.id)).first())


def _report(run: Runtime) -> Line:
    by = _secretariat(run)
    with run.database.reading() as session:
        second = session.scalars(select(Round).where(Round.fiscal_year == 2025, Round.number == 2)).one()
        wanted = subjects.of_round(session, second, SnapshotKind.REPORT, "ja")
    html = draw(run, wanted, run.clock.now(), by)[0].request.html

    def floor() -> None:
        command, environ = [sys.executable, "-c", ALONE], child_environment(str(ROOT))
        subprocess.run(command, input=html.encode(), capture_output=True, check=True, cwd=ROOT, env=environ)

    found = medians(ROUNDS, {"floor": _timed(floor), "ours": _timed(lambda: _made(run, wanted, by))})
    return Line("snapshot: report of the reference round", found["floor"], found["ours"], REPORT)


def _lists(runs: dict[str, Runtime]) -> list[Line | Count]:
    """Make the list of each register once; what it takes by the page, and the memory of all processes at once."""
    by_page = {}
    for name in ("short", "long"):
        run, by = runs[name], _secretariat(runs[name])
        with run.database.reading() as session:
            session.info["clock"] = run.clock
            wanted = subjects.of_register(session, {}, "ja", None, by)
        begun = time.perf_counter()
        files = _made(run, wanted, by)
        by_page[name] = 1000 * (time.perf_counter() - begun) / sum(count_pages(one) for one in files)
    # Two children at once beside this process, which holds what the runner would.
    children = 2 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [
        Line("snapshot: 3,000 cases by the page, against 330", by_page["short"], by_page["long"], PER_PAGE),
        Count("snapshot: 3,000 cases, MB in all processes", (children + own) // 1024, MEGABYTES),
    ]


def _pack() -> Line:
    """Write the receipts of 25 ministries, of 4 MB each, and those of 5: the memory of each process in MB."""
    few, many = (
        int(subprocess.run([sys.executable, "-c", PACK, str(count)], capture_output=True, check=True, cwd=ROOT).stdout)
        for count in (5, 25)
    )
    return Line("evidence pack: memory for 25 ministries, against 5", few / 1024, many / 1024, SAME, "MB")


def _made(run: Runtime, wanted: Wanted, by: Actor) -> Sequence[bytes]:
    """Do the whole job but the rows; return the files."""
    before = {*_kept(run)}
    make(run, Work(0, "snapshot", wanted.params(), 1, by), lambda _done, _total: None)
    return [path.read_bytes() for path in _kept(run) if path not in before]


def _kept(run: Runtime) -> list[Path]:
    return sorted(Path(run.files.path("snapshots")).glob("*.pdf"))


def _timed(deed: Callable[[], object]) -> Callable[[], Sequence[float]]:
    def run() -> Sequence[float]:
        begun = time.perf_counter()
        deed()
        return [time.perf_counter() - begun]

    return run
