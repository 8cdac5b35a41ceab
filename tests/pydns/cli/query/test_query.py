import json
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest
import trio

from pydns.cli import query
from pydns.upstream.endpoint import Endpoint
from pydns.upstream.testing import Asked, ScriptedServer


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("www.example.org", "192.0.2.1\n"),
        ("A WWW.example.org", "192.0.2.1\n"),
        ("www.example.org --tcp", "192.0.2.1\n"),
        ("--no-edns www.example.org --no-recurse", "192.0.2.1\n"),
        ("www.example.org --dnssec --cd --bufsize 512", "192.0.2.1\n"),
        ("ns example.org", "ns.example.org.\n"),
        ("none.example.org", ""),
    ],
)
def test_nsd_is_asked(nsd: Endpoint, capsys: pytest.CaptureFixture[str], line: str, output: str) -> None:
    assert query.run([*line.split(), "--short", f"@{nsd}"]) == 0
    assert capsys.readouterr().out == output


def test_what_is_too_large_for_udp_comes_over_tcp(nsd: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert query.run(["big.example.org", "TXT", "--json", f"@{nsd}"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["transport"], len(found["answer"])) == ("tcp", 60)


def test_an_answer_is_shown_whole(nsd: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert query.run(["none.example.org", f"@{nsd.host}", "-p", str(nsd.port)]) == 0
    output = capsys.readouterr().out
    assert output.startswith(";; status: NXDOMAIN, flags: qr aa rd, id: ")
    assert f" ms, from {nsd} over UDP, " in output


@pytest.fixture
async def closed() -> Endpoint:
    """A port that nobody listens on."""
    server = ScriptedServer()
    with trio.CancelScope() as scope:
        scope.cancel()
        await server.run()
    return server.endpoint


async def test_no_answer_is_exit_status_1(closed: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("example.org", f"@{closed}") == 1
    assert capsys.readouterr().err == f"no answer: {closed} cannot be asked: Connection refused\n"


async def test_no_answer_is_json_too(closed: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("example.org", f"@{closed}", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {"error": f"{closed} cannot be asked: Connection refused"}


async def run(*argv: str) -> int:
    """In a thread, since the verb has a loop of its own."""
    return await trio.to_thread.run_sync(query.run, argv)


async def test_an_address_behind_x_is_asked_for_its_names(nursery: trio.Nursery) -> None:
    questions = []

    async def script(asked: Asked) -> None:
        questions.append(asked.question)
        await asked.send(asked.answer())

    server = ScriptedServer(script)
    await nursery.start(server.run)
    assert await run("-x", "192.0.2.1", f"@{server.endpoint}") == 0
    assert questions == [b"\x011\x012\x010\x03192\7in-addr\4arpa\0\0\x0c\0\1"]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["a..b"],
        ["example.org", "example.net"],
        ["-x", "example.org"],
        ["-x", "192.0.2.1", "example.org"],
        ["example.org", "--port", "65536"],
        ["example.org", "--timeout", "0"],
        ["example.org", "--timeout", "nan"],
        ["example.org", "--tries", "0"],
        ["example.org", "--bufsize", "65536"],
        ["example.org", "--short", "--json"],
        ["example.org", "--dnssec", "--no-edns"],
        ["example.org", "--unknown"],
    ],
)
def test_wrong_usage_is_exit_status_2(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        query.run(argv)
    assert caught.value.code == 2
    assert "pydns query: error: " in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not installed")
def test_data_is_written_as_dig_writes_it(nsd: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    dig = ["dig", f"@{nsd.host}", "-p", str(nsd.port), "example.org", "SOA", "+short"]
    expected = subprocess.run(dig, capture_output=True, text=True, check=True, timeout=20).stdout
    query.run(["example.org", "SOA", "--short", f"@{nsd}"])
    assert capsys.readouterr().out == expected


def test_the_help_tells_exit_codes_and_examples() -> None:
    text = query.parser().format_help()
    assert "exit codes: 0 " in text
    assert "  pydns query www.example.org AAAA @127.0.0.1" in text


def test_colours_are_only_for_terminals() -> None:
    code = "import sys; from pydns.cli import query; query.run(['x', '@127.0.0.1:1']); sys.exit('rich' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, "\x1b" in result.stdout + result.stderr) == (0, False)
