"""The kinds of document, as one table: what makes the papers of each, and what they print of their data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from register.documents import agenda, annex, case, edition, incident, receipt, register, report
from register.documents.figures import Printed
from register.documents.ground import Ground
from register.documents.paper import Paper
from register.vocab import SnapshotKind


@dataclass(frozen=True)
class Kind:
    """``papers`` makes the files of one kind (several where it comes in volumes); ``expected`` reads their data."""

    papers: Callable[[Ground], Sequence[Paper]]
    expected: Callable[[Mapping[str, Any]], Printed]


DOCUMENTS: Mapping[SnapshotKind, Kind] = {
    SnapshotKind.REPORT: Kind(report.papers, report.expected),
    SnapshotKind.EDITION: Kind(edition.papers, edition.expected),
    SnapshotKind.RECEIPT: Kind(receipt.papers, receipt.expected),
    SnapshotKind.AGENDA: Kind(agenda.papers, agenda.expected),
    SnapshotKind.REGISTER: Kind(register.papers, register.expected),
    SnapshotKind.ANNEX: Kind(annex.papers, annex.expected),
    SnapshotKind.CASE: Kind(case.papers, case.expected),
    SnapshotKind.INCIDENT: Kind(incident.papers, incident.expected),
}
