"""Queries over real sockets: dig asks a server in this process, or one that runs as users run it."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dnslib
import pytest
import trio

from pydns.testing import running_server
from tests.e2e.programs import Program, dig, free_port, installed, nsd, serving
from tests.golden.packets.test_packets import PACKETS, octets
from tests.pydns.wire.messages import message, question

pytestmark = pytest.mark.skipif(installed("dig") is None, reason="dig is not installed")

ADDRESSES = 400
HOSTS = "\n".join(
    (
        "192.0.2.1 www.example.net",
        "2001:db8::1 www.example.net",
        *(f"10.0.{i // 200}.{1 + i % 200} many.example.net" for i in range(ADDRESSES)),
    )
)
COREFILE = """
example.net:{port} {{
    bind 127.0.0.1 ::1
    hosts {hosts} {{
        ttl 60
        fallthrough
    }}
    cache 30
}}
.:{port} {{
    bind 127.0.0.1 ::1
    log
    errors
    cache 30
    forward . {upstream}
}}
"""


async def asked(port: int, *words: str) -> str:
    """What dig shows."""
    done = await trio.run_process(
        ["dig", "-p", str(port), "+tries=1", "+time=8", *words], capture_stdout=True, check=False
    )
    return done.stdout.decode()


def numbers(text: str) -> tuple[str, int, bool]:
    """The status, how many records answer, and whether the message was cut."""
    status, flags, answers = re.search(r"status: (\w+).*\n;; flags: ([a-z ]*);.*ANSWER: (\d+)", text).groups()  # type: ignore[union-attr]
    return status, int(answers), " tc" in f" {flags}"


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text(HOSTS + "\n")
    return path


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """NSD with example.org."""
    if installed("nsd") is None:
        pytest.skip("nsd is not installed")
    port = free_port()
    with nsd(tmp_path_factory.mktemp("nsd"), port):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def program(corefile: Path, port: int, hosts: Path, upstream: str) -> Iterator[Program]:
    """pydns as a process of its own: hosts, cache and forward."""
    corefile.write_text(COREFILE.format(port=port, hosts=hosts, upstream=upstream))
    with serving(corefile, port) as program:
        yield program


@pytest.mark.parametrize(
    "words", [(), ("+tcp",), ("+noedns",), ("+dnssec",), ("+cookie=0102030405060708",), ("+nord",)]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("name", "type_", "status", "data"),
    [
        ("www.example.net", "A", "NOERROR", ["192.0.2.1"]),
        ("www.example.net", "AAAA", "NOERROR", ["2001:db8::1"]),
        ("www.example.net", "TXT", "NOERROR", []),
        ("www.example.org", "A", "NOERROR", ["192.0.2.1"]),
        ("none.example.org", "A", "NXDOMAIN", []),
    ],
)
def test_each_source_answers_first_and_again(
    name: str, type_: str, status: str, data: list[str], host: str, words: tuple[str, ...], program: Program, port: int
) -> None:
    for _ in range(4):  # from the source, from the cache, and as it was packed
        answer = dig(port, name, type_, *words, host=host)
        assert (answer.status, answer.data) == (status, data)


def test_the_process_ends_well_after_queries(program: Program, port: int) -> None:
    dig(port, "www.example.org")
    program.process.terminate()
    assert program.wait() == 0


# Sizes.


SERVED = ".:0 {{\n bind 127.0.0.1\n hosts {hosts}\n}}"


@pytest.mark.parametrize(
    "words",
    [
        ("+noedns",),
        ("+bufsize=0",),
        ("+bufsize=512",),
        ("+bufsize=1232",),
        ("+bufsize=4096",),
        ("+bufsize=65535",),
        ("+bufsize=512", "+dnssec"),
    ],
)
async def test_an_rrset_that_does_not_fit_is_left_out_whole(words: tuple[str, ...], hosts: Path) -> None:
    """RFC 2181 section 9: a part of it would look like all there is."""
    async with running_server(SERVED.format(hosts=hosts)) as server:
        text = await asked(server.port, "@127.0.0.1", "+ignore", *words, "many.example.net")
    assert numbers(text) == ("NOERROR", 0, True)
    assert int(re.search(r"MSG SIZE  rcvd: (\d+)", text)[1]) <= 512  # type: ignore[index]


@pytest.mark.parametrize("words", [("+tcp",), ("+tcp", "+noedns"), ("+bufsize=512",), ("+noedns",)])
async def test_tcp_gives_all_of_it(words: tuple[str, ...], hosts: Path) -> None:
    """Where dig sees TC it asks again over TCP by itself."""
    async with running_server(SERVED.format(hosts=hosts)) as server:
        for _ in range(3):
            text = await asked(server.port, "@127.0.0.1", *words, "many.example.net")
            assert numbers(text) == ("NOERROR", ADDRESSES, False)
            assert len(set(re.findall(r"\t(10\.0\.\d+\.\d+)", text))) == ADDRESSES


@pytest.mark.parametrize(("words", "size"), [(("+bufsize=512",), 1232), (("+bufsize=4096",), 1232)])
async def test_our_own_size_is_told(words: tuple[str, ...], size: int, hosts: Path) -> None:
    async with running_server(SERVED.format(hosts=hosts)) as server:
        text = await asked(server.port, "@127.0.0.1", *words, "www.example.net")
    assert f"udp: {size}" in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("+edns=1", "+noednsneg"), "BADVERS"),
        (("+opcode=NOTIFY",), "NOTIMP"),
        (("+opcode=UPDATE",), "NOTIMP"),
        (("+opcode=15",), "NOTIMP"),
        (("+header-only", "+nocookie"), "FORMERR"),
        (("+header-only",), "NOERROR"),
        (("-c", "CH"), "REFUSED"),
        (("-c", "HS"), "REFUSED"),
        (("+ednsopt=65001:0102",), "NOERROR"),
        (("+subnet=192.0.2.0/24",), "NOERROR"),
        (("+padding=128",), "NOERROR"),
        (("+keepalive", "+tcp"), "NOERROR"),
        (("+zflag",), "NOERROR"),
        (("+ednsflags=0x7fff",), "NOERROR"),
        (("+cdflag", "+adflag", "+aaflag"), "NOERROR"),
    ],
)
async def test_what_dig_can_ask_in_odd_ways(words: tuple[str, ...], expected: str, hosts: Path) -> None:
    async with running_server(SERVED.format(hosts=hosts)) as server:
        for _ in range(3):
            text = await asked(server.port, "@127.0.0.1", *words, "www.example.net")
            assert numbers(text)[0] == expected


# Hostile packets, named by their defect.


async def still_answers(port: int) -> bool:
    text = await asked(port, "@127.0.0.1", "+noall", "+answer", "www.example.net")
    return text.rstrip().endswith("192.0.2.1")


async def test_it_answers_on_after_each_hostile_datagram(hosts: Path) -> None:
    async with running_server(SERVED.format(hosts=hosts)) as server:
        with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            await sock.connect(("127.0.0.1", server.port))
            for path in PACKETS:
                wire = octets(path.read_text())
                if len(wire) <= 65_507:  # what a datagram can hold
                    await sock.send(wire)
                await sock.send(message(question("www.example.net"), id_=0xBEEF))
                with trio.fail_after(10):
                    while (await sock.recv(65_535))[:2] != b"\xbe\xef":
                        pass
        assert await still_answers(server.port)


@pytest.mark.parametrize("times", [1, 3])
async def test_it_answers_on_after_each_hostile_message_over_tcp(times: int, hosts: Path) -> None:
    async with running_server(SERVED.format(hosts=hosts)) as server:
        for path in PACKETS:
            wire = octets(path.read_text())
            stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            async with stream:
                try:
                    await stream.send_all((len(wire).to_bytes(2) + wire) * times)
                    await stream.send_eof()
                    with trio.fail_after(10):
                        while await stream.receive_some():
                            pass
                except trio.BrokenResourceError:  # it may close the connection of who sends nonsense
                    pass
        assert await still_answers(server.port)


async def test_no_hostile_packet_is_counted_as_a_fault_of_ours(hosts: Path) -> None:
    async with running_server(SERVED.format(hosts=hosts)) as server:
        with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            await sock.connect(("127.0.0.1", server.port))
            for path in PACKETS:
                wire = octets(path.read_text())
                if len(wire) <= 65_507:
                    await sock.send(wire)
        assert await still_answers(server.port)
        panics = server.process.house.metrics.counter("coredns_panics_total", "")
        assert panics.value() == 0


# Under load.


async def test_thousands_of_queries_at_once_are_all_answered(hosts: Path, tmp_path: Path) -> None:
    """dnsperf, with names that are there, names that are not, and both letters."""
    if installed("dnsperf") is None:
        pytest.skip("dnsperf is not installed")
    names = tmp_path / "queries"
    names.write_text("".join(f"{name} {type_}\n" for name in ("www.example.net", "WWW.Example.NET", "many.example.net")
                             for type_ in ("A", "AAAA")))  # fmt: skip
    async with running_server(SERVED.format(hosts=hosts)) as server:
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", str(names), "-n", "1000", "-q", "50"]
        done = await trio.run_process([*command, "-t", "30"], capture_stdout=True, stderr=subprocess.STDOUT)
    text = done.stdout.decode()
    assert re.search(r"Queries completed: +6000 \(100\.00%\)", text), text


def test_an_answer_can_be_opened_by_others(program: Program, port: int) -> None:
    """dnslib reads what dig read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(("127.0.0.1", port))
        sock.send(message(question("www.example.org")))
        answer = dnslib.DNSRecord.parse(sock.recv(4096))
    assert [str(record.rdata) for record in answer.rr] == ["192.0.2.1"]
