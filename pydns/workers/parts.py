"""Who serves what: the parent and its workers each have a part of one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydns.serving import Part

if TYPE_CHECKING:
    from pydns.corefile.tree import Corefile
    from pydns.plugin import Plugin
    from pydns.setup import Configuration


class ParentPart(Part):
    """The pages, and the plugins that must be there once."""

    answers = False

    def runs(self, plugin: Plugin) -> bool:
        return plugin.single


class WorkerPart(Part):
    """Queries, and all other plugins."""

    shows = False

    def runs(self, plugin: Plugin) -> bool:
        return not plugin.single


class Order(NamedTuple):
    """What workers are told to serve. `port` is for keys that name none; `digest` is what the parent made of it."""

    corefile: Corefile
    port: int
    digest: str
    workers: int

    @classmethod
    def of(cls, configuration: Configuration) -> Order:
        blocks = configuration.blocks
        return cls(configuration.corefile, blocks[0].port, configuration.digest, configuration.workers)
