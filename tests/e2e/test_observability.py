"""health, ready and prometheus of a process: addresses that are taken or move, the end, and hostile clients."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.programs import dig, free_port, pydns, serving, until
from tests.pydns.life import WriteFile
from tests.pydns.pages import Got, opened

PAGES = """.:{port} {{
    bind 127.0.0.1
    {directive} 127.0.0.1:{page} {options}
    hosts {{
        {address} example.org
    }}
}}
"""
PATHS = {"health": "/health", "ready": "/ready", "prometheus": "/metrics"}
each_page = pytest.mark.parametrize("directive", sorted(PATHS))


def corefile_of(directive: str, port: int, page: int, address: str = "192.0.2.1", options: str = "") -> str:
    return PAGES.format(directive=directive, address=address, options=options, port=port, page=page)


def get(port: int, path: str) -> Got | None:
    """None where nobody listens there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
            return opened(b"".join(iter(lambda: sock.recv(65536), b"")))
    except ConnectionError:
        return None


def status(port: int, path: str) -> int:
    found = get(port, path)
    return 0 if found is None else found.status


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))
        sock.listen()
        yield


@pytest.fixture
def page() -> int:
    return free_port()


@each_page
def test_a_page_is_there_when_queries_are_answered(directive: str, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of(directive, port, page))
    with serving(corefile, port):
        assert status(page, PATHS[directive]) == 200


@each_page
def test_a_port_that_is_taken_ends_the_start(directive: str, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of(directive, port, page))
    with taken(page), pydns("-conf", corefile) as program:
        assert program.wait() == 1
    (line,) = program.lines
    assert line.startswith(f"{corefile}:3:")
    assert f": cannot listen on 127.0.0.1:{page}: Address already in use (another program listens there" in line


@each_page
def test_a_port_that_is_taken_at_a_reload_is_waited_for(directive: str, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of(directive, port, page))
    other = free_port()
    with serving(corefile, port) as program:
        with taken(other):
            corefile.write_text(corefile_of(directive, port, other, "192.0.2.2"))
            program.send(signal.SIGHUP)
            program.wait_for(f": cannot listen on 127.0.0.1:{other}: Address already in use")
            assert dig(port, "example.org").data == ["192.0.2.1"]
            assert status(page, PATHS[directive]) == 200
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.2"]
        assert status(other, PATHS[directive]) == 200
        until(lambda: status(page, PATHS[directive]), lambda found: found == 0)


@each_page
def test_a_reload_may_move_it(directive: str, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of(directive, port, page))
    other = free_port()
    with serving(corefile, port) as program:
        corefile.write_text(corefile_of(directive, port, other))
        program.send(signal.SIGHUP)
        program.wait_for("Reloading complete")
        assert status(other, PATHS[directive]) == 200
        until(lambda: status(page, PATHS[directive]), lambda found: found == 0)
        assert "Traceback" not in program.output


@each_page
def test_a_reload_that_fails_for_another_reason_leaves_it(directive: str, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of(directive, port, page))
    other = free_port()
    with serving(corefile, port) as program:
        corefile.write_text(corefile_of(directive, port, other).replace("bind 127.0.0.1", "bind 192.0.2.1"))
        program.send(signal.SIGHUP)
        program.wait_for("Reload failed")
        assert (status(page, PATHS[directive]), status(other, PATHS[directive])) == (200, 0)


def test_one_address_may_have_all_pages(port: int, page: int, corefile: Path) -> None:
    text = corefile_of("health", port, page)
    corefile.write_text(text.replace("hosts", f"ready 127.0.0.1:{page}\n    prometheus 127.0.0.1:{page}\n    hosts"))
    with serving(corefile, port):
        assert [status(page, path) for path in (*PATHS.values(), "/")] == [200, 200, 200, 404]


# The end.


def test_a_lame_duck_answers_and_then_ends(port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of("health", port, page, options="{\n        lameduck 2s\n    }"))
    with serving(corefile, port) as program:
        program.send(signal.SIGTERM)
        program.wait_for("going into lameduck mode for 2 s")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        assert dig(port, "example.org", "A", "+tcp").data == ["192.0.2.1"]
        assert status(page, "/health") == 200
        assert program.wait() == 0
        assert program.count("Drained in") == 1


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_lame_duck(second: signal.Signals, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of("health", port, page, options="{\n        lameduck 1h\n    }"))
    with serving(corefile, port) as program:
        program.send(signal.SIGTERM)
        program.wait_for("going into lameduck mode for 3600 s")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        program.send(second)
        assert program.wait() == 0
        assert program.count("Told to stop once more: not waiting for plugins that want more time") == 1
        assert program.count("Drained in") == 1
        assert "Traceback" not in program.output


@each_page
def test_it_ends_though_a_client_is_silent(directive: str, port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of(directive, port, page))
    with (
        serving(corefile, port) as program,
        socket.create_connection(("127.0.0.1", page)),
        socket.create_connection(("127.0.0.1", page)) as half,
    ):
        half.sendall(b"GET /")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        program.send(signal.SIGTERM)
        assert program.wait(5) == 0
    assert "Traceback" not in program.output


# Clients of the pages and of DNS.


def test_a_thousand_silent_clients_disturb_no_query(port: int, page: int, corefile: Path) -> None:
    corefile.write_text(corefile_of("health", port, page))
    with serving(corefile, port) as program:
        idle = [socket.create_connection(("127.0.0.1", page)) for _ in range(1000)]
        for sock in idle[::2]:
            sock.sendall(b"GET /health HTTP/1.1\r\nX: " + b"a" * 5000)
        for _ in range(10):
            assert dig(port, "example.org").data == ["192.0.2.1"]
            assert status(page, "/health") == 200
        for sock in idle:
            sock.settimeout(20)
            try:
                assert sock.recv(65536) == b""  # it is ended, soon or in time
            except ConnectionResetError:
                continue
            finally:
                sock.close()
        assert "Traceback" not in program.output


# What is imported.

OWN = """
import sys
from pydns.plugin import Plugin
from pydns.records import Class, Record, Type
from pydns.reply import Reply

def loaded():
    return ",".join(sorted({"hypercorn", "starlette"} & sys.modules.keys()))

class Own(Plugin):
    name = "own"

    @classmethod
    def parse(cls, directives, block):
        return (cls(),)

    async def serve(self, query, call_next):
        text = loaded().encode()
        return Reply([Record(query.name, Type.TXT, Class.IN, 0, bytes((len(text),)) + text)], by="own")

    async def run(self, *, task_status):
        print("at the start:", loaded() or "nothing", flush=True)
        task_status.started()
"""


@pytest.mark.parametrize("directive", ["", *sorted(PATHS)])
def test_http_is_imported_for_a_page_alone_and_not_before_queries_are_answered(
    directive: str, port: int, page: int, corefile: Path, write: WriteFile
) -> None:
    own = write("own.py", OWN)
    line = f"{directive} 127.0.0.1:{page}" if directive else ""
    corefile.write_text(f".:{port} {{\n    bind 127.0.0.1\n    {line}\n    plugin {own}\n    own\n}}\n")
    with serving(corefile, port) as program:
        program.wait_for("at the start: nothing")
        if directive:
            assert status(page, PATHS[directive]) == 200
        found = dig(port, "example.org", "TXT").data
        assert found == (['"hypercorn,starlette"'] if directive else ['""'])
