"""The job that makes an evidence pack (証拠資料一式): one consistent reading of a round, written in one pass.

Each part is written as soon as it is there, so that the number of ministries and of audit entries does not show in
memory.
"""

from __future__ import annotations

import platform
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import rfc8785
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.documents.ground import Ground
from register.documents.language import Language, speakers
from register.documents.paper import Seal
from register.documents.seals import address
from register.errors import NotNow, say
from register.formats.pack import Packed, PackWriter, Sign
from register.formats.signing_process import sign_in_child
from register.formspec.loader import from_canonical
from register.formspec.terms import round_terms
from register.jobs import pack_documents as documents
from register.jobs.base import Progress, Store
from register.jobs.pack_documents import Drawing, Member
from register.jobs.snapshots import anchor_of
from register.models import AuditEntry, FormVersion, Ministry, Round, Snapshot, Submission
from register.reports.declared import declared
from register.reports.report import name_of, previous_round
from register.runtime import Runtime
from register.services import snapshots as services
from register.services.jobs import Work
from register.services.snapshots import Made, Wanted
from register.verifier import program, readme
from register.vocab import SnapshotState

# What the bytes of the files depend on: the manifest says with which versions they were made.
SOFTWARE = ("weasyprint", "pydyf", "fonttools", "xlsxwriter", "pyhanko", "rfc8785", "sqlalchemy")
# How many rows are held at once: a body may be some hundred kilobytes long, a hash is short.
BODIES, HASHES = 200, 10_000


@dataclass(frozen=True)
class Ready:
    """What the parts of a pack are made from: the round as the person who asks may see it, and the pack's seal."""

    ground: Ground
    round: Round
    before: Round | None
    seal: Seal

    @property
    def forms(self) -> list[FormVersion]:
        """The form of the round before, if that was another one, and the form of the round."""
        own = self.round.form_version
        return [*([self.before.form_version] if self.before and self.before.form_version != own else []), own]


def make(run: Runtime, work: Work, progress: Progress) -> Store:
    """Gather, render and write what belongs to a round; return what stores the row of the pack."""
    wanted = Wanted.of(work.params)
    authz.require(work.by, services.PERMISSIONS[wanted.kind])
    made_at, public_id = run.clock.now(), str(uuid.uuid4())
    path = f"snapshots/{public_id}.zip"
    with run.database.reading() as session:
        words = Language(run.settings.translations_dir, wanted.language)
        ground = Ground(run, session, session, work.by, words, made_at, wanted.subject)
        number, anchor = services.next_number(session, wanted), anchor_of(session)
        seal = Seal(number, public_id, made_at, work.by.name, anchor, address(run, public_id))
        round_: Round = ground.row(Round)
        ready = Ready(ground, round_, previous_round(session, round_), seal)
        with run.files.writing(path) as stream, PackWriter(stream) as pack:
            packed = _write(ready, pack, progress)
        made = _made(ready, wanted, path, packed)

    def store(session: Session) -> int:
        row: int = services.store(session, wanted, made, by=work.by).id
        return row

    return store


def _write(ready: Ready, pack: PackWriter, progress: Progress) -> Packed:
    """Write every part, in the order of the pack; return what it came to."""
    ground, have = ready.ground, set[str]()
    known = documents.issued(ground, ready.round)
    missing = documents.drawings(ground, ready.round, known)
    total = len(known) + len(missing) + 1
    progress(1, total)
    for count, member in enumerate(_documents(ready, known, missing), 2):
        _add(pack, member)
        have |= {member.ministry} - {""}
        progress(min(count, total), total)
    for form in ready.forms:
        about = {"kind": "form", "form": form.form, "version": form.version}
        pack.add(f"forms/{form.form}-{form.version}.json", [form.canonical], **about)
    for name, told in (("definitions", _definitions(ready)), ("crosswalk", _crosswalk(ready))):
        pack.add(f"tables/{name}.json", [rfc8785.dumps(told)], kind="table")
    pack.add("audit/chain.jsonl", _chain(ready), kind="chain")
    pack.add("audit/leaves.txt", _leaves(ready), kind="leaves")
    pack.add("verify.py", [program()], kind="program")
    without = _without(ready, have)
    pack.add("README.txt", [_readme(ready, len(have), without)], kind="readme")
    told = _told(ready, [one.key for one in without])
    return pack.close(told, _signer(ground.run))


def _documents(ready: Ready, known: Sequence[Snapshot], missing: Sequence[Drawing]) -> Iterator[Member]:
    yield from (documents.taken(ready.ground.run, row) for row in known)
    yield from documents.rendered(ready.ground, ready.seal, missing)


def _add(pack: PackWriter, member: Member) -> None:
    """Write a document and, beside a report, its data."""
    pack.add(member.path, [member.content], kind="document", **member.about)
    for path, name, content in documents.data_files(member):
        pack.add(path, [content], kind="data", document=member.path, attachment=name)


def _definitions(ready: Ready) -> dict[str, Any]:
    spec = from_canonical(ready.round.form_version.canonical)
    speak = speakers(ready.ground.run.settings.translations_dir)
    return {"round": ready.round.code, **declared(spec, round_terms(ready.round.as_of), speak)}


def _crosswalk(ready: Ready) -> dict[str, Any]:
    """Return what became of every question since the round before, step by step between the versions of the form."""
    own, before = ready.round.form_version, ready.before.form_version if ready.before else None
    steps = ready.ground.run.forms.between(before.version, own.version) if before else ()
    return {
        "before": _form(before, ready.before) if before and ready.before else None,
        "after": _form(own, ready.round),
        "steps": [one.plain() for one in steps],
    }


def _form(form: FormVersion, round: Round) -> dict[str, str]:
    return {"round": round.code, "form": form.form, "version": form.version, "sha256": form.sha256}


def _chain(ready: Ready) -> Iterator[bytes]:
    """Yield the audit entries from the creation of the round to the pack's anchor, one a line."""
    session = ready.ground.session
    created = AuditEntry.event == audit.Event.ROUND_CREATED.value
    own = created & (AuditEntry.subject_table == Round.__tablename__) & (AuditEntry.subject_id == str(ready.round.id))
    first = session.scalar(select(func.min(AuditEntry.seq)).where(own))
    if first is None:
        raise NotNow(say("この回を作成した監査記録がないため、証拠資料一式は作成できません。"))
    rows = select(AuditEntry.seq, AuditEntry.hash, AuditEntry.body).where(AuditEntry.seq >= first)
    rows = rows.order_by(AuditEntry.seq).execution_options(yield_per=BODIES)
    with closing(session.execute(rows)) as entries:
        for seq, own_hash, body in entries:
            yield rfc8785.dumps({"seq": seq, "hash": own_hash, "body": body}) + b"\n"


def _leaves(ready: Ready) -> Iterator[bytes]:
    """Yield the hashes of all audit entries, one a line."""
    rows = select(AuditEntry.hash).order_by(AuditEntry.seq).execution_options(yield_per=HASHES)
    with closing(ready.ground.session.scalars(rows)) as hashes:
        for part in hashes.partitions():
            yield "".join(f"{one}\n" for one in part).encode()


def _without(ready: Ready, have: set[str]) -> list[Ministry]:
    """Return the ministries of the round of whose return no receipt is there, in the official order."""
    rows = select(Ministry).join(Submission, Submission.ministry_id == Ministry.id)
    rows = rows.where(Submission.round_id == ready.round.id).order_by(Ministry.sort_no, Ministry.id)
    return [one for one in ready.ground.session.scalars(rows) if one.key not in have]


def _readme(ready: Ready, receipts: int, without: Sequence[Ministry]) -> bytes:
    speak, seal = speakers(ready.ground.run.settings.translations_dir), ready.seal
    names = [one.label("ja") for one in without], [one.label("en") for one in without]
    missing = f"控えのない府省庁（台帳で承認された提出がない）：{'、'.join(names[0])}\n" if without else ""
    missing_en = (
        f"Without a receipt, as no return was approved in the register: {', '.join(names[1])}\n" if without else ""
    )
    return readme(
        number=seal.number,
        name=speak["ja"](name_of(ready.round)),
        name_en=speak["en"](name_of(ready.round)),
        made_at=seal.made_at.isoformat(sep=" ", timespec="seconds")[:19],
        length=seal.anchor.length,
        head=seal.anchor.head,
        id=seal.public_id,
        receipts=receipts,
        missing=missing,
        missing_en=missing_en,
    )


def _told(ready: Ready, without: Sequence[str]) -> dict[str, Any]:
    """Return what the manifest says of the whole pack."""
    seal = ready.seal
    anchor = {"length": seal.anchor.length, "head": seal.anchor.head, "root": seal.anchor.root}
    used = {name: version(name) for name in SOFTWARE}
    return {
        "number": seal.number,
        "id": seal.public_id,
        "round": ready.round.code,
        "made_at": seal.made_at.isoformat(),
        "audit": anchor,
        "software": {**used, "python": platform.python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION},
        "without_receipt": sorted(without),
    }


def _signer(run: Runtime) -> Sign | None:
    """Return what signs the manifest, None without a key; a signature that cannot be had ends the job.

    A pack that waits for its signature would change under its digest.
    """
    return (lambda manifest: sign_in_child(manifest, run.signing, run.clock.now())) if run.signing.signs else None


def _made(ready: Ready, wanted: Wanted, path: str, packed: Packed) -> Made:
    run, seal, words = ready.ground.run, ready.seal, ready.ground.words
    signs = run.signing.signs
    return Made(
        public_id=uuid.UUID(seal.public_id),
        title=words.say(say("証拠資料一式（%(name)s）", name=name_of(ready.round))),
        file_name=f"{seal.number}-{wanted.language}.zip",
        path=path,
        size=packed.size,
        pages=0,
        sha256=packed.sha256,
        unsigned_sha256=packed.sha256,
        unsigned_size=packed.size,
        # What a pack tells is its manifest.
        data_sha256=packed.manifest_sha256,
        audit_seq=seal.anchor.length,
        audit_head=seal.anchor.head,
        audit_root=seal.anchor.root,
        made_at=seal.made_at,
        state=SnapshotState.SIGNED if signs else SnapshotState.ISSUED,
        signed_at=run.clock.now() if signs else None,
        retain_until=run.retention.until(wanted.kind, seal.made_at),
    )
