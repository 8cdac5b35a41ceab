"""Several processes that answer at one address, and their parent."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.e2e import test_loops
from tests.e2e.programs import Program, dig, free_port, pydns, serving, until
from tests.e2e.test_activation import bound, inode, inodes, started
from tests.pydns.life import WriteFile, wire

__all__ = ["bound"]  # a fixture

COREFILE: Final = """. {{
    bind 127.0.0.1
    multisocket 2
    prometheus 127.0.0.1:{metrics}
    ready 127.0.0.1:{ready}
    hosts {{
        192.0.2.1 example.org
    }}
}}
"""


NONE: Final = ("    multisocket 2\n", "")
THREE: Final = ("multisocket 2", "multisocket 3")
NEW: Final = ("192.0.2.1", "192.0.2.2")


class Site:
    """A Corefile with pages at free ports."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metrics, self.ready = free_port(), free_port()
        self.write(COREFILE)

    def write(self, text: str) -> None:
        self.path.write_text(text.format(metrics=self.metrics, ready=self.ready))

    def change(self, *changes: tuple[str, str]) -> None:
        text = COREFILE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.write(text)

    def value(self, name: str) -> float:
        """The sum of a metric's values, over all labels."""
        page = get(self.metrics, "/metrics")[1]
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE)
        return sum(map(float, found))


@pytest.fixture
def site(corefile: Path) -> Site:
    return Site(corefile)


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def workers(program: Program) -> list[int]:
    """The processes of the workers."""
    return [process for process in children(program) if b"pydns.workers.worker" in command(process)]


def children(program: Program) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == program.process.pid:
                found.append(int(status.parent.name))
    return sorted(found)


def command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(process: int) -> bool:
    return bool(command(process))


def listening(process: int) -> int:
    """Sockets of the Internet that a process has open; none where it is about to go."""
    try:
        return len(inodes(process))
    except OSError:
        return 0


class Asking:
    """Clients that ask all the time, each time from another port, so that the kernel gives them to all workers."""

    def __init__(self, port: int) -> None:
        self.answers: list[bytes] = []
        self.lost = 0
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.ask()

    def ask(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            try:
                client.connect(("127.0.0.1", self._port))
                client.send(wire("example.org"))
                self.answers.append(client.recv(512)[-4:])
            except OSError:
                self.lost += 1

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def more(self, count: int) -> None:
        """Returns when so many more answers have come."""
        enough = len(self.answers) + count
        until(lambda: len(self.answers), lambda number: number >= enough)


@contextmanager
def asking(port: int) -> Iterator[Asking]:
    with Asking(port) as found:
        found.more(50)
        yield found


def reload(program: Program, wanted: str = "Reloading complete") -> None:
    since = len(program.lines)
    program.send(signal.SIGHUP)
    program.wait_for(wanted, since=since)


def test_all_workers_answer(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        both = workers(program)
        before = [cpu(process) for process in both]
        with asking(port) as clients:
            until(lambda: [cpu(each) for each in both], lambda now: all(map(int.__lt__, before, now)))
            assert not clients.lost
        assert [listening(process) for process in both] == [2, 2]


def cpu(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_the_parent_listens_for_http_alone(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        get(site.ready, "/ready")
        until(lambda: listening(program.process.pid), lambda now: now == 2)  # once that connection has ended


def test_counts_are_summed(site: Site, port: int) -> None:
    with serving(site.path, port):
        for _ in range(20):
            assert dig(port, "example.org").data == ["192.0.2.1"]
        assert site.value("coredns_dns_requests_total") == 20
        assert site.value("coredns_dns_request_duration_seconds_count") == 20


@pytest.mark.parametrize("name", ["coredns_build_info", "coredns_hosts_entries", "coredns_reload_version_info"])
def test_what_all_know_is_told_once(site: Site, port: int, name: str) -> None:
    site.change(("hosts {{", "hosts /dev/null {{"))
    with serving(site.path, port):
        assert site.value(name) == {"coredns_hosts_entries": 2}.get(name, 1)


def test_a_worker_that_is_killed_is_replaced(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        first, second = workers(program)
        with asking(port) as clients:
            os.kill(first, signal.SIGKILL)
            until(lambda: is_alive(first), lambda alive: not alive)
            lost = clients.lost
            until(lambda: workers(program), lambda now: len(now) == 2 and first not in now)
            until(lambda: [listening(process) for process in workers(program)], lambda now: now == [2, 2])
            clients.more(200)
        assert clients.lost - lost <= 1  # the one that was under way as it died
        assert second in workers(program)
        assert site.value("pydns_worker_restarts_total") == 1
        program.wait_for("ended by SIGKILL")


def test_what_a_killed_worker_counted_counts_on(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        for _ in range(20):
            dig(port, "example.org")
        assert site.value("coredns_dns_requests_total") == 20
        os.kill(workers(program)[0], signal.SIGKILL)
        until(lambda: site.value("pydns_worker_restarts_total"), lambda count: count == 1)
        assert site.value("coredns_dns_requests_total") == 20


def test_one_that_dies_again_and_again_is_replaced_later_and_later(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        other = workers(program)[1]
        for times in range(1, 4):
            until(lambda: [listening(process) for process in workers(program)], lambda now: now == [2, 2])
            (victim,) = (each for each in workers(program) if each != other)
            os.kill(victim, signal.SIGKILL)
            until(lambda: program.count("ended by SIGKILL"), lambda count, times=times: count == times)
        began = time.monotonic()
        until(lambda: workers(program), lambda now: len(now) == 2)
        assert time.monotonic() - began > 1.5  # none, 1 s, 2 s
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_a_reload_changes_all(site: Site, port: int) -> None:
    with serving(site.path, port) as program, asking(port) as clients:
        both = workers(program)
        site.change(("192.0.2.1", "192.0.2.2"))
        reload(program)
        clients.more(1)
        after = len(clients.answers)
        clients.more(100)
        assert workers(program) == both
        assert set(clients.answers[after:]) == {b"\xc0\0\2\2"}
        assert not clients.lost


def test_a_bad_reload_changes_none(site: Site, port: int) -> None:
    with serving(site.path, port) as program, asking(port) as clients:
        site.change(("hosts", "host"))
        reload(program, "Reload failed, the old configuration runs on")
        clients.more(50)
        assert set(clients.answers) == {b"\xc0\0\2\1"}


OWN: Final = """
import trio
from pydns.plugin import Plugin

class Own(Plugin):
    name = "own"

    @classmethod
    def parse(cls, directives, block):
        return (cls(),)

    async def serve(self, query, call_next):
        return await call_next(query)

    async def run(self, *, task_status):
        if self.house.family.number == 1:
            raise OSError("not in the second")
        task_status.started()
"""


def test_one_worker_that_fails_keeps_all_from_changing(site: Site, port: int, write: WriteFile) -> None:
    write("own.py", OWN)
    with serving(site.path, port) as program, asking(port) as clients:
        site.change(
            ("192.0.2.1", "192.0.2.2"), ("    hosts", f"    plugin {site.path.parent}/own.py\n    own\n    hosts")
        )
        reload(program, "worker 2: plugin own cannot start: OSError: not in the second")
        clients.more(100)
        assert set(clients.answers) == {b"\xc0\0\2\1"}
        site.change(("192.0.2.1", "192.0.2.3"))
        reload(program)
        clients.more(1)
        assert clients.answers[-1] == b"\xc0\0\2\3"
        assert not clients.lost


def test_one_that_cannot_start_keeps_the_server_from_starting(site: Site, port: int, write: WriteFile) -> None:
    write("own.py", OWN)
    site.change(("    hosts", f"    plugin {site.path.parent}/own.py\n    own\n    hosts"))
    with pydns("-conf", site.path, "-p", str(port)) as program:
        assert program.wait() == 1
        assert "worker 2: plugin own cannot start" in program.output


def test_a_port_that_is_taken_is_told(site: Site, port: int) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", port))
        with pydns("-conf", site.path, "-p", str(port)) as program:
            assert program.wait() == 1
            assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in program.output


@pytest.mark.parametrize(
    ("before", "after", "count"), [([NONE], [], 2), ([], [NONE], 0), ([], [THREE], 3), ([THREE], [], 2)]
)
def test_their_number_changes_without_a_lost_query(
    site: Site, port: int, before: list[tuple[str, str]], after: list[tuple[str, str]], count: int
) -> None:
    site.change(*before)
    with serving(site.path, port) as program, asking(port) as clients:
        site.change(*after, NEW)
        reload(program)
        clients.more(1)
        since = len(clients.answers)
        until(lambda: workers(program), lambda now: len(now) == count)
        until(lambda: listening(program.process.pid), lambda now: now == (2 if count else 4))
        clients.more(100)
        assert set(clients.answers[since:]) == {b"\xc0\0\2\2"}
        assert not clients.lost
        assert get(site.ready, "/ready") == (200, "OK")


def test_after_several_changes_the_port_is_no_other_program_s(site: Site, port: int) -> None:
    with serving(site.path, port) as program:
        site.change(NONE)
        reload(program)
        until(lambda: workers(program), lambda now: not now)
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            until(lambda: is_refused(other, port), bool)


def is_refused(sock: socket.socket, port: int) -> bool:
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        return True
    return False


def test_a_port_is_added_and_taken_away(site: Site, port: int) -> None:
    other = free_port()
    with serving(site.path, port) as program:
        site.change((". {{", f".:{port} .:{other} {{{{"))
        reload(program)
        assert dig(other, "example.org").data == ["192.0.2.1"]
        assert [listening(process) for process in workers(program)] == [4, 4]
        site.change()
        reload(program)
        until(lambda: [listening(process) for process in workers(program)], lambda now: now == [2, 2])


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
