"""Programs that validate what a server gives, from our own trust anchor: delv asks it, unbound resolves by it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.programs import Program, dig, free_port, installed, until

VALIDATED: Final = "fully validated"
DENIED: Final = "negative response, fully validated"


def anchor(key: Path) -> list[str]:
    """Name, flags, protocol, algorithm and key of a `.key` file's DNSKEY record."""
    (line,) = [line for line in key.read_text().splitlines() if not line.startswith(";")]
    name, *rest = line.split()
    return [name, *rest[rest.index("DNSKEY") + 1 :][:3], "".join(rest[rest.index("DNSKEY") + 4 :])]


def delv(folder: Path, port: int, key: Path, name: str, type_: str) -> str:
    """What it says of an answer, in its first line: whether it is valid, and is a denial."""
    owner, flags, protocol, algorithm, public = anchor(key)
    file = folder / "delv.anchor"
    file.write_text(f'trust-anchors {{ {owner} static-key {flags} {protocol} {algorithm} "{public}"; }};\n')
    command = ["delv", "@127.0.0.1", "-p", str(port), "-a", str(file), f"+root={owner}", name, type_]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    lines = done.stdout.splitlines() or done.stderr.splitlines()
    return lines[0].removeprefix("; ") if lines else ""


CONFIG: Final = """
server:
    interface: 127.0.0.1@{port}
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: "{folder}/pid"
    use-syslog: no
    do-ip6: no
    do-not-query-localhost: no
    module-config: "validator iterator"
    trust-anchor: "{anchor}"
    val-log-level: 2
    aggressive-nsec: yes
    qname-minimisation: yes
    target-fetch-policy: "0 0 0 0 0"
{insecure}
remote-control:
    control-enable: no
{stubs}
"""
STUB: Final = """
stub-zone:
    name: "{zone}"
    stub-addr: 127.0.0.1@{server}
"""


@contextmanager
def unbound(folder: Path, server: int, key: Path, zones: Sequence[str]) -> Iterator[int]:
    """Unbound, which asks `server` for these zones alone and knows the first one's key. Gives its port.

    It uses a denial for other questions too (RFC 8198), and asks label by label (RFC 9156), as it does by default.
    """
    port = free_port()
    folder.mkdir(exist_ok=True)
    owner, flags, protocol, algorithm, public = anchor(key)
    (folder / "unbound.conf").write_text(
        CONFIG.format(
            port=port,
            folder=folder,
            anchor=f"{owner} IN DNSKEY {flags} {protocol} {algorithm} {public}",
            insecure="",
            stubs="".join(STUB.format(zone=zone, server=server) for zone in zones),
        )
    )
    command = installed("unbound")
    assert command is not None
    with Program(command, "-d", "-c", str(folder / "unbound.conf")) as program:
        until(lambda: dig(port, "version.server", "TXT", "-c", "CH", "+time=1").status, lambda status: status != "")
        yield port
        assert program.process.poll() is None


def verdict(port: int, name: str, type_: str) -> str:
    """`secure`, `insecure` or `bogus`, and the rcode."""
    command = [
        "dig",
        "@127.0.0.1",
        "-p",
        str(port),
        "+tries=1",
        "+time=8",
        "+dnssec",
        "+noall",
        "+comments",
        name,
        type_,
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    flags = text.partition("flags:")[2].partition(";")[0].split()
    status = text.partition("status: ")[2].partition(",")[0]
    if status == "SERVFAIL":
        return "bogus"
    return f"{'secure' if 'ad' in flags else 'insecure'} {status}"
