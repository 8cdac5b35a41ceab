"""Several processes that answer at one address: they count together, are replaced, and reload as one."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.e2e.multisocket import (
    NEW,
    NONE,
    OWN,
    THREE,
    Site,
    asking,
    get,
    is_alive,
    listening,
    reload,
    workers,
)
from tests.e2e.programs import dig, free_port, pydns, serving, until
from tests.pydns.life import WriteFile


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
