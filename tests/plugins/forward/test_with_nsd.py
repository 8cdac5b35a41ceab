"""Against a real name server: NSD as Debian packages it."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dnslib
import pytest

from pydns.query import Edns
from pydns.upstream.endpoint import Endpoint
from tests.plugins.forward.helpers import ask_for, parse, running

NSD = shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin:/usr/local/sbin")

CONFIG = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  zonelistfile: "{folder}/zones"
  logfile: "{folder}/log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: zone
"""
ZONE = "\n".join(
    (
        "$ORIGIN example.org.",
        "$TTL 300",
        "@ SOA ns hostmaster 1 7200 3600 1209600 300",
        "@ NS ns",
        "ns A 127.0.0.1",
        "www A 192.0.2.1",
        *(f'big TXT "{i:03}{"x" * 100}"' for i in range(60)),
    )
)


def free_port() -> int:
    """One that is free for UDP and TCP; nobody else takes it in the moment until NSD does, or the fixture tells."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port


@pytest.fixture(scope="module")
def nsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    if NSD is None:
        pytest.skip("nsd is not installed")
    folder: Path = tmp_path_factory.mktemp("nsd")
    endpoint = Endpoint("127.0.0.1", free_port())
    (folder / "nsd.conf").write_text(CONFIG.format(port=endpoint.port, folder=folder))
    (folder / "zone").write_text(ZONE + "\n")
    process = subprocess.Popen(
        [NSD, "-d", "-c", str(folder / "nsd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until_it_answers(endpoint, process, folder / "log")
        yield endpoint
    finally:
        process.terminate()
        process.wait(10)


def until_it_answers(endpoint: Endpoint, process: subprocess.Popen[bytes], log: Path) -> None:
    query = dnslib.DNSRecord.question("example.org", "SOA").pack()
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        sock.connect(endpoint)
        until = time.monotonic() + 10
        while time.monotonic() < until and process.poll() is None:
            try:
                sock.send(query)
                sock.recv(512)
            except OSError:
                time.sleep(0.02)
            else:
                return
    raise RuntimeError(f"nsd does not answer: {log.read_text() if log.exists() else 'no log'}")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_address_is_found(nsd: Endpoint, transport: str) -> None:
    async with running(*parse(f"forward . {nsd}")) as ask:
        reply = await ask(ask_for("www.example.org", transport=transport))
    assert reply.wire is not None
    message = dnslib.DNSRecord.parse(reply.wire)
    assert [str(record.rdata) for record in message.rr] == ["192.0.2.1"]
    assert 41 not in [record.rtype for record in message.ar]
    assert f" {transport} " in reply.why


@pytest.mark.parametrize(("name", "type_", "rcode", "answers"), [
    ("none.example.org", 1, 3, 0),
    ("www.example.org", 28, 0, 0),
    ("example.net", 1, 5, 0),
    ("big.example.org", 16, 0, 60),
])  # fmt: skip
async def test_what_nsd_says_is_passed_on(nsd: Endpoint, name: str, type_: int, rcode: int, answers: int) -> None:
    async with running(*parse(f"forward . {nsd}")) as ask:
        reply = await ask(ask_for(name, type_, edns=Edns(1232, 0, True, ())))
    assert reply.wire is not None
    assert reply.rcode == rcode
    assert len(dnslib.DNSRecord.parse(reply.wire).rr) == answers


async def test_what_is_too_large_for_udp_comes_over_tcp(nsd: Endpoint) -> None:
    async with running(*parse(f"forward . {nsd}")) as ask:
        reply = await ask(ask_for("big.example.org", 16))
    assert " tcp " in reply.why
    assert not reply.flags & reply.TC
