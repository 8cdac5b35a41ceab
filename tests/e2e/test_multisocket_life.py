"""Several processes that answer at one address: how they end, and what they share and divide."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e import test_loops
from tests.e2e.multisocket import (
    NONE,
    OWN,
    Site,
    asking,
    children,
    get,
    is_alive,
    listening,
    reload,
    workers,
)
from tests.e2e.programs import Program, dig, free_port, pydns, serving, until
from tests.e2e.test_activation import bound, inode, inodes, started
from tests.pydns.life import WriteFile, wire

__all__ = ["bound"]  # a fixture


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_leaves_no_process(site: Site, port: int, number: signal.Signals) -> None:
    with serving(site.path, port) as program:
        both = workers(program)
        program.send(number)
        assert program.wait() == 0
        assert not [process for process in both if is_alive(process)]


def test_it_stops_while_workers_start(site: Site, port: int, write: WriteFile) -> None:
    write("own.py", OWN.replace('raise OSError("not in the second")', "await trio.sleep_forever()"))
    site.change(("    hosts", f"    plugin {site.path.parent}/own.py\n    own\n    hosts"))
    with pydns("-conf", site.path, "-p", str(port)) as program:
        until(lambda: workers(program), bool)
        program.send(signal.SIGTERM)
        assert program.wait() == 0
        assert "Traceback" not in program.output


def test_a_second_signal_ends_the_lame_duck_of_all(site: Site, port: int) -> None:
    site.change(("    hosts", f"    health 127.0.0.1:{free_port()} {{{{\n        lameduck 1h\n    }}}}\n    hosts"))
    with serving(site.path, port) as program:
        both = workers(program)
        program.send(signal.SIGTERM)
        program.wait_for("lameduck")
        program.send(signal.SIGTERM)
        assert program.wait() == 0
        assert not [process for process in both if is_alive(process)]


def test_workers_leave_signals_to_their_parent(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        both = workers(program)
        for process in both:
            os.kill(process, signal.SIGTERM)
            os.kill(process, signal.SIGHUP)
        assert dig(port, "example.org").data == ["192.0.2.1"]
        assert workers(program) == both


def test_the_workers_end_with_their_parent(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        both = workers(program)
        program.process.kill()
        until(lambda: [process for process in both if is_alive(process)], lambda alive: not alive)


def test_all_are_answered_in_the_lame_duck(site: Site, port: int) -> None:
    site.change(("    hosts", f"    health 127.0.0.1:{free_port()} {{{{\n        lameduck 1s\n    }}}}\n    hosts"))
    with serving(site.path, port) as program, asking(port) as clients:
        program.send(signal.SIGTERM)
        program.wait_for("lameduck")
        clients.more(200)
        assert not clients.lost
    assert program.wait() == 0


def test_ready_asks_all_workers(site: Site, port: int, write: WriteFile) -> None:
    text = OWN.replace('raise OSError("not in the second")', "pass").replace(
        "    async def run", "    def ready(self):\n        return self.house.family.number == 0\n\n    async def run"
    )
    write("own.py", text)
    site.change(("    hosts", f"    plugin {site.path.parent}/own.py\n    own\n    hosts"))
    with serving(site.path, port):
        assert get(site.ready, "/ready") == (503, "own")


def test_a_change_of_a_file_is_seen_by_all(site: Site, port: int, write: WriteFile) -> None:
    file = write("hosts", "192.0.2.1 example.org\n")
    site.change(("hosts {{\n        192.0.2.1 example.org\n    }}", f"hosts {file}"))
    with serving(site.path, port), asking(port) as clients:
        file.write_text("192.0.2.9 example.org\n")
        changed = time.monotonic()
        until(lambda: clients.answers[-50:], lambda last: set(last) == {b"\xc0\0\2\x09"})
        assert time.monotonic() - changed < 5  # it is a tenth of that; each worker looks by itself
        clients.more(100)
        assert set(clients.answers[-100:]) == {b"\xc0\0\2\x09"}


def test_a_large_hosts_file_is_one_mapping(site: Site, port: int, write: WriteFile) -> None:
    file = write("hosts", large("192.0.2.1"))
    site.change(("hosts {{\n        192.0.2.1 example.org\n    }}", f"hosts {file}"))
    with serving(site.path, port) as program:
        assert dig(port, "n1.example").data == ["192.0.2.1"]
        first = mapped(program)
        assert len(first) == 1
        assert len(*first) == 1
        file.write_text(large("192.0.2.2"))
        until(
            lambda: mapped(program),
            lambda now: len(now) == 1 and now != first,
        )
        assert dig(port, "n1.example").data == ["192.0.2.2"]
        assert len(*mapped(program)) == 1
        os.kill(workers(program)[0], signal.SIGKILL)
        until(lambda: [listening(process) for process in workers(program)], lambda now: now == [2, 2])
        assert len(mapped(program)) == 1


def mapped(program: Program) -> set[frozenset[str]]:
    """The tables that its workers have, each kind of worker once."""
    return {frozenset(tables(process)) for process in workers(program)}


def large(address: str) -> str:
    return "".join(f"{address} n{i}.example\n" for i in range(60_000))


def tables(process: int) -> set[str]:
    """The memory files that a process has mapped, by their inodes."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    return {line.split()[4] for line in lines if "memfd:hosts" in line}


def test_given_sockets_are_shared(bound: tuple[socket.socket, socket.socket], corefile: Path, site: Site) -> None:
    port = bound[0].getsockname()[1]
    with started(corefile, port, *bound) as program:
        program.wait_for("pydns-")
        both = workers(program)
        assert [inodes(process) for process in both] == [{inode(sock) for sock in bound}] * 2
        assert [dig(port, "example.org", "A", word).data for word in ("+notcp", "+tcp")] == [["192.0.2.1"]] * 2
        os.kill(both[0], signal.SIGKILL)
        until(lambda: [len(inodes(process)) for process in workers(program)], lambda now: now == [2, 2])
        site.change(NONE)
        reload(program)
        until(lambda: workers(program), lambda now: not now)
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_a_loop_is_found_whichever_worker_a_probe_comes_back_to(port: int, corefile: Path, write: WriteFile) -> None:
    ports = {"port": port, "other": free_port()}
    corefile.write_text(test_loops.FIRST.format(**ports, above="multisocket 3"))
    second = write("Second", test_loops.LOOPING.format(**ports))
    with serving(second, ports["other"]), serving(corefile, port) as program:
        until(lambda: program.count("comes back to this server"), lambda count: count == 3)
        for _ in range(6):
            assert test_loops.says_loop(dig(port, "a.example.org"))
        assert dig(port, "www.good.test").data == ["192.0.2.7"]


def test_a_limit_is_divided(port: int, corefile: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        upstream = silent.getsockname()[1]
        corefile.write_text(
            f". {{\n bind 127.0.0.1\n multisocket 2\n forward . 127.0.0.1:{upstream} {{\n max_concurrent 3\n }}\n}}"
        )
        with serving(corefile, port), ExitStack() as stack:
            clients = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(40)]
            for client in clients:
                client.connect(("127.0.0.1", port))
                client.send(wire("example.org"))
            silent.settimeout(10)
            assert len({silent.recv(512)[:2] for _ in range(3)}) == 3
            refused = until(lambda: select.select(clients, [], [], 0)[0], lambda ready: len(ready) == 37)
            assert {client.recv(512)[3] & 15 for client in refused} == {5}


def test_the_parent_alone_speaks_to_the_supervisor(site: Site, port: int, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        supervisor.settimeout(15)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000000"}
        with serving(site.path, port, environ=environ) as program:
            reload(program)
            program.send(signal.SIGTERM)
            program.wait()
        told: list[str] = []
        speakers: set[int] = set()
        while "STOPPING=1" not in told:
            data, control, _, _ = supervisor.recvmsg(4096, 1024)
            speakers.add(struct.unpack("3i", control[0][2])[0])
            told += data.decode().split("\n")
    assert speakers == {program.process.pid}
    assert "WATCHDOG=1" in told
    assert "RELOADING=1" in told
    assert f"STATUS=answering at dns://127.0.0.1:{port}, with 2 workers" in told


def test_each_line_of_the_log_is_whole(site: Site, port: int) -> None:
    site.change(("    hosts", "    log\n    hosts"))
    with serving(site.path, port) as program, asking(port) as clients:
        clients.more(300)
        until(lambda: program.count(" example.org. "), lambda count: count > 300)
        lines = [line for line in program.lines if "example.org." in line]
        assert not [line for line in lines if line.count("[INFO]") != 1]


def test_without_it_there_is_one_process(site: Site, port: int) -> None:
    site.change(NONE)
    with serving(site.path, port) as program:
        assert not workers(program)
        assert not children(program)
