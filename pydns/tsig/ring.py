"""Who knows keys, so that other plugins find them by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from pydns.corefile.tree import Word
    from pydns.plugin import Plugin
    from pydns.tsig.key import Key


class HoldsKeys(ABC):
    """Mixed into a plugin that knows keys."""

    @abstractmethod
    def own_key(self, name: bytes) -> Key | None:
        """The key of that name, as it is now."""

    @property
    def listeners_for_keys(self) -> list[Callable[[], None]]:
        """Called when it knows other keys than before."""
        found: list[Callable[[], None]] = self.__dict__.setdefault("_listeners_for_keys", [])
        return found

    def may_know(self, name: bytes) -> bool:
        """False where it can be said before it runs that it will never have that key."""
        return True


class NamesKeys(ABC):
    """Mixed into a plugin that signs with keys of others, or demands them."""

    @abstractmethod
    def named_keys(self) -> Iterable[tuple[bytes, Word]]:
        """Their names, and where these stand in the Corefile."""


def find_key(plugin: Plugin, name: bytes) -> Key | None:
    """The key of that name: of the plugin's own server block, else of the first other one that knows such.

    As in CoreDNS, keys hold beyond the block that they stand in. Ask anew each time: files of keys change.
    """
    return next((key for holder in _holders(plugin) if (key := holder.own_key(name)) is not None), None)


async def await_key(plugin: Plugin, name: bytes) -> Key:
    """As `find_key`, once somebody knows it: its file may be yet to be read."""
    while (key := find_key(plugin, name)) is None:
        news = trio.Event()
        holders = list(_holders(plugin))
        for holder in holders:
            holder.listeners_for_keys.append(news.set)
        try:
            await news.wait()
        finally:
            for holder in holders:
                holder.listeners_for_keys.remove(news.set)
    return key


def _holders(plugin: Plugin) -> Iterator[HoldsKeys]:
    if isinstance(plugin, HoldsKeys):
        yield plugin
    siblings = plugin.house.siblings(plugin)
    for block in (siblings, *(each for each in plugin.house.generation(plugin) if each is not siblings)):
        yield from (each for each in block if isinstance(each, HoldsKeys) and each is not plugin)
