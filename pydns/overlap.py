"""Pages over HTTP that want a TCP port which something else in the Corefile has: the kernel gives it but once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pydns.errors import CorefileError

if TYPE_CHECKING:
    from pydns.corefile.tree import Word
    from pydns.http import Site
    from pydns.setup import Block


def page_errors(blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]]) -> Iterable[CorefileError]:
    """Errors for pages where DNS is served, and for pages at addresses that overlap and are not the same."""
    dns = list(_dns(blocks, hosts))
    pages: list[Site] = []
    for site in (site for block in blocks for site in block.settings.sites if site.port):
        key = next((key for host, port, key in dns if port == site.port and overlap(host, site.host)), None)
        page = next((page for page in pages if page.port == site.port and overlap(page.host, site.host)), None)
        if key is not None:
            text = f"a page at {site.word} wants the TCP port of {key}, {key.position}"
            yield CorefileError(site.word.position, text, "give the page another port")
        elif page is not None and page.host != site.host:
            text = f"a page at {site.word} cannot be had beside that at {page.word}, {page.word.position}"
            yield CorefileError(site.word.position, text, "write the same address for both, or another port for one")
        pages.append(site)


def _dns(blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]]) -> Iterator[tuple[str, int, Word]]:
    """Hosts and ports where DNS is served, and the keys that say so."""
    for block in blocks:
        for _, port, _, key in block.ports():
            for host in hosts(block):
                yield "" if host == "::" else host, port, key.word  # `bind ::` is all addresses, IPv4 too, as in Go


def overlap(host: str, other: str) -> bool:
    """True where two sockets on one port cannot have these addresses. Empty means all."""
    if host == other or not host or not other:
        return True
    try:
        one, two = ip_address(host), ip_address(other)
    except ValueError:  # an interface: which addresses it has shows when the server starts
        return False
    return one.version == two.version and (one == two or one.is_unspecified or two.is_unspecified)
