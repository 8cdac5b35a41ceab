"""deploy/systemd: systemd finds nothing to say about the units, and pydns is to systemd what they promise."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from pydns.cli import flags
from pydns.corefile.parser import parse_text
from pydns.setup import configure
from tests.e2e.programs import PATIENCE, ROOT, Program, dig, free_port, installed, pydns
from tests.pydns.life import PLUGIN

FOLDER: Final = ROOT / "deploy/systemd"
UNITS: Final = ("pydns.service", "pydns.socket")
COREFILE: Final = """. {
    bind 127.0.0.1
    hosts {
        192.0.2.1 example.org
    }
}
"""
PATH_OF_THE_SOURCES: Final = f"PYTHONPATH={ROOT}:{ROOT}/plugins"


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(installed(name) is None, reason=f"{name} is not installed")


# The units.


@pytest.fixture(params=["as they are", "on loopback"])
def units(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the units, their program put where there is one."""
    folder = tmp_path / "units"
    folder.mkdir()
    for name in UNITS:
        text = (FOLDER / name).read_text()
        (folder / name).write_text(text.replace("/opt/pydns/bin/pydns", sys.executable))
    if request.param == "on loopback":
        shutil.copytree(FOLDER / "pydns.socket.d", folder / "pydns.socket.d")
    return folder


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = ("systemd-analyze", "--no-pager", *map(str, words))
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@needs("systemd-analyze")
def test_the_units_are_sound(units: Path) -> None:
    done = analyze("verify", *(units / name for name in UNITS))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs("systemd-analyze")
def test_the_service_is_exposed_to_little() -> None:
    done = analyze("security", "--offline=yes", FOLDER / "pydns.service")
    found = re.search(r"Overall exposure level for pydns.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) < 2


def setting(name: str) -> str:
    """What the service says last."""
    lines = (FOLDER / "pydns.service").read_text().splitlines()
    return [line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}=")][-1]


def test_its_command_line_is_understood() -> None:
    assert flags.read(shlex.split(setting("ExecStart"))[1:]).conf == "/etc/pydns/Corefile"


@pytest.mark.parametrize("name", ["AmbientCapabilities", "CapabilityBoundingSet"])
def test_it_may_take_low_ports_and_nothing_else(name: str) -> None:
    assert setting(name) == "CAP_NET_BIND_SERVICE"


def test_the_corefile_of_the_page_is_sound() -> None:
    (text,) = re.findall(r"^ *```corefile\n(.*?)^ *```", (FOLDER / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (block,) = configure(parse_text(text, environ={})).blocks
    assert {place for _, place, _, _ in block.ports()} == {53}


# Sockets.


def activated(corefile: Path, port: int, *kinds: str) -> Program:
    """One systemd-socket-activate starts the other: each binds one kind, and hands on what it was given."""
    words: list[str] = []
    for kind in kinds:
        datagram = ("-d",) if kind == "udp" else ()
        words += ["systemd-socket-activate", "-E", PATH_OF_THE_SOURCES, *datagram, "-l", f"127.0.0.1:{port}"]
    return Program(*words, sys.executable, "-m", "pydns", "-conf", str(corefile), "-p", str(port))


@needs("systemd-socket-activate")
@pytest.mark.parametrize("kinds", [("udp", "tcp"), ("tcp", "udp")])
def test_the_first_query_starts_it_and_is_answered(kinds: tuple[str, str], tmp_path: Path) -> None:
    corefile, port = tmp_path / "Corefile", free_port()
    corefile.write_text(COREFILE)
    with activated(corefile, port, *kinds) as program:
        program.wait_for("Listening on")
        assert not program.count("pydns-")
        words = {"udp": "+notcp", "tcp": "+tcp"}
        assert [dig(port, "example.org", "A", words[kind]).data for kind in kinds] == [["192.0.2.1"]] * 2
        program.send(signal.SIGTERM)
        assert program.wait() == 0
    assert not program.count("inherited")  # no socket was left over, or of no use


# Notifications.


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(f"{tmp_path}/notify")
        found.settimeout(PATIENCE)
        yield found


def hear(supervisor: socket.socket, first: str) -> str:
    """The next notification that begins like this."""
    while not (text := supervisor.recv(8192).decode()).startswith(first):
        pass
    return text


def supervised(corefile: Path, port: int, supervisor: socket.socket) -> Program:
    environ = {"NOTIFY_SOCKET": supervisor.getsockname(), "WATCHDOG_USEC": "200000"}
    return pydns("-conf", corefile, "-p", str(port), environ=environ)


def test_its_life_is_told(supervisor: socket.socket, tmp_path: Path) -> None:
    corefile, port = tmp_path / "Corefile", free_port()
    corefile.write_text(COREFILE)
    with supervised(corefile, port, supervisor) as program:
        assert hear(supervisor, "READY=1") == f"READY=1\nSTATUS=answering at dns://127.0.0.1:{port}"
        assert dig(port, "example.org").data == ["192.0.2.1"]
        hear(supervisor, "WATCHDOG=1")
        program.send(signal.SIGHUP)
        hear(supervisor, "RELOADING=1\nMONOTONIC_USEC=")
        hear(supervisor, "READY=1")
        hear(supervisor, "WATCHDOG=1")
        program.send(signal.SIGTERM)
        hear(supervisor, "STOPPING=1")
        assert program.wait() == 0


def test_a_lame_duck_lives_and_stopping_is_told_once(supervisor: socket.socket, tmp_path: Path) -> None:
    """`systemctl stop` twice, say."""
    corefile, port = tmp_path / "Corefile", free_port()
    health = f"health 127.0.0.1:{free_port()} {{\n        lameduck 1h\n    }}\n    hosts"
    corefile.write_text(COREFILE.replace("hosts", health))
    with supervised(corefile, port, supervisor) as program:
        hear(supervisor, "READY=1")
        program.send(signal.SIGTERM)
        hear(supervisor, "STOPPING=1")
        hear(supervisor, "WATCHDOG=1")
        program.send(signal.SIGTERM)
        assert program.wait() == 0
    supervisor.sendto(b"the end", supervisor.getsockname())
    while (told := supervisor.recv(8192)) != b"the end":
        assert told == b"WATCHDOG=1"


def test_a_reload_that_fails_shows_in_the_status(supervisor: socket.socket, tmp_path: Path) -> None:
    corefile, port = tmp_path / "Corefile", free_port()
    corefile.write_text(COREFILE)
    with supervised(corefile, port, supervisor) as program:
        hear(supervisor, "READY=1")
        corefile.write_text(COREFILE.replace("hosts", "host"))
        program.send(signal.SIGHUP)
        hear(supervisor, "RELOADING=1")
        assert f"reload failed: {corefile}:3:5: unknown plugin 'host'" in hear(supervisor, "READY=1")
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_a_loop_that_is_stuck_says_where_when_it_is_ended(supervisor: socket.socket, tmp_path: Path) -> None:
    """As systemd ends it, by SIGABRT."""
    corefile, port = tmp_path / "Corefile", free_port()
    stuck = 'print("stuck", flush=True)\n        import time; time.sleep(1000)'
    (tmp_path / "own.py").write_text(PLUGIN.replace("return Reply(", f"{stuck}\n        return Reply("))
    corefile.write_text(f". {{\n    bind 127.0.0.1\n    plugin {tmp_path}/own.py\n    own\n}}\n")
    with supervised(corefile, port, supervisor) as program:
        hear(supervisor, "READY=1")
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1", ("127.0.0.1", port))
            program.wait_for("stuck")
        program.send(signal.SIGABRT)
        assert program.wait() == -signal.SIGABRT
    program.wait_for("Fatal Python error: Aborted")
    program.wait_for("own.py")


def test_nothing_of_it_is_left_to_children(supervisor: socket.socket, tmp_path: Path) -> None:
    """The environment that a plugin sees, which what it starts would inherit."""
    corefile = tmp_path / "Corefile"
    (tmp_path / "own.py").write_text(
        PLUGIN.replace("# run", 'import os; print("seen", sorted(os.environ), flush=True)')
    )
    corefile.write_text(f". {{\n    bind 127.0.0.1\n    plugin {tmp_path}/own.py\n    own\n}}\n")
    with supervised(corefile, free_port(), supervisor) as program:
        seen = program.wait_for("seen")
        assert "NOTIFY_SOCKET" not in seen
        assert "WATCHDOG_USEC" not in seen
