"""The audit chain of a pack against its manifest, and against what its PDFs print of it."""

from __future__ import annotations

import re

from register.verifier.chain import roots
from register.verifier.manifest import CHAIN, HEX, LEAVES
from register.verifier.pack import Checked, Pack
from register.verifier.sources import lines

GENESIS = "0" * 64


def bodies(pack: Pack) -> Checked:
    """Read the chain; hash the body of every entry."""
    for count, line in enumerate(lines(pack.source, CHAIN, pack.files[CHAIN]["size"]), 1):
        pack.chain.take(line, f"{CHAIN}:{count}", pack.manifest["round"])
    return len(pack.chain.hashes), pack.chain.problems["bodies"] if pack.chain.hashes else [CHAIN]


def links(pack: Pack) -> Checked:
    """Tell whether every entry follows the one before it."""
    return len(pack.chain.hashes), pack.chain.problems["links"] if pack.chain.hashes else [CHAIN]


def leaves(pack: Pack) -> Checked:
    """Read the hashes of all entries; compare them with the entries that are here."""
    chain, found = pack.chain, []
    for count, line in enumerate(lines(pack.source, LEAVES, pack.files[LEAVES]["size"]), 1):
        text = line.decode("ascii", "replace")
        if not HEX.fullmatch(text):
            return count, [f"{LEAVES}:{count}"]
        pack.leaves += bytes.fromhex(text)
    for place, own in enumerate([chain.before, *chain.hashes], chain.first - 1):
        if own != (leaf(pack, place) if place else GENESIS):
            found.append(f"{LEAVES}:{place}")
    return len(pack.leaves) // 32, found


def leaf(pack: Pack, seq: int) -> str:
    """Return the hash of an entry from the list of all; empty where it has none."""
    return pack.leaves[32 * (seq - 1) : 32 * seq].hex() if seq > 0 else ""


def head(pack: Pack) -> Checked:
    """Compare the end of the chain with the manifest."""
    told, chain, length = pack.manifest["audit"], pack.chain, len(pack.leaves) // 32
    pairs = {CHAIN: (chain.last, chain.head), LEAVES: (length, leaf(pack, length))}
    return length, [f"{name}: {end[0]}" for name, end in pairs.items() if end != (told["length"], told["head"])]


def root(pack: Pack) -> Checked:
    """Compute the tree head of the whole chain anew."""
    told = pack.manifest["audit"]
    made = roots(pack.leaves, [told["length"]]).get(told["length"], "")
    return told["length"], [] if made == told["root"] else [f"{LEAVES}: {made}"]


def anchors(pack: Pack) -> Checked:
    """Compare what every PDF prints of the chain with the list of the hashes."""
    names = ("auditLength", "auditHead", "auditRoot")
    told = {one.path: tuple(one.told.get(name, "") for name in names) for one in pack.documents}
    seqs = {path: int(length) if re.fullmatch(r"\d{1,15}", length) else 0 for path, (length, _, _) in told.items()}
    made = roots(pack.leaves, seqs.values())
    found = []
    for path, (length, own_head, own_root) in told.items():
        seq = seqs[path]
        if (own_head, own_root) != (leaf(pack, seq), made.get(seq)):
            found.append(f"{path}: {length}")
    return len(pack.documents), found
