"""What needs a network of its own: port 53, several addresses, interfaces. Skipped where none can be made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.programs import ROOT, Program, dig, installed

SERVER: Final = f"pydns-server-{os.getpid()}"
CLIENT: Final = f"pydns-client-{os.getpid()}"
ADDRESSES: Final = ("198.51.100.1", "198.51.100.2", "2001:db8::1", "2001:db8::2")
SECOND: Final = "203.0.113.1"  # of another interface

COREFILE: Final = """.{port} {{
    {bind}
    hosts {{
        192.0.2.1 example.org
    }}
}}
"""


def ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True)


@pytest.fixture(scope="module", autouse=True)
def network() -> Iterator[None]:
    """A server's and a client's namespace with a cable between them; the server has a second interface as well."""
    if os.geteuid() != 0 or installed("ip") is None:
        pytest.skip("network namespaces want root, and the ip command")
    try:
        ip("netns", "add", SERVER)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.decode().strip()}")
    try:
        ip("netns", "add", CLIENT)
        ip("-n", SERVER, "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns", CLIENT)
        ip("-n", SERVER, "link", "add", "spare0", "type", "veth", "peer", "name", "spare1")
        for address in ADDRESSES:
            ip("-n", SERVER, "address", "add", *interface(address), "dev", "cable0")
        ip("-n", SERVER, "address", "add", f"{SECOND}/24", "dev", "spare0")
        for address in ("198.51.100.9", "2001:db8::9"):
            ip("-n", CLIENT, "address", "add", *interface(address), "dev", "cable1")
        for namespace, link in (
            (SERVER, "lo"),
            (SERVER, "cable0"),
            (SERVER, "spare0"),
            (SERVER, "spare1"),
            (CLIENT, "cable1"),
        ):
            ip("-n", namespace, "link", "set", link, "up")
        ip("-n", CLIENT, "route", "add", "203.0.113.0/24", "via", ADDRESSES[0])
        yield
    finally:
        for namespace in (SERVER, CLIENT):
            subprocess.run(("ip", "netns", "delete", namespace), check=False, capture_output=True)


def interface(address: str) -> tuple[str, ...]:
    """An IPv6 address is used at once, without waiting whether somebody else has it (RFC 4862 section 5.4)."""
    return (f"{address}/64", "nodad") if ":" in address else (f"{address}/24",)


def started(corefile: Path, bind: str, *before: str, port: str = "") -> Program:
    corefile.write_text(COREFILE.format(bind=bind, port=port))
    words = ("ip", "netns", "exec", SERVER, *before, sys.executable, "-m", "pydns", "-conf", str(corefile))
    return Program(*words, environ={"PYTHONPATH": f"{ROOT}:{ROOT}/plugins"})


def answered(host: str, *words: str, inside: str = CLIENT) -> bool:
    """dig takes no answer that comes from another address than the one it asked."""
    words = (*words, "+time=1")
    return dig(53, "example.org", "A", *words, host=host, inside=inside).data == ["192.0.2.1"]


@pytest.mark.parametrize("words", [["+notcp"], ["+tcp"]])
@pytest.mark.parametrize("host", [*ADDRESSES, SECOND])
def test_on_all_addresses_the_one_that_was_asked_answers(host: str, words: list[str], corefile: Path) -> None:
    with started(corefile, "") as program:
        program.wait_for("pydns-")
        assert answered(host, *words)


@pytest.mark.parametrize(("host", "there"), [*((address, True) for address in ADDRESSES), (SECOND, False)])
def test_an_interface_is_bound_by_its_name(host: str, there: bool, corefile: Path) -> None:
    with started(corefile, "bind cable0") as program:
        program.wait_for("pydns-")
        assert answered(host) is there


def test_an_interfaces_link_local_address_is_bound_with_it(corefile: Path) -> None:
    shown = subprocess.run(
        ("ip", "-n", SERVER, "-6", "-o", "address", "show", "dev", "cable0", "scope", "link"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if not shown:
        pytest.skip("the interface has no link-local address")
    with started(corefile, "bind cable0") as program:
        program.wait_for("pydns-")
        assert answered(f"{shown.split()[3].split('/')[0]}%cable1")


def test_except_leaves_an_address_of_the_interface_out(corefile: Path) -> None:
    with started(corefile, f"bind cable0 {{\n        except {ADDRESSES[0]}\n    }}") as program:
        program.wait_for("pydns-")
        assert not answered(ADDRESSES[0])
        assert answered(ADDRESSES[1])


def test_an_interface_without_an_address_is_refused(corefile: Path) -> None:
    with started(corefile, "bind none0") as program:
        assert program.wait() == 1
    (line,) = program.lines
    assert line.startswith(f"{corefile}:2:10: 'none0' is neither an IP address nor an interface; there are ")
    assert "cable0" in line


@pytest.mark.skipif(installed("setpriv") is None, reason="setpriv is not installed")
def test_without_the_right_to_port_53_it_says_what_is_missing(corefile: Path) -> None:
    with started(corefile, "bind 127.0.0.1", "setpriv", "--bounding-set", "-net_bind_service") as program:
        assert program.wait() == 1
    assert program.lines == [
        "cannot listen on 127.0.0.1:53: Permission denied (ports below 1024 want root, CAP_NET_BIND_SERVICE or the "
        "sysctl net.ipv4.ip_unprivileged_port_start)"
    ]
