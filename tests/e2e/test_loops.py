"""Forwarding loops through other processes: found, taken out, and asked again when they are over."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.programs import Answer, dig, free_port, serving, until
from tests.pydns.life import WriteFile

FIRST = """.:{port} {{
    bind 127.0.0.1
    errors
    {above}
    loop
    forward . 127.0.0.1:{other}
}}
good.test:{port} {{
    bind 127.0.0.1
    hosts {{
        192.0.2.7 www.good.test
    }}
}}
"""
SOUND = """.:{other} {{
    bind 127.0.0.1
    hosts {{
        192.0.2.1 www.example.org
    }}
}}
"""
LOOPING = """.:{other} {{
    bind 127.0.0.1
    forward . 127.0.0.1:{port}
}}
"""


def says_loop(found: Answer) -> bool:
    return found.status == "SERVFAIL" and any("a forwarding loop" in text for _, text in found.errors)


@pytest.mark.parametrize("above", ["", "cache"])
def test_a_loop_is_found_when_it_forms_and_over_when_it_ends(
    above: str, port: int, corefile: Path, write: WriteFile
) -> None:
    ports = {"port": port, "other": free_port()}
    corefile.write_text(FIRST.format(**ports, above=above))
    second = write("Second", SOUND.format(**ports))
    with serving(second, ports["other"]) as other, serving(corefile, port) as program:
        assert dig(port, "www.example.org").data == ["192.0.2.1"]

        second.write_text(LOOPING.format(**ports))
        other.send(signal.SIGHUP)
        other.wait_for("Reloading complete")
        until(lambda: dig(port, "a.example.org", "A", "+time=1"), says_loop)
        assert dig(port, "www.good.test").data == ["192.0.2.7"]
        program.wait_for("comes back to this server; it is not asked meanwhile")
        assert program.count("comes back to this server; it is not asked meanwhile") == 1

        second.write_text(SOUND.format(**ports))
        other.send(signal.SIGHUP)
        program.wait_for("no forwarding loop through")
        assert dig(port, "www.example.org", "A", "+nocookie").data == ["192.0.2.1"]
        program.send(signal.SIGTERM)
        assert program.wait() == 0
        assert "Traceback" not in program.output + other.output


def test_both_may_watch(port: int, corefile: Path, write: WriteFile) -> None:
    ports = {"port": port, "other": free_port()}
    corefile.write_text(FIRST.format(**ports, above=""))
    second = write("Second", LOOPING.format(**ports).replace("forward", "loop\n    forward"))
    with serving(second, ports["other"]) as other, serving(corefile, port) as program:
        until(lambda: dig(port, "a.example.org", "A", "+time=1").status, lambda status: status == "SERVFAIL")
        until(lambda: program.count("forwarding loop: ") + other.count("forwarding loop: "), bool)
        assert dig(port, "www.good.test").data == ["192.0.2.7"]
        for each in (program, other):
            each.send(signal.SIGTERM)
            assert each.wait() == 0
