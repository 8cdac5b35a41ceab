"""Zones signed beforehand by BIND's dnssec-signzone, all with one key."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.differential.batch import Batch, origin

_KEY: Final = ("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "example")
_SIGN: Final = ("dnssec-signzone", "-q", "-z", "-P", "-O", "full", "-f", "-")
"""By the one key, for everything; what it makes is not checked, for some of these zones are strange."""
_NSEC3: Final = ("-3", "-", "-H", "0")


def sign(batch: Batch, folder: Path) -> Batch:
    """The same, less the cases with a zone that cannot be signed."""
    zones = signed(batch.zones, folder)
    whole = {i for i, case in enumerate(batch.cases) if all(zone.name(origin(i)).lower() in zones for zone in case)}
    kept = {zone.name(origin(i)).lower() for i in whole for zone in batch.cases[i]}
    return batch._replace(
        questions=[(i, question) for i, question in batch.questions if i in whole],
        zones={name: text for name, text in zones.items() if name in kept},
    )


def signed(zones: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The same zones with DNSKEY, RRSIG and NSEC, every third with NSEC3. Zones that it does not take are left out."""
    base = subprocess.run((*_KEY[:1], "-K", str(folder), *_KEY[1:]), check=True, capture_output=True, text=True)
    public, private = (folder / f"{base.stdout.strip()}.{suffix}" for suffix in ("key", "private"))
    key, secret = public.read_text(), private.read_text()
    tag = base.stdout.strip().removeprefix("Kexample.")

    def sign(number: int, name: str, text: str) -> str:
        path = folder / f"zone{number}"
        stem = f"K{name}{tag}"
        own = re.sub(r"^example\. ", f"{name} ", key, flags=re.MULTILINE)
        (folder / f"{stem}.key").write_text(own)
        path.write_text(f"$TTL 300\n{text}{own}")
        (folder / f"{stem}.private").write_text(secret)
        more = _NSEC3 if number % 3 == 2 else ()
        words = (*_SIGN, *more, "-o", name, str(path), stem)
        made = subprocess.run(words, check=False, capture_output=True, text=True, cwd=folder).stdout
        lines = [line for line in made.splitlines() if line and not line.startswith(";")]
        servers = re.compile(re.escape(name) + r"\s+\d+\s+IN\s+NS\s")
        return "\n".join((*sorted(lines, key=lambda line: bool(servers.match(line))), ""))  # see `Zone.text`

    with ThreadPoolExecutor(2) as pool:
        texts = pool.map(sign, range(len(zones)), zones, zones.values())
        return {name: text for name, text in zip(zones, texts, strict=True) if text}
