"""The documents of a pack against what the audit chain says of them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from register.verifier.canonical import canonical
from register.verifier.chain import number_of
from register.verifier.pack import Checked, Pack


def issued(pack: Pack) -> Checked:
    """Look for the entry of every document that was issued, and compare its digests."""
    own = [one for one in pack.documents if one.entry["issued"]]
    found = []
    for one in own:
        made, entry = pack.chain.made.get(Path(one.path).name), one.entry
        told = (one.sha256, one.prefix, entry["data_sha256"], entry["id"], entry["type"], entry["snapshot"])
        if made is None:
            found.append(one.path)
            continue
        known = (made["sha256"], made["unsigned_sha256"], made["data_sha256"], made["id"] or entry["id"])
        if told != (*known, made["series"].partition("/")[0], number_of(Path(one.path).name)):
            found.append(one.path)
    return len(own), found


def newest(pack: Pack) -> Checked:
    """Look whether what was issued of the round last is here, and nothing older."""
    here = {Path(one.path).name for one in pack.documents if one.entry["issued"]}
    wanted = pack.chain.newest
    return len(set(wanted.values())), sorted(here ^ wanted.keys())


def made(pack: Pack) -> Checked:
    """Look whether every other document was made for this pack, at its end of the chain."""
    own = [one for one in pack.documents if not one.entry["issued"]]
    told, audit = pack.manifest, pack.manifest["audit"]
    wanted = (told["number"], told["id"], str(audit["length"]), audit["head"])
    names = ("snapshot", "snapshotId", "auditLength", "auditHead")
    found = []
    for one in own:
        stem = f"{one.entry['type']}-{told['round']}" + (f"-{one.data['ministry']}" if "ministry" in one.data else "")
        stem += f"-{one.entry['variant']}" if one.entry["type"] == "edition" else ""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "", stem) + f"-{one.entry['language']}.pdf"
        if tuple(map(one.told.get, names)) != wanted or _volumeless(one.path) != stem:
            found.append(one.path)
    return len(own), found


def _volumeless(path: str) -> str:
    return re.sub(r"-\d+of\d+(-(?:ja|en)\.pdf)$", r"\1", Path(path).name)


def approved(pack: Pack) -> Checked:
    """Look for the approval of the content of every receipt; all documents are of this round."""
    own = [one for one in pack.documents if one.entry["type"] == "receipt"]
    found = [one.path for one in own if one.entry["data_sha256"] not in pack.chain.approved]
    code = pack.manifest["round"]
    found += [one.path for one in pack.documents if one.data.get("round", code) != code]
    keys = [one.data["ministry"] for one in own if not one.entry["issued"]]
    found += sorted({key for key in keys if keys.count(key) > 1} | (set(keys) & set(pack.manifest["without_receipt"])))
    return len(own), found


def edition(pack: Pack) -> Checked:
    """Look for the check of every edition; where all its texts are here, compute its digest anew."""
    own = [one for one in pack.documents if one.entry["type"] == "edition"]
    each: dict[str, dict[str, str]] = {}
    for one in own:
        texts = each.setdefault(one.told.get("editionSha256", ""), {})
        texts[f"{one.entry['variant']}.{one.entry['language']}"] = one.entry["data_sha256"]
    found = [digest for digest in each if digest not in pack.chain.checked]
    found += [one for one in each if len(each[one]) == 4 and hashlib.sha256(canonical(each[one])).hexdigest() != one]
    return len(own), found
