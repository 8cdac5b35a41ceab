"""pydns as a process: how it starts, what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from pydns import __version__
from pydns.upstream.testing import Asked, ScriptedServer
from tests.e2e.programs import ROOT, dig, pydns, serving, until
from tests.pydns import life
from tests.pydns.life import WriteFile

HOSTS = """. {{
    bind {host}
    hosts {{
        192.0.2.1 example.org
    }}
}}
"""
LOCAL = HOSTS.format(host="127.0.0.1")


# Start.


@pytest.mark.parametrize("flag", ["-p", "--p", "-dns.port", "--dns.port"])
@pytest.mark.parametrize("glue", [" ", "="])
def test_it_answers_at_the_port_of_the_command_line(flag: str, glue: str, port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with pydns("-conf", corefile, *f"{flag}{glue}{port}".split()) as program:
        program.wait_for("pydns-")
        assert dig(port, "example.org").data == ["192.0.2.1"]


@pytest.mark.parametrize("words", [["+notcp"], ["+tcp"]])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_answers_over_udp_and_tcp_and_both_families(words: list[str], host: str, port: int, corefile: Path) -> None:
    corefile.write_text(HOSTS.format(host=host))
    with serving(corefile, port):
        assert dig(port, "example.org", "A", *words, host=host).data == ["192.0.2.1"]


def test_a_verb_may_be_left_out(port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with pydns("serve", "-conf", corefile, "-p", str(port)) as program:
        program.wait_for("pydns-")
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_it_says_what_it_serves(port: int, corefile: Path) -> None:
    corefile.write_text("example.org 10.0.0.0/8 {\n    bind 127.0.0.1\n}\n")
    with serving(corefile, port) as program:
        for line in (f"example.org.:{port}", f"10.in-addr.arpa.:{port}", f"pydns-{__version__}"):
            program.wait_for(line)


def test_quiet_says_nothing_of_the_start_or_a_reload(port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with pydns("-conf", corefile, "-p", str(port), "-quiet") as program:
        until(lambda: dig(port, "example.org", "A", "+time=1").data, bool)
        corefile.write_text(LOCAL.replace("192.0.2.1", "192.0.2.2"))
        program.send(signal.SIGHUP)
        until(lambda: dig(port, "example.org").data, lambda data: data == ["192.0.2.2"])
        program.send(signal.SIGTERM)
        assert program.wait() == 0
    assert [line for line in program.lines if "plugin/hosts" not in line] == []


def test_without_a_corefile_it_is_whoami_and_log(port: int, tmp_path: Path) -> None:
    with pydns("-p", str(port), folder=tmp_path) as program:
        program.wait_for(f".:{port}")
        assert dig(port, "example.org").status == "NOERROR"
        program.wait_for('"A IN example.org. udp')


def test_the_corefile_of_the_working_folder_is_taken(port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with pydns("-p", str(port), folder=corefile.parent) as program:
        program.wait_for("pydns-")
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_a_corefile_may_come_from_standard_input(port: int, tmp_path: Path) -> None:
    with pydns("-conf", "stdin", "-p", str(port), given=LOCAL.encode()) as program:
        program.wait_for("pydns-")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        program.send(signal.SIGHUP)
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_the_pid_file_stands_while_it_runs(port: int, corefile: Path, tmp_path: Path) -> None:
    corefile.write_text(LOCAL)
    path = tmp_path / "pid"
    with serving(corefile, port, "-pidfile", str(path)) as program:
        until(path.exists, bool)
        assert until(path.read_text, bool) == f"{program.process.pid}\n"
        program.send(signal.SIGTERM)
        assert program.wait() == 0
    assert not path.exists()


def test_version() -> None:
    with pydns("-version") as program:
        assert program.wait() == 0
    assert program.lines[0] == f"pydns-{__version__}"


def test_plugins() -> None:
    with pydns("-plugins") as program:
        assert program.wait() == 0
    assert {"Server types:", "  dns.hosts", "  dns.forward"} <= set(program.lines)


# It cannot start.


def refused(*flags: str | Path, given: bytes = b"", folder: Path | None = None) -> list[str]:
    with pydns(*flags, given=given, folder=folder) as program:
        assert program.wait() == 1
    return program.lines


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_is_taken(kind: socket.SocketKind, port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        (line,) = refused("-conf", corefile, "-p", str(port))
    assert line.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use (another program listens there")


def test_an_address_of_nobody(port: int, corefile: Path) -> None:
    corefile.write_text(HOSTS.format(host="192.0.2.53"))
    (line,) = refused("-conf", corefile, "-p", str(port))
    assert line == (
        f"cannot listen on 192.0.2.53:{port}: Cannot assign requested address "
        "(no interface of this machine has that address)"
    )


def test_a_missing_corefile() -> None:
    assert refused("-conf", "/nonexistent/Corefile") == [
        "/nonexistent/Corefile:1:1: cannot read /nonexistent/Corefile: No such file or directory"
    ]


def test_a_corefile_that_is_a_folder(tmp_path: Path) -> None:
    (line,) = refused("-conf", tmp_path)
    assert line.startswith(f"{tmp_path}:1:1: cannot read {tmp_path}: it is a folder")


def test_a_broken_corefile_has_all_its_errors_listed(corefile: Path) -> None:
    corefile.write_text(". {\n    cach\n    forward\n    hosts {\n        tll 5\n    }\n}\ntls://a {\n}\n. {\n}\n")
    places = [line.removeprefix(f"{corefile}:").split(": ")[0] for line in refused("-conf", corefile)]
    assert places == ["2:5", "3:5", "5:9", "8:1", "10:1"]


@pytest.mark.parametrize("given", [b"\xff", b"\0", b"", b"}", b"{", b". {\n" * 1000, b'. {\n "', bytes(range(256))])
def test_junk_is_refused_with_its_place(given: bytes) -> None:
    lines = refused("-conf", "stdin", given=given)
    assert lines
    assert all(line.startswith(("stdin:", "Corefile:")) for line in lines)


def test_a_pid_file_that_cannot_be_written(port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    lines = refused("-conf", corefile, "-p", str(port), "-pidfile", "/nonexistent/pid")
    assert "cannot write the pid file /nonexistent/pid: No such file or directory" in lines


@pytest.mark.parametrize("words", [["-nothing"], ["Corefile"], ["-p", "x"]])
def test_a_command_line_that_is_not_understood(words: list[str]) -> None:
    with pydns(*words) as program:
        assert program.wait() == 2
    assert len(program.lines) == 1
    assert program.lines[0].startswith("pydns: ")


# The end.


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it_with_exit_status_0(number: signal.Signals, port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with serving(corefile, port) as program:
        program.send(number)
        assert program.wait() == 0
        assert "Traceback" not in program.output


def test_a_signal_during_the_start_ends_it(port: int, corefile: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import trio\nfrom pydns.plugin import Plugin\n\nclass Own(Plugin):\n    name = 'own'\n"
        "    @classmethod\n    def parse(cls, directives, block): return (cls(),)\n"
        "    async def serve(self, query, call_next): ...\n"
        "    async def run(self, *, task_status):\n"
        "        print('waiting', flush=True)\n        await trio.sleep_forever()\n"
    )
    corefile.write_text(f". {{\n    bind 127.0.0.1\n    plugin {tmp_path}/own.py\n    own\n}}\n")
    with pydns("-conf", corefile, "-p", str(port)) as program:
        program.wait_for("waiting")
        program.send(signal.SIGTERM)
        assert program.wait() == 0
        assert "Traceback" not in program.output


def test_a_wish_for_a_reload_that_comes_early_does_no_harm(port: int, corefile: Path) -> None:
    corefile.write_text(LOCAL)
    with pydns("-conf", corefile, "-p", str(port)) as program:
        until(lambda: disposed(program.process.pid), lambda found: bool(found & 1 << signal.SIGHUP - 1))
        program.send(signal.SIGHUP)
        program.wait_for("pydns-")
        assert dig(port, "example.org").data == ["192.0.2.1"]


def disposed(pid: int) -> int:
    """The signals that a process ignores, catches or holds, as bits."""
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["SigIgn"], 16) | int(lines["SigCgt"], 16) | int(lines["SigBlk"], 16)


async def test_what_is_under_way_is_answered_before_the_end(
    port: int, corefile: Path, write: WriteFile, nursery: trio.Nursery
) -> None:
    release = trio.Event()

    async def slow(asked: Asked) -> None:
        await release.wait()
        await asked.send(asked.answer("192.0.2.7"))

    upstream = ScriptedServer(slow)
    await nursery.start(upstream.run)
    write("Corefile", f". {{\n    bind 127.0.0.1\n    forward . {upstream.endpoint}\n}}\n")
    found: dict[str, list[str]] = {}

    async def ask(word: str) -> None:
        found[word] = (await trio.to_thread.run_sync(lambda: dig(port, "example.org", "A", word))).data

    program = await trio.to_thread.run_sync(lambda: pydns("-conf", corefile, "-p", str(port)))
    with program:
        await trio.to_thread.run_sync(program.wait_for, "pydns-")
        async with trio.open_nursery() as asking:
            asking.start_soon(ask, "+notcp")
            asking.start_soon(ask, "+tcp")
            await life.until(lambda: len(upstream.asked), lambda count: count == 2)
            program.send(signal.SIGTERM)
            await trio.to_thread.run_sync(program.wait_for, "Shutting down")
            release.set()
        assert await trio.to_thread.run_sync(program.wait) == 0
    assert found == {"+notcp": ["192.0.2.7"], "+tcp": ["192.0.2.7"]}
    nursery.cancel_scope.cancel()


def test_it_runs_without_standard_streams(port: int, corefile: Path) -> None:
    """As some supervisors start it. What is opened then must not take their numbers: the log would go into it."""
    corefile.write_text(LOCAL.replace("hosts", "log\n    hosts"))
    command = f'exec "{sys.executable}" -m pydns -conf "{corefile}" -p {port} <&- >&- 2>&-'
    process = subprocess.Popen(("sh", "-c", command), env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/plugins"})
    try:
        until(lambda: dig(port, "example.org", "A", "+time=1").data, bool)
        assert [dig(port, "example.org", "A", word).data for word in ("+notcp", "+tcp")] == [["192.0.2.1"]] * 2
        for number in range(3):
            assert os.readlink(f"/proc/{process.pid}/fd/{number}") == "/dev/null"
    finally:
        process.terminate()
        assert process.wait(15) == 0
