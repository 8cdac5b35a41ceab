"""What the lines of a cache directive mean, and which are refused."""

from types import SimpleNamespace

import pytest

from pydns import names
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns_plugins.cache.options import Limits, Options, Prefetch, Stale, read_options


def read(kit: SimpleNamespace, text: str, *zones: str) -> Options:
    return read_options(kit.directive(text), kit.block(*zones))


def test_the_defaults_are_those_of_coredns(kit):
    assert read(kit, "cache") == Options(
        zones=(b"\0",),
        success=Limits(9984, 3600, 5),
        denial=Limits(9984, 1800, 5),
        octets=32 * 1024 * 1024,
        prefetch=None,
        stale=None,
        prefer_positive=False,
        failure=5.0,
        no_success=frozenset(),
        no_denial=frozenset(),
        keep_ttl=False,
    )


@pytest.mark.parametrize(
    ("text", "zones", "ttls"),
    [
        ("cache 30", (".",), (30, 30)),
        ("cache example.net", ("example.net",), (3600, 1800)),
        ("cache 30 example.net example.com", ("example.net", "example.com"), (30, 30)),
        ("cache 30 10.0.0.0/8", ("10.in-addr.arpa",), (30, 30)),
    ],
)
def test_the_first_line_holds_a_ttl_and_zones(kit, text, zones, ttls):
    options = read(kit, text)
    assert options.zones == tuple(names.from_text(zone) for zone in zones)
    assert (options.success.most, options.denial.most) == ttls


def test_zones_left_out_are_those_of_the_block(kit):
    zones = ("example.org", "example.net")
    assert read(kit, "cache", *zones).zones == tuple(map(names.from_text, zones))


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("success 5000", "success", Limits(5000, 3600, 5)),
        ("success 5000 60", "success", Limits(5000, 60, 5)),
        ("success 5000 60 0", "success", Limits(5000, 60, 0)),
        ("denial 2500", "denial", Limits(2500, 1800, 5)),
        ("denial 9984 5", "denial", Limits(9984, 5, 5)),
        ("denial 2500 60 2", "denial", Limits(2500, 60, 2)),
        ("denial 0", "denial", Limits(0, 1800, 5)),
        ("bytes 200000", "octets", 200000),
        ("bytes 64MiB", "octets", 64 * 1024 * 1024),
        ("bytes 256kib", "octets", 256 * 1024),
        ("prefetch 10", "prefetch", Prefetch(10, 60.0, 0.1)),
        ("prefetch 10 2m", "prefetch", Prefetch(10, 120.0, 0.1)),
        ("prefetch 1 30m 20%", "prefetch", Prefetch(1, 1800.0, 0.2)),
        ("prefetch 0", "prefetch", None),
        ("serve_stale", "stale", Stale(3600.0, False, 0.0, 30, 0.0)),
        ("serve_stale 10m", "stale", Stale(600.0, False, 0.0, 30, 0.0)),
        ("serve_stale 1h immediate", "stale", Stale(3600.0, False, 0.0, 30, 0.0)),
        ("serve_stale 1h immediate 0", "stale", Stale(3600.0, False, 0.0, 0, 0.0)),
        ("serve_stale 1h IMMEDIATE 10s 30s", "stale", Stale(3600.0, False, 0.0, 10, 30.0)),
        ("serve_stale 1h verify", "stale", Stale(3600.0, True, 0.0, 30, 0.0)),
        ("serve_stale 1h verify 100ms", "stale", Stale(3600.0, True, 0.1, 30, 0.0)),
        ("serve_stale 1h verify 0 20s", "stale", Stale(3600.0, True, 0.0, 20, 0.0)),
        ("serve_stale 1h verify 100ms 20s 5m", "stale", Stale(3600.0, True, 0.1, 20, 300.0)),
        ("servfail 0", "failure", 0.0),
        ("servfail 5m", "failure", 300.0),
        ("servfail 500ms", "failure", 0.5),
        ("disable success", "no_success", frozenset((b"\0",))),
        ("disable denial", "no_denial", frozenset((b"\0",))),
        ("disable denial a.org b.org", "no_denial", frozenset((b"\1a\3org\0", b"\1b\3org\0"))),
        ("keepttl", "keep_ttl", True),
    ],
)
def test_an_option_sets_its_value(kit, line, field, value):
    assert getattr(read(kit, f"cache\n{line}"), field) == value


def test_zones_of_two_disable_lines_add_up(kit):
    options = read(kit, "cache\ndisable success a.org\ndisable success b.org")
    assert options.no_success == {b"\1a\3org\0", b"\1b\3org\0"}


def test_serve_stale_policy_goes_with_serve_stale(kit):
    assert read(kit, "cache\nserve_stale_policy prefer_positive\nserve_stale").prefer_positive


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("cache 0", "1:2", "0 is out of range"),
        ("cache -5", "1:2", "-5 is out of range"),
        ("cache\nsucess 10", "2:1", "unknown option of cache 'sucess'"),
        ("cache\nsuccess", "2:1", "success wants at least 1 argument"),
        ("cache\nsuccess ten", "2:2", "'ten' is no whole number"),
        ("cache\nsuccess 10 0", "2:3", "0 is out of range"),
        ("cache\ndenial 10 10 -1", "2:4", "-1 is out of range"),
        ("cache\ndenial 10 10 10 10", "2:5", "one too many"),
        ("cache\nbytes much", "2:2", "'much' is no size"),
        ("cache\nbytes 1000", "2:2", "'1000' is no size"),
        ("cache\nprefetch -1", "2:2", "-1 is out of range"),
        ("cache\nprefetch 1 1m 10", "2:4", "no percentage"),
        ("cache\nprefetch 1 1m 9%", "2:4", "9 is out of range"),
        ("cache\nprefetch 1 1m 91%", "2:4", "91 is out of range"),
        ("cache\nserve_stale forever", "2:2", "'forever' is no duration"),
        ("cache\nserve_stale 1h later", "2:3", "unknown refresh mode 'later'"),
        ("cache\nserve_stale 1h immediate 1500ms", "2:4", "'1500ms' is no TTL"),
        ("cache\nserve_stale 1h immediate 1s 6m", "2:5", "too long"),
        ("cache\nserve_stale 1h immediate 1s 1s 1s", "2:6", "one too many"),
        ("cache\nserve_stale_policy prefer_positive", "2:1", "wants serve_stale"),
        ("cache\nserve_stale\nserve_stale_policy both", "3:2", "unknown serve_stale_policy 'both'"),
        ("cache\nservfail 301s", "2:2", "too long"),
        ("cache\nservfail", "2:1", "servfail wants 1 argument"),
        ("cache\ndisable", "2:1", "disable wants at least 1 argument"),
        ("cache\ndisable all", "2:2", "unknown store of disable 'all'"),
        ("cache\nkeepttl yes", "2:2", "no arguments"),
    ],
)
def test_what_does_not_fit_is_an_error_with_its_place(kit, text, place, message):
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        read(kit, text)
    errors = [caught.value] if isinstance(caught.value, CorefileError) else list(caught.value.errors)
    assert len(errors) == 1
    assert str(errors[0]).startswith(f"Corefile:{place}: ")
    assert message in str(errors[0])


def test_a_policy_stands_once(kit):
    with pytest.raises(CorefileErrorGroup, match="twice"):
        read(kit, "cache\nserve_stale\nserve_stale_policy prefer_positive\nserve_stale_policy prefer_positive")


def test_cache_stands_once_in_a_block(kit):
    from pydns_plugins.cache import Cache

    with pytest.raises(CorefileError, match="cache stands twice"):
        Cache.parse([kit.directive("cache"), kit.directive("cache 30")], kit.block())
