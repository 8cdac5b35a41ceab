from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns_plugins.loadbalance.options import Options, read_options
from tests.plugins.asking import block, directives

NEAR, FAR = ip_network("10.9.20.0/24"), ip_network("2001:db8::/32")
BLOCK = replace(block(), root=Path("/root"))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("loadbalance", Options()),
        ("loadbalance round_robin", Options()),
        ("loadbalance weighted file", Options(Path("/root/file"))),
        ("loadbalance weighted /tmp/file", Options(Path("/tmp/file"))),
        ("loadbalance weighted file\n reload 10s", Options(Path("/root/file"), 10)),
        ("loadbalance weighted file\n reload 0s", Options(Path("/root/file"), 0)),
        ("loadbalance\n prefer 10.9.20.1/24", Options(prefer=[NEAR])),
        ("loadbalance round_robin\n prefer 10.9.20.0/24 2001:db8::/32", Options(prefer=[NEAR, FAR])),
        ("loadbalance\n prefer 10.9.20.0/24\n prefer 2001:db8::/32", Options(prefer=[NEAR, FAR])),
        ("loadbalance weighted file\n prefer 10.9.20.0/24", Options(Path("/root/file"), prefer=[NEAR])),
        ("loadbalance\nloadbalance weighted file", Options(Path("/root/file"))),
        ("loadbalance weighted file\n reload 9s\nloadbalance", Options()),
    ],
)
def test_options_are_coredns_s(text: str, options: Options) -> None:
    assert read_options(directives(text), BLOCK) == options


NETWORK = "(write it as 192.0.2.0/24 or 2001:db8::/32)"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "loadbalance fleeb",
            "Corefile:1:2: unknown policy of loadbalance 'fleeb' (one of: round_robin, weighted)",
        ),
        ("loadbalance round_robin a", "Corefile:1:3: loadbalance takes at most 1 argument; 'a' is one too many"),
        ("loadbalance weighted", "Corefile:1:2: weighted wants a file with the weights"),
        ('loadbalance weighted ""', "Corefile:1:2: weighted wants a file with the weights"),
        ("loadbalance weighted a b", "Corefile:1:4: loadbalance takes at most 2 arguments; 'b' is one too many"),
        (
            "loadbalance weighted a\n susu",
            "Corefile:2:1: unknown option of loadbalance 'susu' (one of: prefer, reload)",
        ),
        (
            "loadbalance weighted a\n reload b",
            "Corefile:2:2: 'b' is no duration (write it as 30s, 5m, 1h or 500ms)",
        ),
        (
            "loadbalance weighted a\n reload 30s b",
            "Corefile:2:3: reload takes at most 1 argument; 'b' is one too many",
        ),
        (
            "loadbalance\n reload 30s",
            "Corefile:2:1: reload is for the file of weighted (write weighted and the file ahead of it)",
        ),
        ("loadbalance\n prefer", "Corefile:2:1: prefer wants at least 1 argument, not 0"),
        ("loadbalance\n prefer 10.0.0.1", f"Corefile:2:2: '10.0.0.1' is no network {NETWORK}"),
        ("loadbalance\n prefer 10.0.0.0/255.0.0.0", f"Corefile:2:2: '10.0.0.0/255.0.0.0' is no network {NETWORK}"),
        ("loadbalance\n prefer fe80::%1/64", f"Corefile:2:2: 'fe80::%1/64' is no network {NETWORK}"),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        read_options(directives(text), BLOCK)
    assert str(caught.value) == error
