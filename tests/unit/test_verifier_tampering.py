"""Whatever is changed in an evidence pack is found by the program that it carries, with its sentence."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from types import ModuleType

import pytest
import rfc8785

from register.audit.chain import GENESIS, canonical, entry_hash, merkle_root
from tests.support import packs
from tests.support.packs import Check, Members

REPORT = "documents/report-2025-2-002-ja.pdf"
RECEIPTS = [f"receipts/receipt-2025-2-{key}-ja.pdf" for key in "bc"]
JSON, CSV = "data/report-2025-2-002-ja.json", "data/report-2025-2-002-ja.csv"
CHAIN, LEAVES = "audit/chain.jsonl", "audit/leaves.txt"

# Each tampering, as somebody does it who writes the manifest anew, and the check that finds it.


def changed(members: Members, path: str, old: bytes, new: bytes) -> Members:
    """Return the pack with the first ``old`` of a file replaced."""
    assert old in members[path]
    return {**members, path: members[path].replace(old, new, 1)}


def rewritten(members: Members, path: str, **values: object) -> Members:
    """Return the pack with other values for one file in its manifest."""
    manifest = packs.manifest_of(members)
    next(one for one in manifest["files"] if one["path"] == path).update(values)
    return packs.sealed(members, manifest)


def moved(members: Members, names: dict[str, str]) -> Members:
    """Return the pack with files under other names, in the manifest too."""
    manifest = packs.manifest_of(members)
    for one in manifest["files"]:
        one["path"] = names.get(one["path"], one["path"])
        if "document" in one:
            one["document"] = names.get(one["document"], one["document"])
    return packs.sealed({names.get(name, name): content for name, content in members.items()}, manifest)


def without(members: Members, *paths: str) -> Members:
    """Return the pack without files."""
    return {name: content for name, content in members.items() if name not in paths}


def with_log(members: Members, bodies: list[str], first: int) -> Members:
    """Return the pack with another log: all of it, of which the entries from ``first`` on are shown."""
    hashes = [entry_hash(body.encode()) for body in bodies]
    lines = b"".join(packs.line(seq, body) for seq, body in enumerate(bodies, 1) if seq >= first)
    manifest = packs.manifest_of(members)
    manifest["audit"] = {"length": len(hashes), "head": hashes[-1], "root": merkle_root(hashes)}
    leaves = "".join(f"{one}\n" for one in hashes).encode()
    return packs.fixed(packs.sealed({**members, CHAIN: lines, LEAVES: leaves}, manifest))


def chained(bodies: list[str]) -> list[str]:
    """Return the bodies numbered and linked anew, as the owner of a database could."""
    made: list[str] = []
    for seq, text in enumerate(bodies, 1):
        prev = entry_hash(made[-1].encode()) if made else GENESIS
        made.append(canonical({**json.loads(text), "seq": seq, "prev": prev}).decode())
    return made


def older_inside(members: Members) -> Members:
    """Return the pack with the replaced report under the name of the new one."""
    older = packs.sample().older
    about = {**older.about, "snapshot": "report-2025-2-002"}
    swapped = {**members, REPORT: older.content, JSON: older.attached["report.json"], CSV: older.attached["report.csv"]}
    return packs.fixed(rewritten(swapped, REPORT, **about))


def older_beside(members: Members) -> Members:
    """Return the pack with the replaced report instead of the new one, under its own name."""
    older = packs.sample().older
    swapped = {**members, REPORT: older.content, JSON: older.attached["report.json"], CSV: older.attached["report.csv"]}
    named = {path: path.replace("002-ja", "001-ja") for path in (REPORT, JSON, CSV)}
    return moved(packs.fixed(rewritten(swapped, REPORT, **older.about)), named)


def forged_receipt(members: Members, key: str, data_of: str) -> Members:
    """Return the pack with a receipt of other content, everything else about it right."""
    log = packs.sample().log
    data = {**packs.receipt_data(data_of), "cases": [], "ministry": key}
    made = packs.document(
        f"receipts/receipt-2025-2-{key}-ja.pdf", "receipt", data, log, number=packs.NUMBER, issued=False
    )
    return packs.fixed(rewritten({**members, made.path: made.content}, made.path, **made.about))


def swapped(members: Members, one: str, other: str) -> Members:
    """Return the pack with two files exchanged, and what the manifest says of them."""
    return moved(members, {one: other, other: one})


def unsigned(members: Members) -> Members:
    """Return the pack with what was appended to a PDF taken away."""
    size = next(one["unsigned_size"] for one in packs.manifest_of(members)["files"] if one["path"] == REPORT)
    return packs.fixed({**members, REPORT: members[REPORT][:size]})


def told(**values: object) -> Callable[[Members], Members]:
    """Return what changes the manifest as a whole."""

    def tamper(members: Members) -> Members:
        manifest = packs.manifest_of(members)
        audit = {**manifest["audit"], **{key: values.pop(key) for key in list(values) if key in manifest["audit"]}}
        return packs.sealed(members, {**manifest, "audit": audit, **values})

    return tamper


def bodies() -> list[str]:
    """Return the log of the honest pack."""
    return list(packs.sample().log.bodies)


# Where the round begins in the log.
FIRST = 4
TAMPERINGS: dict[str, tuple[str, Callable[[Members], Members]]] = {
    "a figure of the JSON": ("data", lambda m: packs.fixed(changed(m, JSON, b"[5,2]", b"[6,2]"))),
    "a figure of the JSON, not its digest": ("digests", lambda m: changed(m, JSON, b"[5,2]", b"[6,2]")),
    "a figure of the CSV": ("figures", lambda m: packs.fixed(changed(m, CSV, "列,5".encode(), "列,6".encode()))),
    "a figure that is left out": (
        "figures",
        lambda m: packs.fixed(
            changed(m, "data/edition-2025-2-public-001-ja.csv", "列,非公開".encode(), "列,2".encode())
        ),
    ),
    "a figure of both": (
        "data",
        lambda m: packs.fixed(changed(changed(m, JSON, b"[5,2]", b"[6,2]"), CSV, "列,5".encode(), "列,6".encode())),
    ),
    "a table": ("tables", lambda m: packs.fixed(changed(m, "tables/definitions.json", b'"stage"', b'"other"'))),
    "JSON in another form": ("canonical", lambda m: packs.fixed(changed(m, JSON, b'{"', b'{ "'))),
    "a form": ("forms", lambda m: packs.fixed(changed(m, "forms/periodic-v2.json", b"[]", b"[1]"))),
    "another form of the round": (
        "forms",
        lambda m: packs.fixed(
            {**m, "tables/crosswalk.json": rfc8785.dumps({**packs.crosswalk(), "after": {"sha256": "0" * 64}})}
        ),
    ),
    "the digest of the data": ("attached", lambda m: rewritten(m, REPORT, data_sha256="0" * 64)),
    "the number": ("metadata", lambda m: rewritten(m, REPORT, snapshot="report-2025-2-003")),
    "the language": ("metadata", lambda m: rewritten(m, REPORT, language="en")),
    "the variant": ("metadata", lambda m: rewritten(m, REPORT, variant="public")),
    "the beginning of a PDF": ("prefix", lambda m: packs.fixed(changed(m, REPORT, b"%PDF-1.7", b"%PDF-1.6"))),
    "what was appended": ("issued", lambda m: packs.fixed(changed(m, REPORT, b"%signature", b"%signatory"))),
    "what was appended, away": ("issued", unsigned),
    "the older report, under the name of the new one": ("issued", older_inside),
    "the older report": ("newest", older_beside),
    "the report": ("newest", lambda m: packs.fixed(without(m, REPORT, JSON, CSV))),
    "a receipt that was issued": (
        "newest",
        lambda m: packs.fixed(without(m, "receipts/receipt-2025-2-a-001-ja.pdf")),
    ),
    "a receipt of another content": ("approved", lambda m: forged_receipt(m, "b", "b")),
    "a receipt of another pack": ("made", told(id="00000000-0000-4000-8000-000000000002")),
    "two receipts": ("made", lambda m: swapped(m, *RECEIPTS)),
    "two receipts, not their manifest": (
        "digests",
        lambda m: {**m, RECEIPTS[0]: m[RECEIPTS[1]], RECEIPTS[1]: m[RECEIPTS[0]]},
    ),
    "an edition that nobody checked": ("edition", lambda m: with_log(m, unchecked(bodies()), FIRST)),
    "a file more": ("complete", lambda m: {**m, "documents/more.pdf": b"%PDF-1.7"}),
    "a file less": ("complete", lambda m: without(m, "README.txt")),
    "a file of another kind": ("places", lambda m: moved(m, {"README.txt": "data/README.txt"})),
    "no list of hashes": ("places", lambda m: packs.fixed(without(m, LEAVES))),
    "an entry": ("bodies", lambda m: packs.fixed(changed(m, CHAIN, b"submission.approved", b"submission.returned"))),
    "an entry and its hash": ("links", lambda m: packs.fixed({**m, CHAIN: one_changed(m)})),
    "an entry less": ("links", lambda m: packs.fixed({**m, CHAIN: shortened(m, 4, 5)})),
    "two entries": ("links", lambda m: packs.fixed({**m, CHAIN: reordered(m)})),
    "the end of the entries": ("head", lambda m: packs.fixed({**m, CHAIN: shortened(m, 12, 99)})),
    "the beginning of the entries": ("links", lambda m: packs.fixed({**m, CHAIN: shortened(m, 0, 1)})),
    "the end of the log, and all that tells of it": ("anchors", lambda m: with_log(m, bodies()[:-1], FIRST)),
    "the whole log, written anew": ("anchors", lambda m: with_log(m, chained(forged(bodies())), FIRST)),
    "the list of hashes": (
        "leaves",
        lambda m: packs.fixed({**m, LEAVES: m[LEAVES][:650] + b"0" * 64 + m[LEAVES][714:]}),
    ),
    "an old hash in the list": ("root", lambda m: packs.fixed({**m, LEAVES: b"0" * 64 + m[LEAVES][64:]})),
    "the head": ("head", told(head="0" * 64)),
    "the length": ("head", told(length=17)),
    "the root": ("root", told(root="0" * 64)),
    "the round": ("approved", told(round="2025-1")),
    "a word of the manifest": (
        "manifest",
        lambda m: changed(m, "manifest.json", b'"weasyprint":"70.0"', b'"weasyprint":"70.1"'),
    ),
    "a manifest in another form": ("manifest", lambda m: changed(m, "manifest.json", b'{"', b'{ "')),
    "a manifest that tells a name twice": (
        "manifest",
        lambda m: changed(m, "manifest.json", b'{"', b'{"round":"2025-1","'),
    ),
    "a manifest with more": ("manifest", told(more="")),
    "no manifest": ("opened", lambda m: without(m, "manifest.json")),
}


def unchecked(texts: list[str]) -> list[str]:
    """Return the log without the check of the edition."""
    return chained([text for text in texts if "edition.moved" not in text])


def forged(texts: list[str]) -> list[str]:
    """Return the log with another word in an old entry."""
    return [text.replace("人1", "人9", 1) for text in texts]


def one_changed(members: Members) -> bytes:
    """Return the chain with another word in one entry, and its hash right."""
    lines = members[CHAIN].splitlines()
    told = json.loads(lines[2])
    lines[2] = packs.line(told["seq"], told["body"].replace("approved", "returned")).rstrip(b"\n")
    return b"\n".join(lines) + b"\n"


def shortened(members: Members, start: int, end: int) -> bytes:
    """Return the chain without some of its entries."""
    lines = members[CHAIN].splitlines(keepends=True)
    del lines[start:end]
    return b"".join(lines)


def reordered(members: Members) -> bytes:
    """Return the chain with two entries exchanged."""
    lines = members[CHAIN].splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    return b"".join(lines)


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_changed_is_found_with_its_sentence(what: str, said: Check, verifier: ModuleType) -> None:
    code, tamper = TAMPERINGS[what]
    wrong, lines = said(tamper(packs.honest()))
    assert code in wrong, lines
    sentence = verifier.SENTENCES[code][2]
    assert any(line.startswith(f"[NG] {sentence}") for line in lines)
    assert lines[-1].startswith("結果：NG")
    assert "unexpected" not in wrong


# At random: any byte of any file, and what the register's page says.

BOUND = re.compile(r"(documents|receipts|data|forms|audit)/.*")


def flipped(members: Members, path: str, chance: random.Random) -> Members:
    """Return the pack with one bit of a file turned."""
    content = bytearray(members[path])
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return {**members, path: bytes(content)}


def at_random(members: Members, chance: random.Random) -> tuple[str, Members]:
    """Return what was done to the pack, and the pack."""
    names = sorted(members)
    one, other = chance.sample(names, 2)
    deed = chance.choice(("flip", "flip", "flip and fix", "drop", "drop and fix", "add", "exchange", "rename"))
    if deed == "flip":
        return f"{deed} {one}", flipped(members, one, chance)
    if deed == "flip and fix":
        path = chance.choice([name for name in names if BOUND.fullmatch(name)])
        return f"{deed} {path}", packs.fixed(flipped(members, path, chance))
    if deed == "drop":
        return f"{deed} {one}", without(members, one)
    if deed == "drop and fix":
        path = chance.choice([name for name in names if BOUND.fullmatch(name) and name not in RECEIPTS])
        return f"{deed} {path}", packs.fixed(without(members, path))
    if deed == "add":
        return f"{deed} {one}", {**members, one + "x": members[one]}
    if deed == "exchange":
        return f"{deed} {one} {other}", {**members, one: members[other], other: members[one]}
    return f"{deed} {one}", {(one + "x" if name == one else name): content for name, content in members.items()}


def test_whatever_is_changed_at_random_is_found(said: Check) -> None:
    chance, missed = random.Random(20251130), []
    for _ in range(200):
        deed, members = at_random(packs.honest(), chance)
        wrong, lines = said(members)
        if not wrong or "unexpected" in wrong or not lines[-1].startswith("結果：NG"):
            missed.append((deed, wrong))
    assert missed == []


def test_what_nothing_else_binds_is_found_by_the_digest_of_the_page(said: Check) -> None:
    members = packs.honest()
    digest = packs.sha256(members["manifest.json"])
    forged = packs.fixed({**members, "README.txt": b"other"})
    assert said(forged)[0] == []
    assert said(forged, "--sha256", digest)[0] == ["given"]
    assert said(members, "--sha256", digest)[0] == []
    assert said(members, "--sha256", packs.sha256(packs.zipped(members)).upper())[0] == []


def test_the_end_of_the_log_is_compared_with_a_cover(said: Check) -> None:
    log = packs.sample().log
    assert said(packs.honest(), "--anchor", f"18:{log.hashes[-1]}")[0] == []
    for anchor in (f"18:{'0' * 64}", f"19:{log.hashes[-1]}", f"0:{GENESIS}", "x", "18:"):
        assert said(packs.honest(), "--anchor", anchor)[0] == ["given_anchor"]
