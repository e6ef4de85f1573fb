"""The documents of an evidence pack: those that were issued as they are, the others rendered with the pack's seal."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from register import authz
from register.documents.ground import Ground
from register.documents.kinds import DOCUMENTS
from register.documents.language import Language
from register.documents.paper import Paper, Seal, request
from register.documents.signed import Signed, signed
from register.errors import NotNow, say
from register.formats.pdf_process import UNHURRIED, Request, render_request
from register.jobs.snapshots import AT_ONCE
from register.models import Ministry, Round, Snapshot, Submission
from register.queries import editions
from register.runtime import Runtime
from register.services import snapshot_subjects as subjects
from register.services.snapshots import LANGUAGES, UNSAFE, Wanted
from register.verifier.pdf import Pdf
from register.vocab import SnapshotKind, SnapshotState, Variant

# The kinds of document that a round has, and the folder of each.
FOLDERS: Mapping[SnapshotKind, str] = {
    SnapshotKind.REPORT: "documents",
    SnapshotKind.EDITION: "documents",
    SnapshotKind.ANNEX: "documents",
    SnapshotKind.RECEIPT: "receipts",
}
JAPANESE = "ja"


@dataclass(frozen=True)
class Member:
    """A document as it enters the pack: what the manifest says of it, and what is attached to it.

    ``ministry`` is the key of the one whose receipt it is.
    """

    path: str
    content: bytes
    about: Mapping[str, Any]
    attached: Mapping[str, bytes] = field(default_factory=dict)
    ministry: str = ""


@dataclass(frozen=True)
class Drawing:
    """A document that was never issued as it is now; ``needed`` ones must be there, the others may be about nothing."""

    wanted: Wanted
    ministry: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Drawn:
    """A file that is ready to be rendered."""

    drawing: Drawing
    paper: Paper
    seal: Seal
    request: Request


def issued(ground: Ground, round: Round) -> list[Snapshot]:
    """Return the newest snapshots of the round that ``ground.actor`` may see and whose files are kept, by name.

    What a ministry made for itself is not among them: it may tell what only the ministry knows.
    """
    rows = select(Snapshot).where(Snapshot.round_id == round.id, Snapshot.kind.in_(FOLDERS), Snapshot.unsigned_size > 0)
    rows = authz.visible(rows.where(Snapshot.internal.is_(False)).order_by(Snapshot.id), Snapshot, ground.actor)
    found = list(ground.session.scalars(rows))
    last = {one.series: one.number for one in found}
    newest = [one for one in found if one.number == last[one.series]]
    return sorted((one for one in newest if one.state is not SnapshotState.DISPOSED), key=lambda one: one.file_name)


def taken(run: Runtime, row: Snapshot) -> Member:
    """Return an issued document as it is kept; raise ``NotNow`` where its file is not the one that was stored."""
    try:
        content = run.files.get(row.path)
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise NotNow(
            say(
                "写し「%(name)s」のファイルが、保存時の内容と違うか、見つかりません。証拠資料一式は作成できません。",
                name=row.file_name,
            )
        )
    attached = Pdf(content[: row.unsigned_size]).attachments
    data = next(name for name, one in attached.items() if hashlib.sha256(one).hexdigest() == row.data_sha256)
    about = {
        "type": row.kind.value,
        "snapshot": row.number,
        "id": str(row.public_id),
        "issued": True,
        "unsigned_size": row.unsigned_size,
        "unsigned_sha256": row.unsigned_sha256,
        "data": data,
        "data_sha256": row.data_sha256,
        "language": row.language,
        "variant": row.variant.value,
    }
    ministry = row.ministry.key if row.ministry else ""
    return Member(f"{FOLDERS[row.kind]}/{row.file_name}", content, about, attached, ministry)


def drawings(ground: Ground, round: Round, known: Sequence[Snapshot]) -> list[Drawing]:
    """Return what is to be rendered beside the ``known`` snapshots: reports in both languages, then every receipt."""
    have = {one.series for one in known}
    reports = [one for one in _reports(ground, round) if one.wanted.series not in have]
    return [*reports, *_receipts(ground, round, known)]


def _reports(ground: Ground, round: Round) -> Iterator[Drawing]:
    own = {"round_id": round.id}
    for language in LANGUAGES:
        yield Drawing(Wanted(SnapshotKind.REPORT, round.code, language, own), needed=True)
    if edition := editions.published(ground.session, round.id):
        for variant in Variant:
            yield from (Drawing(subjects.of_edition(edition, variant, language)) for language in LANGUAGES)
    yield Drawing(Wanted(SnapshotKind.ANNEX, round.code, JAPANESE, own))


def _receipts(ground: Ground, round: Round, known: Iterable[Snapshot]) -> Iterator[Drawing]:
    """Yield the receipt of every return whose approved content is not told by a snapshot."""
    told = {(one.ministry_id, one.data_sha256) for one in known if one.kind is SnapshotKind.RECEIPT}
    rows = select(Submission, Ministry).join(Ministry, Ministry.id == Submission.ministry_id)
    rows = authz.visible(rows.where(Submission.round_id == round.id), Submission, ground.actor)
    for submission, ministry in ground.session.execute(rows.order_by(Ministry.sort_no, Ministry.id)):
        if submission.submitted_at and (ministry.id, submission.approved_sha256) not in told:
            yield Drawing(subjects.of_submission(submission, JAPANESE), ministry.key)


def rendered(ground: Ground, seal: Seal, wanted: Iterable[Drawing]) -> Iterator[Member]:
    """Yield the documents in their order, rendered and signed; no more than ``AT_ONCE`` are held at once."""
    run = ground.run

    def finish(asked: Request) -> Signed:
        return signed(run, render_request(asked, UNHURRIED))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: deque[tuple[Drawn, Future[Signed]]] = deque()
        for one in (drawn for drawing in wanted for drawn in _draw(ground, seal, drawing)):
            running.append((one, pool.submit(finish, one.request)))
            if len(running) == AT_ONCE:
                yield _member(*_next(running))
        while running:
            yield _member(*_next(running))


def _next(running: deque[tuple[Drawn, Future[Signed]]]) -> tuple[Drawn, Signed]:
    drawn, future = running.popleft()
    return drawn, future.result()


def _draw(ground: Ground, seal: Seal, drawing: Drawing) -> Iterator[Drawn]:
    """Yield the files of a document; none where there is nothing to tell, as for a return that was not approved."""
    wanted, settings = drawing.wanted, ground.run.settings
    words = Language(settings.translations_dir, wanted.language)
    own = replace(ground, words=words, subject=wanted.subject, variant=wanted.variant)
    try:
        papers = DOCUMENTS[wanted.kind].papers(own)
    except NotNow:
        if drawing.needed:
            raise
        return
    for place, paper in enumerate(papers, 1):
        part = replace(seal, volume=place, volumes=len(papers))
        yield Drawn(drawing, paper, part, request(paper, words, settings.templates_dir, part))


def _member(drawn: Drawn, made: Signed) -> Member:
    wanted, paper, seal = drawn.drawing.wanted, drawn.paper, drawn.seal
    about = {
        "type": wanted.kind.value,
        "snapshot": seal.number,
        "id": seal.public_id,
        "issued": False,
        "unsigned_size": len(made.rendered),
        "unsigned_sha256": made.unsigned_sha256,
        "data": f"{paper.name}.json",
        "data_sha256": paper.data_sha256,
        "language": wanted.language,
        "variant": wanted.variant.value,
    }
    attached = {one.name: one.data for one in drawn.request.attachments}
    return Member(_path(wanted, seal), made.content, about, attached, drawn.drawing.ministry)


def _path(wanted: Wanted, seal: Seal) -> str:
    """Return where a document lies that has no number of its own."""
    variant = f"-{wanted.variant.value}" if wanted.kind is SnapshotKind.EDITION else ""
    part = f"-{seal.volume}of{seal.volumes}" if seal.volumes > 1 else ""
    stem = UNSAFE.sub("", f"{wanted.kind.value}-{wanted.about}{variant}")
    return f"{FOLDERS[wanted.kind]}/{stem}{part}-{wanted.language}.pdf"


def data_files(member: Member) -> Iterator[tuple[str, str, bytes]]:
    """Yield the data of a report as files of their own: (path, name of the attachment, content). Of receipts none."""
    if member.path.startswith(FOLDERS[SnapshotKind.RECEIPT]):
        return
    stem = member.path.rpartition("/")[2].removesuffix(".pdf")
    own = str(member.about["data"]).removesuffix(".json")
    for name, content in sorted(member.attached.items()):
        base, _, end = name.rpartition(".")
        if end in ("json", "csv", "xlsx"):
            yield f"data/{stem}.{end}" if base == own else f"data/{stem}-{name}", name, content
