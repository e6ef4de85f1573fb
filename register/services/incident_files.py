"""Files and references beside an incident: taken for what they are, kept under names of our own, named by number."""

from __future__ import annotations

import hashlib
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import Invalid, NotNow, say
from register.files import FileStore
from register.formspec.risk import RiskTerms
from register.models import Incident, IncidentFile, IncidentReference
from register.states import incident_step
from register.text import clean_line
from register.vocab import IncidentDeed

LARGEST = 5 * 1024 * 1024
MOST_FILES = 50
LONGEST_NAME, LONGEST_NUMBER = 200, 200


def _office(part: str) -> Callable[[bytes], bool]:
    def is_one(data: bytes) -> bool:
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                return part in archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False

    return is_one


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(marks)


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


# What may be attached, by the ending of its name, and how its content is known. Nothing that a browser or an office
# program runs: no HTML, no SVG, no macros.
KINDS: Mapping[str, Callable[[bytes], bool]] = {
    "pdf": _begins(b"%PDF-"),
    "png": _begins(b"\x89PNG\r\n\x1a\n"),
    "jpg": _begins(b"\xff\xd8\xff"),
    "jpeg": _begins(b"\xff\xd8\xff"),
    "txt": _is_text,
    "csv": _is_text,
    "docx": _office("word/document.xml"),
    "xlsx": _office("xl/workbook.xml"),
    "pptx": _office("ppt/presentation.xml"),
}


@dataclass(frozen=True)
class Stored:
    """A file in the store, with what its row keeps of it."""

    name: str
    path: str
    size: int
    sha256: str


def examine(data: bytes, name: str) -> str:
    """Return the name under which a file is listed; raise ``Invalid`` when it is not what may be attached."""
    shown = clean_line(name.replace("\\", "/").rsplit("/", 1)[-1])[-LONGEST_NAME:]
    ending = shown.rpartition(".")[2].lower()
    if not data:
        raise Invalid({"file": say("ファイルを選んでください。空のファイルは添付できません。")})
    if len(data) > LARGEST:
        raise Invalid({"file": say("ファイルは%(size)dMBまでです。", size=LARGEST // 1024**2)})
    if ending not in KINDS:
        kinds = "、".join(KINDS)
        raise Invalid({"file": say("この種類のファイルは添付できません。添付できるのは%(kinds)sです。", kinds=kinds)})
    if not KINDS[ending](data):
        raise Invalid({"file": say("ファイルの中身が「.%(kind)s」の形式ではありません。", kind=ending)})
    return shown


def store(files: FileStore, data: bytes, name: str) -> Stored:
    """Keep an examined file; what it was called is never part of a path."""
    shown = examine(data, name)
    path = files.put(f"incidents/{uuid.uuid4().hex}", data)
    return Stored(shown, path, len(data), hashlib.sha256(data).hexdigest())


def attach(session: Session, incident: Incident, stored: Stored, *, by: Actor) -> IncidentFile:
    """Note a stored file beside an incident, while its record may be added to."""
    _notable(incident)
    held = select(func.count()).where(IncidentFile.incident_id == incident.id)
    if (session.scalar(held) or 0) >= MOST_FILES:
        raise Invalid({"file": say("添付できるのは%(most)d件までです。", most=MOST_FILES)})
    now = session.info["clock"].now()
    kept = IncidentFile(
        incident_id=incident.id,
        ministry_id=incident.ministry_id,
        file_name=stored.name,
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
        at=now,
        author_name=by.name,
    )
    session.add(kept)
    incident.updated_at = now
    audit.record(session, audit.Event.INCIDENT_FILE_KEPT, incident, by=by, sha256=stored.sha256)
    return kept


def content(files: FileStore, kept: IncidentFile) -> bytes:
    """Return a file as it was handed in; raise ``NotNow`` when the store no longer holds that."""
    try:
        data = files.get(kept.path)
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != kept.sha256:
        raise NotNow(say("添付ファイルが見つからないか、壊れています。管理者に連絡してください。"))
    return data


def refer(
    session: Session, incident: Incident, *, kind: str, number: str, terms: RiskTerms, by: Actor
) -> IncidentReference:
    """Name another register in which the same event stands."""
    _notable(incident)
    number = clean_line(number)
    problems = {}
    if kind not in terms.references.codes:
        problems["kind"] = say("選択肢の中から選んでください。")
    if not number:
        problems["number"] = say("番号か名称を入力してください。")
    elif len(number) > LONGEST_NUMBER:
        problems["number"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST_NUMBER)
    if problems:
        raise Invalid(problems)
    reference = IncidentReference(incident_id=incident.id, ministry_id=incident.ministry_id, kind=kind, number=number)
    session.add(reference)
    incident.updated_at = session.info["clock"].now()
    audit.record(session, audit.Event.INCIDENT_NOTED, incident, by=by, kind=kind)
    return reference


def _notable(incident: Incident) -> None:
    incident_step(IncidentDeed.COMMENT, incident.state)
