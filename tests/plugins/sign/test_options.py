from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pydns.errors import CorefileErrorGroup
from pydns.names import from_text
from pydns_plugins.sign import Sign
from pydns_plugins.sign.options import Options
from tests.plugins.asking import block, directives

EXAMPLE = from_text("example.org")


def parse(text: str) -> tuple[Options, ...]:
    (plugin,) = Sign.parse(directives(text), block("example.org"))
    return plugin.options


def test_defaults() -> None:
    (options,) = parse("sign db\n key file K1")
    assert (options.db, options.zones, options.keys) == (Path("db"), (EXAMPLE,), (Path("K1"),))
    assert (options.signed(EXAMPLE), options.hashed) == (Path("/var/lib/coredns/db.example.org.signed"), None)


def test_all_options() -> None:
    one, other = parse(
        "sign db a b\n key file K1 K2\n directory d\n nsec3 5 aabb\nsign db c\n key directory keys\n nsec3\n opt_out"
    )
    assert one.zones == (from_text("a"), from_text("b"))
    assert (one.keys, one.signed(EXAMPLE), one.hashed) == (
        (Path("K1"), Path("K2")),
        Path("d/db.example.org.signed"),
        (5, b"\xaa\xbb"),
    )
    assert (other.key_folder, other.hashed) == (Path("keys"), (0, b""))
    assert (one.opt_out, other.opt_out) == (False, True)


def test_a_name_with_a_slash_stays_in_its_folder() -> None:
    (options,) = parse("sign db\n key file K1\n directory d")
    assert options.signed(from_text("0/25.2.0.192.in-addr.arpa")) == Path("d/db.0%2F25.2.0.192.in-addr.arpa.signed")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sign", "sign wants at least 1 argument"),
        ("sign db", "Corefile:1:1: sign wants a key"),
        ("sign db\n key file", "key wants at least 2 arguments"),
        ("sign db\n key secret K1", "unknown kind of key 'secret'"),
        ("sign db\n key file K1\n nsec3 51", "51 is out of range"),
        ("sign db\n key file K1\n nsec3 0 xy", "Corefile:3:3: 'xy' is no hexadecimal number"),
        ("sign db\n key file K1\n nsec3 0 " + "ab" * 256, "a salt has 255 octets at most"),
        ("sign db\n key file K1\n opt_out", "Corefile:1:1: opt_out is a way of NSEC3"),
        ("sign db\n key file K1\n nsec3\n opt_out yes", "opt_out takes no arguments"),
        ("sign db\n key file K1\n dirctory d", "did you mean 'directory'"),
        ("sign db\n key file K1\nsign other\n key file K1", "example.org. is signed already, at Corefile:1:1"),
    ],
)
def test_errors_tell_where_and_what(text: str, told: str) -> None:
    with pytest.raises(CorefileErrorGroup, match=told.replace(".", r"\.")):
        parse(text)


def test_without_cryptography_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CorefileErrorGroup, match=r"pip install 'pydns-server\[dnssec\]'"):
        parse("sign db\n key file K1")


def test_check_looks_at_the_zone_and_the_keys(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("@ SOA ns h 1 2 3 4 5\nwww A nothing\n")
    (plugin,) = Sign.parse(directives(f"sign {tmp_path / 'db'}\n key file {tmp_path / 'K'}"), block("example.org"))
    assert {Path(fault.file).name for fault in plugin.examine()} == {"db", "K.key"}
