"""Count queries and answers, and show all counts to Prometheus."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import __version__
from pydns.corefile import values
from pydns.errors import CorefileError
from pydns.http import Page, Site
from pydns.plugin import AtOnce
from pydns_plugins.prometheus.counting import Counting, Families
from pydns_plugins.prometheus.process import count_process
from pydns_plugins.prometheus.text import CONTENT_TYPE, write

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.settings import Settings

DEFAULT_ADDRESS: Final = "localhost:9153"


class Prometheus(AtOnce):
    """The prometheus directive of one server block. Blocks that name the same address share its page.

    It stands in no query's way: it is told of answers when they leave.
    """

    name: ClassVar[str] = "prometheus"

    def __init__(self, address: Word, zones: Sequence[bytes], runtime: bool) -> None:
        self.host, self.port = values.listen_address(address)
        self.word = address
        self.zones = zones
        self.runtime = runtime
        self._counting = Counting()

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 1)
        wanted: list[bool] = []

        def runtime_metrics(option: Directive) -> None:
            values.arguments(option, 0, 0)
            wanted.append(True)

        def tls(option: Directive) -> None:
            text = "metrics over HTTPS are not there yet in this version of pydns"
            raise CorefileError(option.position, text, "leave tls out, and listen on loopback alone")

        values.options(directive, {"runtime_metrics": runtime_metrics, "tls": tls})
        address = words[0] if words else type(directive.name)(DEFAULT_ADDRESS, directive.position)
        return (cls(address, block.zones, bool(wanted)),)

    def configure(self, settings: Settings) -> None:
        settings.sites.append(Site(self.host, self.port, "/metrics", self.page, self.word))
        settings.observers.append(self._counting.count)
        settings.refusals[self.name] = self._counting.refused

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        metrics = self.house.metrics
        hand_in = partial(self._counting.hand_in, Families(metrics))
        metrics.gauge(
            "coredns_build_info",
            "A metric with a constant '1' value labeled by version, revision and what it runs on.",
            "version",
            "revision",
            "goversion",
        ).set(f"pydns-{__version__}", "", f"python{platform.python_version()}", to=1)
        metrics.before_reading(hand_in)
        try:
            task_status.started()
            await trio.sleep_forever()
        finally:
            hand_in()
            metrics.forget(hand_in)

    def report(self) -> None:
        """Has the numbers of this process counted, before all are read."""
        plugins = (plugin for block in self.house.generation(self) for plugin in block)
        runtime = any(isinstance(plugin, Prometheus) and plugin.runtime for plugin in plugins)
        count_process(self.house.metrics, whole=runtime)

    async def page(self) -> Page:
        """Everything that is counted in this process, or in all of several."""
        family = self.house.family
        self.report()  # the parent, which shows what others count, is a process as well
        await family.reports(self)
        return Page(write(await family.metrics(self.house.metrics)), type=CONTENT_TYPE)
