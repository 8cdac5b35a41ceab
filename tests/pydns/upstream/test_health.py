import pytest

from pydns.upstream.health import Checks, Health


@pytest.mark.parametrize(("max_fails", "fails", "down"), [(2, 1, False), (2, 2, True), (1, 1, True), (0, 100, False)])
def test_so_many_failed_checks_make_it_down(max_fails: int, fails: int, down: bool) -> None:
    health = Health(max_fails)
    for _ in range(fails):
        health.failed()
    assert health.down is down


def test_one_good_check_brings_it_back() -> None:
    health = Health(1)
    health.failed()
    health.passed()
    assert (health.down, health.fails) == (False, 0)


@pytest.mark.parametrize(("recursion", "flags"), [(True, b"\x01\x00"), (False, b"\0\0")])
def test_a_check_asks_for_the_name_servers_of_its_domain(recursion: bool, flags: bytes) -> None:
    request = Checks(recursion=recursion, domain=b"\3org\0").request
    assert request.question == b"\3org\0\0\2\0\1"
    assert request.tail[:2] == flags
