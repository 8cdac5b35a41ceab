"""pydns as the name server of a small site (tests/lab): its clients have a resolv.conf and know nothing of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from pydns import __version__
from pydns.records import Ede
from tests.e2e.programs import ROOT, Answer, Program, dig, installed, until
from tests.lab.site import LOCAL_NAMES, SERVER, UPSTREAM, Site

RESOLVE: Final = """
import socket, sys
print(*sorted({found[4][0] for found in socket.getaddrinfo(sys.argv[1], 80)}))
"""

STARTED: Final = f"pydns-{__version__}"
PROGRAMS: Final = ("ip", "nsd", "dig", "getent")


class Running(NamedTuple):
    site: Site
    server: Program

    def on(self, client: str, *words: str) -> str:
        """What a program says there, in one line; empty where it found nothing."""
        done = subprocess.run(self.site.network.inside(client, *words), capture_output=True, text=True, check=False)
        return " ".join(done.stdout.split())

    def ask(self, name: str, type_: str = "A", *words: str) -> Answer:
        return dig(53, name, type_, *words, host=SERVER, inside=self.site.network.namespace("desk"))

    def addresses(self, client: str, name: str) -> str:
        return self.on(client, sys.executable, "-c", RESOLVE, name)


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    if os.geteuid() != 0:
        pytest.skip("network namespaces want root")
    if missing := [name for name in PROGRAMS if installed(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    site = Site(f"pydns-site-{os.getpid()}", tmp_path_factory.mktemp("site") / "files")
    with ExitStack() as stack:
        stack.callback(site.remove)
        try:
            site.build()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces can be made here: {error.stderr.strip()}")
        nsd = installed("nsd")
        assert nsd is not None
        stack.enter_context(Program(*site.upstream_command(nsd)))
        server = stack.enter_context(Program(*site.server_command()))
        server.wait_for(STARTED)
        found = Running(site, server)
        inside = site.network.namespace("desk")
        until(
            lambda: dig(53, "example.org", "SOA", "+time=1", host=UPSTREAM, inside=inside).status,
            lambda status: status == "NOERROR",
        )
        yield found


# A client asks by what its resolv.conf says, in each of the ways that programs ask.


@pytest.mark.parametrize(("client", "name", "address"), [
    ("desk", "printer.home", "10.53.0.70"),  # the hosts file
    ("desk", "web.shop.svc.cluster.local", "10.96.1.10"),  # a service
    ("desk", "db-0.db.shop.svc.cluster.local", "10.244.0.21"),  # an endpoint
    ("desk", "www.example.org", "192.0.2.80"),  # the upstream
    ("pod", "web", "10.96.1.10"),  # the first domain of the search list
    ("pod", "web.shop", "10.96.1.10"),  # the second
    ("pod", "www.example.org", "192.0.2.80"),  # none of them, and with ndots:5 asked last as it is
])  # fmt: skip
class TestAName:
    def test_of_dig(self, client: str, name: str, address: str, running: Running) -> None:
        assert running.on(client, "dig", "+short", "+search", name) == address

    def test_of_getent(self, client: str, name: str, address: str, running: Running) -> None:
        assert running.on(client, "getent", "hosts", name).split()[:1] == [address]

    def test_of_getaddrinfo(self, client: str, name: str, address: str, running: Running) -> None:
        assert running.addresses(client, name) == address


@pytest.mark.parametrize("name", ["nobody.home", "none.shop.svc.cluster.local", "none.none.svc.cluster.local"])
def test_what_nobody_knows_is_not_found(name: str, running: Running) -> None:
    assert running.on("desk", "getent", "hosts", name) == ""


@pytest.mark.parametrize(("address", "name"), [
    ("10.53.0.70", "printer.home"),
    ("10.96.1.10", "web.shop.svc.cluster.local"),
])  # fmt: skip
def test_an_address_has_its_name(address: str, name: str, running: Running) -> None:
    assert running.on("desk", "getent", "hosts", address) == f"{address} {name}"


def test_it_answers_over_tcp(running: Running) -> None:
    assert running.on("desk", "dig", "+short", "+tcp", "www.example.org") == "192.0.2.80"


# Who goes first where several know a name.


def test_a_service_goes_before_the_upstream(running: Running) -> None:
    namespace = running.site.network.namespace("desk")
    name = "web.shop.svc.cluster.local"
    assert dig(53, name, host=UPSTREAM, inside=namespace).data == ["192.0.2.66"]
    assert running.ask(name).data == ["10.96.1.10"]


def test_a_line_of_the_hosts_file_goes_before_a_service_while_it_is_there(running: Running) -> None:
    name = "web.shop.svc.cluster.local"
    try:
        running.site.hosts.write_text(f"{LOCAL_NAMES}10.53.0.80 {name}\n")
        until(lambda: running.ask(name).data, lambda data: data == ["10.53.0.80"])
    finally:
        running.site.hosts.write_text(LOCAL_NAMES)
    until(lambda: running.ask(name).data, lambda data: data == ["10.96.1.10"])


# What changes while it runs.


def test_a_line_that_is_added_to_the_hosts_file_is_found(running: Running) -> None:
    assert running.addresses("desk", "scanner.home") == ""
    with running.site.hosts.open("a") as file:
        file.write("10.53.0.71 scanner.home\n")
    until(lambda: running.addresses("desk", "scanner.home"), lambda found: found == "10.53.0.71")


def test_a_service_that_is_added_is_found(running: Running) -> None:
    assert running.addresses("pod", "cart") == ""
    words = ("services", "--file", str(running.site.services), "add", "cart.shop", "--cluster-ip", "10.96.1.11")
    assert running.on("dns", "env", f"PYTHONPATH={ROOT}:{ROOT}/plugins", sys.executable, "-m", "pydns", *words)
    until(lambda: running.addresses("pod", "cart"), lambda found: found == "10.96.1.11")


# The upstream is cut off, and comes back.


@pytest.fixture
def cut(running: Running) -> Iterator[None]:
    """While the test runs. Before, `www` was asked for and is still held."""
    assert running.ask("www.example.org").data == ["192.0.2.80"]
    running.site.network.connect("upstream", False)
    try:
        yield
    finally:
        running.site.network.connect("upstream", True)
        until(lambda: running.ask("back.example.org").data, lambda data: data == ["192.0.2.99"])


@pytest.mark.usefixtures("cut")
def test_an_old_answer_stands_in_and_says_so(running: Running) -> None:
    found = until(lambda: running.ask("www.example.org"), lambda answer: bool(answer.errors))
    assert found.data == ["192.0.2.80"]
    assert [code for code, _ in found.errors] == [Ede.STALE_ANSWER]
    assert running.on("desk", "getent", "hosts", "www.example.org") == "192.0.2.80 www.example.org"


@pytest.mark.usefixtures("cut")
def test_where_there_is_none_the_client_is_told_why(running: Running) -> None:
    found = running.ask("new.example.org")
    assert found.status == "SERVFAIL"
    assert found.errors[0][0] == Ede.NETWORK_ERROR
    assert UPSTREAM in found.errors[0][1]


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(("name", "address"), [
    ("printer.home", "10.53.0.70"),
    ("web.shop.svc.cluster.local", "10.96.1.10"),
])  # fmt: skip
def test_names_of_its_own_are_answered_all_the_same(name: str, address: str, running: Running) -> None:
    assert running.on("desk", "getent", "hosts", name) == f"{address} {name}"


def test_when_it_is_back_names_are_answered_again(running: Running) -> None:
    running.site.network.connect("upstream", False)
    try:
        assert running.ask("later.example.org").status == "SERVFAIL"
    finally:
        running.site.network.connect("upstream", True)
    until(lambda: running.ask("later.example.org").data, lambda data: data == ["192.0.2.99"])


# The lab, for a person.

LAB: Final = f"pydns-lab-{os.getpid()}"


def lab() -> Program:
    return Program(sys.executable, "-m", "tests.lab", LAB, folder=ROOT)


@pytest.fixture
def _no_lab() -> Iterator[None]:
    yield
    Site(LAB, Path("/run", LAB)).remove()


def left() -> list[str]:
    """Namespaces, files and processes of the lab."""
    places = [path for folder in ("/run", "/run/netns", "/etc/netns") for path in Path(folder).glob(f"{LAB}*")]
    return [str(path) for path in places]


@pytest.mark.usefixtures("_no_lab")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_lab_runs_and_leaves_nothing(number: signal.Signals) -> None:
    with lab() as program:
        program.wait_for(STARTED)
        assert dig(53, "printer.home", host=SERVER, inside=f"{LAB}-pod").data == ["10.53.0.70"]
        program.send(number)
        assert program.wait() == 0
    assert left() == []


@pytest.mark.usefixtures("_no_lab")
def test_the_lab_clears_away_what_a_killed_one_left() -> None:
    with lab() as program:
        program.wait_for(STARTED)
        program.send(signal.SIGKILL)
        program.process.wait()
        assert left()
        with lab() as second:
            second.wait_for(STARTED)
            assert dig(53, "printer.home", host=SERVER, inside=f"{LAB}-pod").data == ["10.53.0.70"]
            second.send(signal.SIGINT)
            assert second.wait() == 0
    assert left() == []


@pytest.mark.usefixtures("_no_lab")
def test_there_is_one_lab_at_a_time() -> None:
    with lab() as program:
        program.wait_for(STARTED)
        with lab() as second:
            assert second.wait() == 1
        assert second.output == f"a lab named {LAB} is running already"
        program.send(signal.SIGINT)
        assert program.wait() == 0
