"""The directive. What sockets do with it: tests/pydns/listen/test_udp_shed.py."""

import pytest

from pydns.errors import CorefileError
from pydns.listen.bound import DnsBound
from pydns.settings import Settings
from pydns_plugins.shed import Shed
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, reloaded, running

COREFILE = ". {\n bind 127.0.0.1\n shed\n whoami\n}"


def test_the_block_is_told() -> None:
    (plugin,) = Shed.parse(directives("shed\nshed"), block())
    settings = Settings()
    plugin.configure(settings)
    assert settings.shed


@pytest.mark.parametrize("line", ["shed 1024", "shed\n deep"])
def test_it_takes_no_options(line: str) -> None:
    with pytest.raises(CorefileError):
        Shed.parse(directives(line), block())


async def test_a_reload_begins_it_and_ends_it() -> None:
    """Its count is there from the beginning, so that a rate can be told."""
    source = Source(COREFILE.replace(" shed\n", ""))
    async with running(source) as process:
        (bound,) = process.bound.values()
        assert isinstance(bound, DnsBound)
        assert not sheds(bound)
        source.text = COREFILE
        await reloaded(process)
        assert sheds(bound)
        metric = process.house.metrics.counter("coredns_shed_dropped_total", "")
        label = bound.server.label
        assert metric.values == {(label, "query"): 0, (label, "response"): 0}
        source.text = COREFILE.replace(" shed\n", "")
        await reloaded(process)
        assert not sheds(bound)


def sheds(bound: DnsBound) -> bool:
    return all(listener._stack is not None for listener in bound._datagram)
