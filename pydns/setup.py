"""From a Corefile's tree to server blocks that can be started: every plugin parsed, nothing opened."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns import names
from pydns.chain import fold, fold_at_once, fold_packed
from pydns.corefile import values
from pydns.corefile.files import absolute
from pydns.corefile.tree import Corefile, Position
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.order import place
from pydns.overlap import page_errors
from pydns.plugin import Plugin
from pydns.records import Opcode
from pydns.registry import Registry
from pydns.router import Route
from pydns.settings import Reload, Settings

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, Key, ServerBlock
    from pydns.http import Handler
    from pydns.listen.limits import TcpLimits

DEFAULT_PORT: Final = 53
_SCHEMES: Final = ("dns",)  # those that there are listeners for


class Place(NamedTuple):
    """Where a block listens, as the Corefile says it: `host` is an address, an interface's name, or empty for all."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class Block:
    """A server block, its plugins in the order of the chain, and what they say about it.

    `port` is for keys that name none; `plugin_files` are those of its `plugin` directives.
    """

    tree: ServerBlock
    plugins: tuple[Plugin, ...]
    settings: Settings
    port: int
    plugin_files: tuple[Path, ...] = ()

    def ports(self) -> Iterable[tuple[str, int, bytes, Key]]:
        """Scheme, port and zone of each key."""
        for key in self.tree.keys:
            yield key.scheme, self.port if key.port is None else key.port, key.zone, key

    def hosts(self) -> list[str]:
        return list(dict.fromkeys(map(str, self.settings.bind))) or [""]

    def route(self) -> Route | None:
        """What a router needs of it; None where no plugin answers anything."""
        opcodes = frozenset(opcode for plugin in self.plugins for opcode in plugin.opcodes)
        if not opcodes:
            return None
        return Route(
            {opcode: fold(self.plugins, opcode) for opcode in opcodes},
            frozenset(number for plugin in self.plugins for number in plugin.classes),
            frozenset(code for plugin in self.plugins for code in plugin.reads_options),
            self.settings.filters,
            self.settings.observers,
            fold_at_once(self.plugins, Opcode.QUERY),
            self.settings.refusals,
            *fold_packed(self.plugins),
        )


@dataclass(frozen=True)
class Configuration:
    """All server blocks of a Corefile. `digest` names the content: SHA-512 in hexadecimal, as CoreDNS prints it."""

    corefile: Corefile
    blocks: tuple[Block, ...]
    digest: str

    @property
    def patterns(self) -> tuple[str, ...]:
        """Paths and globs of all files that it was made of."""
        plugin_files = (str(path) for block in self.blocks for path in block.plugin_files)
        return tuple(dict.fromkeys((*self.corefile.patterns, *plugin_files)))

    @property
    def reload(self) -> Reload | None:
        """How the Corefile is followed: as the first block says that says something."""
        return next((block.settings.reload for block in self.blocks if block.settings.reload is not None), None)

    @property
    def workers(self) -> int:
        """How many processes answer beside their parent: the most that a block asks for; 0 where one does all."""
        most = max((block.settings.workers or 0 for block in self.blocks), default=0)
        return most if most > 1 else 0


def load(parse: Callable[[], Corefile], port: int = DEFAULT_PORT) -> Configuration:
    """Parses a Corefile and makes its blocks. Raises CorefileErrorGroup with the faults of both.

    A fault in the text does not hide those that plugins find elsewhere.
    """
    try:
        corefile = parse()
    except CorefileErrorGroup as group:
        rest = group.rest
        blocks = tuple(tree for tree in rest.blocks if tree.keys) if rest else ()
        if rest is None or not blocks:
            raise
        try:
            configure(replace(rest, blocks=blocks), port)
        except CorefileErrorGroup as more:
            raise CorefileErrorGroup(_in_order((*group.errors, *more.errors), rest)) from None
        raise
    return configure(corefile, port)


def configure(corefile: Corefile, port: int = DEFAULT_PORT) -> Configuration:
    """Makes the blocks. `port` is for keys that name none. Raises CorefileErrorGroup with all that is wrong."""
    errors: list[CorefileError] = []
    blocks = [_block(tree, port, errors) for tree in corefile.blocks]
    errors.extend(collisions(blocks))
    errors.extend(unbound(blocks))
    errors.extend(page_errors(blocks, Block.hosts))
    if not blocks:
        # What a file is for a moment while it is written must not stop a server that runs.
        file = str(corefile.files[0]) if corefile.files else "Corefile"
        errors.append(CorefileError(Position(file, 1, 1), "there is no server block", "write . { ... } for all names"))
    if errors:
        raise CorefileErrorGroup(_in_order(errors, corefile))
    return Configuration(corefile, tuple(blocks), _digest(corefile, blocks))


def _in_order(errors: Iterable[CorefileError], corefile: Corefile) -> list[CorefileError]:
    """Each once (a snippet is read for each of its imports), file after file as they were read, line after line."""
    order = {str(path): i for i, path in enumerate(corefile.files)}
    each = {(error.position, error.message): error for error in errors}.values()
    return sorted(each, key=lambda error: (order.get(absolute(error.position.file), -1), *error.position[1:]))


def _block(tree: ServerBlock, port: int, errors: list[CorefileError]) -> Block:
    for key in tree.keys:
        if key.scheme not in _SCHEMES:
            text = f"there is no listener for {key.scheme}:// yet in this version of pydns"
            errors.append(CorefileError(key.position, text, "use dns://, or leave the scheme out"))
    registry = Registry()
    files: list[Path] = []
    by_name: dict[str, list[Directive]] = {}
    for directive in tree.directives:
        if directive.name == "plugin":
            with _gathering(errors):
                files.extend(_add_files(registry, directive, tree))
        else:
            by_name.setdefault(directive.name, []).append(directive)
    placed: list[tuple[tuple[int, bool], Sequence[Plugin], Directive]] = []
    for directives in by_name.values():
        with _gathering(errors):
            placed.append((*_parsed(registry, directives, tree), directives[0]))
    placed.sort(key=lambda each: each[0])
    settings = Settings()
    for _, found, directive in placed:
        for plugin in found:
            with _gathering(errors), _blaming(directive):
                plugin.configure(settings)
    plugins = tuple(plugin for _, found, _ in placed for plugin in found)
    return Block(tree, plugins, settings, port, tuple(files))


@contextmanager
def _gathering(errors: list[CorefileError]) -> Iterator[None]:
    try:
        yield
    except CorefileError as error:
        errors.append(error)
    except CorefileErrorGroup as group:
        errors.extend(group.errors)


def _add_files(registry: Registry, directive: Directive, tree: ServerBlock) -> Iterator[Path]:
    values.no_block(directive)
    for word in values.arguments(directive, 1):
        path = values.path(word, tree)
        registry.add_file(path, word)
        yield path


def _parsed(
    registry: Registry, directives: Sequence[Directive], tree: ServerBlock
) -> tuple[tuple[int, bool], Sequence[Plugin]]:
    kind = registry.find(directives[0].name)
    with _blaming(directives[0]):
        found = tuple(kind.parse(directives, tree))
        for plugin in found:
            _check(plugin)
    return place(kind.name, kind.before), found


@contextmanager
def _blaming(directive: Directive) -> Iterator[None]:
    """Makes whatever goes wrong an error of the directive: a plugin from outside may do anything."""
    try:
        yield
    except (CorefileError, CorefileErrorGroup):
        raise
    except (Exception, SystemExit) as error:
        text = f"plugin {str(directive.name)!r} failed to read this: {type(error).__name__}: {error}"
        raise CorefileError(directive.position, text) from error


def _check(plugin: object) -> None:
    if not isinstance(plugin, Plugin):
        raise TypeError(f"parse gave {plugin!r}, which is no Plugin")
    for attribute in ("opcodes", "classes", "reads_options"):
        value = getattr(plugin, attribute)
        if not isinstance(value, frozenset) or not all(isinstance(number, int) for number in value):
            raise TypeError(f"{attribute} is no frozenset of numbers: {value!r}")


def collisions(
    blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]] = Block.hosts
) -> Iterable[CorefileError]:
    """Errors for zones that two blocks serve at one address, where more than one of them takes every query."""
    taken: dict[tuple[Place, bytes], Key] = {}
    for block in blocks:
        for scheme, port, zone, key in block.ports():
            for host in hosts(block):
                if block.settings.filters or (scheme not in _SCHEMES):
                    continue
                where = Place(scheme, host, port)
                first = taken.setdefault((where, zone), key)
                if first is not key:
                    text = f"{names.to_text(zone)} is served at {where} already, by {first.position}"
                    yield CorefileError(key.position, text, "serve it in one block, or tell them apart")
                    break


def unbound(blocks: Sequence[Block]) -> Iterable[CorefileError]:
    """Errors for blocks that want all addresses of a port where another block binds some: the kernel gives but one."""
    bound: dict[int, Position] = {}
    for block in blocks:
        if block.settings.bind and "::" not in block.hosts():  # `::` is all addresses too
            for _, port, _, _ in block.ports():
                bound.setdefault(port, block.settings.bind[0].position)
    for block in blocks:
        if not block.settings.bind:
            for _, port, _, key in block.ports():
                if port and port in bound:
                    text = f"{key.word} listens on all addresses of port {port}, but {bound[port]} binds some of them"
                    yield CorefileError(key.position, text, "give each block of a port a bind, or none of them")


def routes(
    blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]]
) -> Mapping[Place, dict[bytes, list[Route]]]:
    """For each place the blocks by zone, in the order of the Corefile. A place without any answers REFUSED."""
    found: dict[Place, dict[bytes, list[Route]]] = {}
    for block in blocks:
        route = block.route()
        for scheme, port, zone, _ in block.ports():
            for host in hosts(block):
                zones = found.setdefault(Place(scheme, host, port), {})
                if route is not None and route not in zones.setdefault(zone, []):
                    zones[zone].append(route)
    return found


def sites(blocks: Sequence[Block]) -> Mapping[Place, dict[str, Handler]]:
    """For each place the pages over HTTP by path. Where two blocks show the same one, the first does."""
    found: dict[Place, dict[str, Handler]] = {}
    for block in blocks:
        for site in block.settings.sites:
            found.setdefault(Place("http", site.host, site.port), {}).setdefault(site.path, site.handler)
    return found


def tcp_limits(blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]]) -> Mapping[Place, TcpLimits]:
    """For each place what TCP connections may do there, where a block says so; the first counts."""
    found: dict[Place, TcpLimits] = {}
    for block in blocks:
        if block.settings.tcp is not None:
            for scheme, port, _, _ in block.ports():
                for host in hosts(block):
                    found.setdefault(Place(scheme, host, port), block.settings.tcp)
    return found


def shedding(blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]]) -> frozenset[Place]:
    """The places where a block says that its sockets shed."""
    return frozenset(
        Place(scheme, host, port)
        for block in blocks
        if block.settings.shed
        for scheme, port, _, _ in block.ports()
        for host in hosts(block)
    )


def _digest(corefile: Corefile, blocks: Sequence[Block]) -> str:
    digest = hashlib.sha512(repr(corefile.blocks).encode("utf-8", "surrogateescape"))
    for path in dict.fromkeys(path for block in blocks for path in block.plugin_files):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()
