from pathlib import Path

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.names import ROOT, from_text
from pydns.upstream.endpoint import Endpoint
from pydns_plugins.forward.options import Options
from tests.plugins.forward.helpers import parse


def options(*lines: str) -> Options:
    return parse("\n".join(("forward . 192.0.2.1", *lines)))[0].options


def refused(*texts: str) -> list[str]:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        parse(*texts)
    return str(caught.value).splitlines()


def test_the_defaults_are_those_of_coredns() -> None:
    assert options() == Options(
        zones=(ROOT,),
        targets=(Endpoint("192.0.2.1", 53),),
        except_=(),
        force_tcp=False,
        prefer_udp=False,
        expire=10.0,
        max_age=0.0,
        max_idle_conns=0,
        read_timeout=2.0,
        max_fails=2,
        max_connect_attempts=None,
        max_concurrent=0,
        policy="random",
        health_check=0.5,
        health_check_recursion=True,
        health_check_domain=ROOT,
        next=frozenset(),
        next_on_nodata=False,
        failover=frozenset(),
        failfast=False,
        source_address=None,
    )


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("except example.org", "except_", (from_text("example.org"),)),
        ("except a. 10.0.0.0/8", "except_", (from_text("a"), from_text("10.in-addr.arpa"))),
        ("force_tcp", "force_tcp", True),
        ("prefer_udp", "prefer_udp", True),
        ("expire 30s", "expire", 30.0),
        ("max_age 1m", "max_age", 60.0),
        ("max_idle_conns 4", "max_idle_conns", 4),
        ("read_timeout 500ms", "read_timeout", 0.5),
        ("max_fails 0", "max_fails", 0),
        ("max_connect_attempts 0", "max_connect_attempts", 0),
        ("max_connect_attempts 3", "max_connect_attempts", 3),
        ("max_concurrent 1000", "max_concurrent", 1000),
        ("policy random", "policy", "random"),
        ("policy round_robin", "policy", "round_robin"),
        ("policy sequential", "policy", "sequential"),
        ("policy latency", "policy", "latency"),
        ("health_check 5s", "health_check", 5.0),
        ("health_check 5s no_rec", "health_check_recursion", False),
        ("health_check 5s domain example.org", "health_check_domain", from_text("example.org")),
        ("health_check 5s domain example.org no_rec", "health_check_recursion", False),
        ("next NXDOMAIN servfail", "next", frozenset((3, 2))),
        ("next_on_nodata", "next_on_nodata", True),
        ("failover SERVFAIL REFUSED", "failover", frozenset((2, 5))),
        ("failfast_all_unhealthy_upstreams", "failfast", True),
        ("source_address 192.0.2.9", "source_address", "192.0.2.9"),
    ],
)
def test_each_option_is_read(line: str, name: str, value: object) -> None:
    assert getattr(options(line), name) == value


def test_except_adds_up() -> None:
    assert options("except a", "except b").except_ == (from_text("a"), from_text("b"))


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("192.0.2.1", Endpoint("192.0.2.1", 53)),
        ("dns://192.0.2.1", Endpoint("192.0.2.1", 53)),
        ("dns://192.0.2.1:5353", Endpoint("192.0.2.1", 5353)),
        ("2001:db8::1", Endpoint("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", Endpoint("2001:db8::1", 5353)),
        ("/etc/resolv.conf", Path("/etc/resolv.conf")),
        ("resolv.conf", Path("/srv/dns/resolv.conf")),
    ],
)
def test_to_is_an_address_or_a_file(word: str, target: object) -> None:
    assert parse(f"forward . {word}", root=Path("/srv/dns"))[0].options.targets == (target,)


def test_from_as_cidr_stands_for_its_reverse_zones() -> None:
    assert parse("forward 10.0.0.0/15 192.0.2.1")[0].options.zones == (
        from_text("0.10.in-addr.arpa"),
        from_text("1.10.in-addr.arpa"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("forward", "Corefile:1:1: forward wants at least 2 arguments, not 0"),
        ("forward .", "Corefile:1:1: forward wants at least 2 arguments, not 1"),
        (
            "forward . tls://192.0.2.1",
            "Corefile:1:3: forward cannot ask tls:// upstreams yet "
            "(write the IP address without a scheme to ask it over UDP and TCP)",
        ),
        (
            "forward . https://192.0.2.1",
            "Corefile:1:3: forward cannot ask https:// upstreams yet "
            "(write the IP address without a scheme to ask it over UDP and TCP)",
        ),
        ("forward . 192.0.2.1:99999", "Corefile:1:3: '99999' is no port (an upstream is IP, IP:PORT or [IPv6]:PORT)"),
        (
            "forward . dns.example:53",
            "Corefile:1:3: 'dns.example:53' is no IP address (an upstream is IP, IP:PORT or [IPv6]:PORT)",
        ),
        (
            "forward . dns.example",
            "Corefile:1:3: 'dns.example' is no IP address "
            "(an upstream is IP, IP:PORT or [IPv6]:PORT; a file is written ./dns.example)",
        ),
        ("forward . 192.0.2", "Corefile:1:3: '192.0.2' is no IP address (an upstream is IP, IP:PORT or [IPv6]:PORT)"),
        ("forward . " + " ".join(f"192.0.2.{i}" for i in range(16)), "Corefile:1:18: 16 upstreams, at most 15"),
        ("forward . 192.0.2.1\npolicy fast", "Corefile:2:2: unknown policy 'fast' "
         "(one of: latency, random, round_robin, sequential)"),
        ("forward . 192.0.2.1\nmax_fail 3", "Corefile:2:1: unknown option of forward 'max_fail' "
         "(did you mean 'max_fails'?)"),
        ("forward . 192.0.2.1\nforce_tcp yes", "Corefile:2:2: force_tcp takes no arguments; 'yes' is one too many"),
        ("forward . 192.0.2.1\nexpire", "Corefile:2:1: expire wants 1 argument, not 0"),
        ("forward . 192.0.2.1\nexpire 10", "Corefile:2:2: '10' is no duration (write it as 30s, 5m, 1h or 500ms)"),
        ("forward . 192.0.2.1\nmax_concurrent -1", "Corefile:2:2: -1 is out of range (between 0 and 2147483647)"),
        ("forward . 192.0.2.1\nfailover NOERROR", "Corefile:2:2: failover takes no NOERROR "
         "(an upstream that answers has not failed)"),
        ("forward . 192.0.2.1\nhealth_check 1s domain", "Corefile:2:3: domain wants a name"),
        ("forward . 192.0.2.1\nhealth_check 1s norec", "Corefile:2:3: unknown option of health_check 'norec' "
         "(did you mean 'no_rec'?)"),
        ("forward . 192.0.2.1\nsource_address eth0", "Corefile:2:2: 'eth0' is no IP address"),
        ("forward . 192.0.2.1\nsource_address 2001:db8::1", "Corefile:2:2: 192.0.2.1 cannot be asked from 2001:db8::1 "
         "(mix no IPv4 and IPv6)"),
        ("forward . 192.0.2.1\ntls_servername dns.example", "Corefile:2:1: tls_servername is for an upstream over TLS, "
         "which forward cannot ask yet (remove the line and give upstreams as IP addresses, asked over UDP and TCP)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    assert refused(text) == [message]


@pytest.mark.parametrize("option", ["tls", "tls_servername", "doh_method", "resolver"])
def test_options_for_later_are_refused(option: str) -> None:
    assert "cannot ask yet" in refused(f"forward . 192.0.2.1\n{option} x")[0]


def test_all_errors_are_told_at_once() -> None:
    lines = refused("forward . tls://192.0.2.1 1.2.3\npolicy fast\nexpire x", "forward .")
    assert [line.split(": ")[0] for line in lines] == [
        "Corefile:1:3", "Corefile:1:4", "Corefile:2:2", "Corefile:3:2", "Corefile:4:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "zones"),
    [
        (["forward . 192.0.2.1"], [ROOT]),
        (["forward example.org 192.0.2.1"], [from_text("example.org")]),
        (["forward . 192.0.2.1\nexcept example.org"], []),
        (["forward example.org 192.0.2.1\nexcept example.org"], []),
        (["forward example.org 192.0.2.1\nexcept example.net"], [from_text("example.org")]),
        (["forward . 192.0.2.1\nnext NXDOMAIN"], [ROOT]),
        (["forward . 192.0.2.1\nnext NXDOMAIN", "forward . 192.0.2.2"], []),
        (["forward . 192.0.2.1\nnext_on_nodata", "forward . 192.0.2.2"], []),
    ],
)
def test_it_stops_the_zones_of_which_all_is_taken(texts: list[str], zones: list[bytes]) -> None:
    assert list(parse(*texts)[0].stops()) == zones
