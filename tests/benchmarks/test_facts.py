"""Versions, as programs tell them."""

import pytest

from benchmarks.facts import version_in


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("DNS Performance Testing Tool\nVersion 2.10.0\n", "2.10.0"),
        ("NSD version 4.6.1\nWritten by NLnet Labs.", "4.6.1"),
        ("dnsdist 1.7.3 (Lua 5.1.4 [LuaJIT 2.1.0-beta3])", "1.7.3"),
        ("Dnsmasq version 2.90  Copyright (c) 2000-2024", "2.90"),
        ("pydns-0.1.0\nlinux/x86_64, Python 3.11.2", "0.1.0"),
        ("", "unknown"),
    ],
)
def test_the_first_version_is_the_programs(text: str, version: str) -> None:
    assert version_in(text) == version
