"""What is allowed in a Corefile, but most likely not meant: found without starting anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns.names import ROOT, is_within, to_text
from pydns.records import class_text
from pydns.tsig.ring import HoldsKeys, NamesKeys
from pydns.zone.holder import HoldsZones

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, Position
    from pydns.plugin import Plugin
    from pydns.setup import Block, Configuration

_PASS_PTR_ON: Final = frozenset(("hosts",))
"""Plugins that pass on PTR queries that they cannot answer, also of the zones that they stop, as in CoreDNS."""

_CHANGE_NAMES: Final = frozenset(("rewrite", "autopath"))
"""Behind these a query's name may be in no zone of the block."""

_ANSWER_NOTHING: Final = frozenset(
    (
        "autopath", "bind", "bufsize", "cache", "cancel", "debug", "dnstap", "errors", "geoip", "grpc_server", "header",
        "health", "https", "https3", "loadbalance", "log", "metadata", "minimal", "multisocket", "nsid", "pprof",
        "prometheus", "proxyproto", "quic", "ready", "reload", "root", "shed", "sign", "timeouts", "tls", "trace",
        "view",
    )
)  # fmt: skip
"""Plugins that have no answer of their own to any query."""


class LintWarning(NamedTuple):
    """Where it stands, what is doubtful, and what to do about it."""

    position: Position
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.position}: warning: {self.message} ({self.remedy})"


class Placed(NamedTuple):
    """A plugin of a chain, the directives that it was made of, and where the first of them stands."""

    plugin: Plugin
    directives: tuple[Directive, ...]
    position: Position

    def __str__(self) -> str:
        return f"{self.plugin.name} ({self.position})"


def warnings(configuration: Configuration) -> list[LintWarning]:
    """Each block's, in the order of the Corefile. Each is true; what cannot be told for sure is left out."""
    found: list[LintWarning] = []
    for block in configuration.blocks:
        own = [*_without_answer(block), *_repeated(block), *_without_zones(block), *_without_keys(block, configuration)]
        told = {warning.position for warning in own}
        own += [warning for warning in _unreached(block) if warning.position not in told]
        found += sorted(own, key=lambda warning: warning.position)
    return [*_disagreeing(configuration), *found]


def placed(block: Block) -> list[Placed]:
    """The block's plugins in the order of the chain, each with its directives.

    A plugin makes one instance of all its directives, or one of each; where it does otherwise all stand beside each.
    """
    found = []
    seen: dict[str, int] = {}
    for plugin in block.plugins:
        directives = block.tree.named(plugin.name)
        number = seen[plugin.name] = seen.get(plugin.name, -1) + 1
        if len(directives) == sum(each.name == plugin.name for each in block.plugins):
            directives = directives[number : number + 1]
        # An entry point may give a plugin another name than its own.
        position = (directives[0] if directives else block.tree.keys[0]).position
        found.append(Placed(plugin, directives, position))
    return found


def _disagreeing(configuration: Configuration) -> Iterator[LintWarning]:
    """Blocks that ask for another number of processes than there are: they are one number for all."""
    asking = [block for block in configuration.blocks if block.settings.workers is not None]
    most = max((block.settings.workers or 0 for block in asking), default=0)
    for block in asking:
        if block.settings.workers != most:
            position = next((found.position for found in block.tree.named("multisocket")), block.tree.keys[0].position)
            message = f"{block.settings.workers} processes are wanted here and {most} elsewhere: all blocks get {most}"
            yield LintWarning(position, message, "say the same number in each block, or say it in one")


def _without_answer(block: Block) -> Iterator[LintWarning]:
    if all(_is_ours(plugin) and plugin.name in _ANSWER_NOTHING for plugin in block.plugins):
        message = "no plugin of this server block answers queries"
        yield LintWarning(block.tree.keys[0].position, message, "add one that does, such as hosts or forward")


def _repeated(block: Block) -> Iterator[LintWarning]:
    first: dict[Directive, Directive] = {}
    for directive in block.tree.directives:
        before = first.setdefault(directive, directive)
        if before is directive:
            continue
        if before.position == directive.position:
            message = f"{directive.name} is imported twice into the server block of {block.tree.keys[0].word}"
        else:
            message = f"{directive.name} stands here word for word as at {before.position}"
        yield LintWarning(directive.position, message, "remove one")


def _without_zones(block: Block) -> Iterator[LintWarning]:
    if not any(isinstance(plugin, HoldsZones) for plugin in block.plugins):
        for directive in block.tree.named("transfer"):
            message = "no plugin of this server block holds zones: there is nothing to transfer"
            yield LintWarning(directive.position, message, "add file, auto or secondary to it")


def _without_keys(block: Block, configuration: Configuration) -> Iterator[LintWarning]:
    """Keys of no tsig: they hold in the whole Corefile, so one block's may be another's."""
    holders = [each for one in configuration.blocks for each in one.plugins if isinstance(each, HoldsKeys)]
    namers = [each for each in block.plugins if isinstance(each, NamesKeys)]
    places = {word.position: (key, word) for namer in namers for key, word in namer.named_keys()}
    for position, (key, word) in places.items():
        if not any(holder.may_know(key) for holder in holders):
            yield LintWarning(position, f"no tsig here knows the key {word}", "add tsig with a line: secret NAME KEY")


def _unreached(block: Block) -> Iterator[LintWarning]:
    """Plugins behind others that pass on nothing for their zones."""
    stoppers: list[tuple[Placed, Sequence[bytes]]] = []
    names_are_kept = True
    for each in placed(block):
        plugin = each.plugin
        own, fault = _stops(plugin)
        if fault:
            message = f"{plugin.name} cannot say which zones it stops: {fault}"
            yield LintWarning(each.position, message, "mend the plugin")
        if stoppers and plugin.opcodes:
            yield from _judge(each, own, stoppers, block)
        if own := [zone for zone in own if names_are_kept or zone == ROOT]:
            stoppers.append((each, own))
        if plugin.opcodes and not _keeps_names(plugin):
            # What comes out of it may have any name: only what stopped all, or stops all, is sure.
            names_are_kept = False
            blamed = _covering(block.tree.zones, stoppers)
            if not blamed or any(stopper.plugin.name in _PASS_PTR_ON for stopper in blamed):
                stoppers = [(stopper, zones) for stopper, zones in stoppers if stopper is each]


def _judge(
    each: Placed, own: Sequence[bytes], stoppers: Sequence[tuple[Placed, Sequence[bytes]]], block: Block
) -> Iterator[LintWarning]:
    plugin = each.plugin
    stoppers = [stopper for stopper in stoppers if plugin.opcodes <= stopper[0].plugin.opcodes]
    whole = [stopper for stopper in stoppers if not _left(each, stopper[0])]
    zones = block.tree.zones
    blamed = _covering(zones, whole) or _covering(zones, stoppers)
    is_all = bool(blamed)
    if not is_all and own:
        blamed = _covering(own, whole) or _covering(own, stoppers)
    if not blamed:
        return
    left = sorted({kind for stopper in blamed for kind in _left(each, stopper)})
    if is_all:
        what = f"gets no queries but {' and '.join(left)}" if left else "is never reached"
    else:
        what = f"gets no queries for {_listed(own)}{' but ' if left else ''}{' and '.join(left)}"
    who = f"{' and '.join(map(str, blamed))} {'passes' if len(blamed) == 1 else 'pass'}"
    message = f"{plugin.name} {what}: {who} {'no others' if left else 'none'} on"
    yield LintWarning(each.position, message, _remedy(each, blamed))


def _left(each: Placed, stopper: Placed) -> list[str]:
    """The queries that get past a plugin to another behind it, though it stops all their names."""
    ptr = ["PTR"] if stopper.plugin.name in _PASS_PTR_ON else []
    return ptr + [f"class {class_text(number)}" for number in each.plugin.classes - stopper.plugin.classes]


def _covering(zones: Sequence[bytes], stoppers: Sequence[tuple[Placed, Sequence[bytes]]]) -> list[Placed]:
    """The first plugins that together stop all the zones; none where they leave one."""
    found: list[Placed] = []
    for zone in zones:
        by = next((each for each, stopped in stoppers if any(is_within(zone, top) for top in stopped)), None)
        if by is None:
            return []
        if by not in found:
            found.append(by)
    return found


def _remedy(each: Placed, blamed: Sequence[Placed]) -> str:
    names = {stopper.plugin.name for stopper in blamed}
    if "hosts" in names:
        return "add fallthrough to hosts"
    if names == {each.plugin.name}:
        return "put it first, or join the two"
    return "remove one of them, or give each a server block of its own"


def _listed(zones: Sequence[bytes]) -> str:
    most = 3
    return ", ".join(map(to_text, zones[:most])) + (f" and {len(zones) - most} more" if len(zones) > most else "")


def _stops(plugin: Plugin) -> tuple[Sequence[bytes], str]:
    try:
        return tuple(plugin.stops()), ""
    except Exception as error:  # a plugin from outside may do anything
        return (), f"{type(error).__name__}: {error}"


def _keeps_names(plugin: Plugin) -> bool:
    return _is_ours(plugin) and plugin.name not in _CHANGE_NAMES


def _is_ours(plugin: Plugin) -> bool:
    """Of another's plugin nobody knows what it does, though it may have the name of one of ours."""
    return type(plugin).__module__.startswith("pydns_plugins.")
