"""The floor: a name server that does next to nothing, and does it right."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import dnslib
import pytest
from dnslib import QTYPE, RCODE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.errors import ServerError
from benchmarks.peers.floor import Floor, build
from benchmarks.probe import free_port
from benchmarks.server import Server, running


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    try:
        program = Floor().path()
    except ServerError as error:
        pytest.skip(str(error))
    port, folder = free_port(), tmp_path_factory.mktemp("floor")
    with running(
        "floor", (program, str(port), "60"), folder, port, "a.example", min(os.sched_getaffinity(0))
    ) as server:
        yield server


def ask(server: Server, message: bytes) -> dnslib.DNSRecord:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(message, ("127.0.0.1", server.port))
        return dnslib.DNSRecord.parse(sock.recv(4096))


def test_an_answer_has_the_question_and_one_record(floor: Server) -> None:
    query = dnslib.DNSRecord.question("Some.Name.Example", "A")
    answer = ask(floor, query.pack())
    assert (answer.header.id, answer.header.qr, answer.header.rd, answer.q) == (query.header.id, 1, 1, query.q)
    assert [(str(record.rdata), record.ttl) for record in answer.rr] == [("10.0.0.1", 60)]


def test_another_type_has_no_data(floor: Server) -> None:
    answer = ask(floor, dnslib.DNSRecord.question("a.example", "NS").pack())
    assert (answer.rr, answer.header.rcode) == ([], RCODE.NOERROR)


def test_what_stands_behind_the_question_is_not_copied(floor: Server) -> None:
    query = dnslib.DNSRecord.question("a.example", "A")
    query.add_ar(dnslib.EDNS0(udp_len=1232))
    answer = ask(floor, query.pack())
    assert (answer.header.ar, [QTYPE[record.rtype] for record in answer.rr]) == (0, ["A"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600))
def test_nothing_that_it_is_sent_ends_it(floor: Server, message: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(message, ("127.0.0.1", floor.port))
    floor.check()


def test_without_a_compiler_it_is_told_with_the_remedy() -> None:
    with pytest.raises(ServerError, match=r"no C compiler .* apt install gcc libc6-dev"):
        build("no-such-compiler", Floor.package)


def test_what_the_compiler_says_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "floor.c"
    source.write_text("no C at all")
    monkeypatch.setattr("benchmarks.peers.floor.SOURCE", source)
    monkeypatch.setattr("benchmarks.peers.floor.BUILT", tmp_path / "built" / "floor")
    build.cache_clear()
    with pytest.raises(ServerError, match="cannot be built"):
        build("cc", Floor.package)
