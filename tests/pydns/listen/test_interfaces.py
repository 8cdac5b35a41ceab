import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.listen.interfaces import addresses

ROOT = Path(__file__).parents[3]

NAMESPACE = """
set -e
ip link add dns0 type veth peer name dns1
ip address add 192.0.2.1/24 dev dns0
ip address add 192.0.2.2/24 dev dns0 label dns0:1
ip address add 2001:db8::1/64 dev dns0 nodad
ip address add fe80::1/64 dev dns0 nodad
"""
"""A network of its own, with two interfaces."""

REPORT = """
import json, sys
from pydns.listen.interfaces import addresses
try:
    print(json.dumps(addresses(sys.argv[1])))
except ValueError as error:
    print(json.dumps(str(error)))
"""


def in_namespace(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--net", "sh", "-c", NAMESPACE + '"$@"', "sh", *command],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def _namespace() -> None:
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare and ip are needed")
    if os.geteuid() != 0 or in_namespace(["true"]).returncode != 0:
        pytest.skip("a network namespace with interfaces cannot be made here")


def asked_there(name: str) -> object:
    result = in_namespace([sys.executable, "-c", REPORT, name])
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth7", "fe80::1%eth7"),
    ],
)
def test_an_address_gives_itself(text: str, address: str) -> None:
    assert addresses(text) == [address]


def test_an_interface_gives_its_addresses() -> None:
    assert "127.0.0.1" in addresses("lo")


@pytest.mark.parametrize("text", ["eth99", "", "10.0.0.300", "127.1", "lo:", "fe80::1%", "1"])
def test_what_is_neither_is_told_with_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither an IP address nor an interface; there are .*\blo\b"):
        addresses(text)


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    with suppress(ValueError):
        assert addresses(text)


@pytest.mark.usefixtures("_namespace")
def test_all_addresses_come_ipv4_and_ipv6_and_link_local_ones_with_their_zone() -> None:
    assert asked_there("dns0") == ["192.0.2.1", "192.0.2.2", "2001:db8::1", "fe80::1%dns0"]


@pytest.mark.usefixtures("_namespace")
def test_an_interface_without_addresses_is_told() -> None:
    assert asked_there("dns1") == "the interface dns1 has no IP address"


@pytest.mark.usefixtures("_namespace")
def test_an_unknown_one_is_told_with_those_that_there_are() -> None:
    assert asked_there("dns2") == "'dns2' is neither an IP address nor an interface; there are dns0, dns1, lo"
