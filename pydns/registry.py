"""From the name of a directive to the plugin behind it. Nothing is imported before a Corefile names it."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Final, TypeGuard

from pydns.errors import CorefileError, PydnsError
from pydns.order import ORDER
from pydns.plugin import Plugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pydns.corefile.tree import Word

GROUP: Final = "pydns.plugins"
"""The group of entry points through which installed distributions bring plugins: `hello = "my_package:Hello"`."""

BUILTIN: Final[dict[str, str]] = {
    "acl": "pydns_plugins.acl:Acl",
    "any": "pydns_plugins.any:Any",
    "auto": "pydns_plugins.auto:Auto",
    "autopath": "pydns_plugins.autopath:Autopath",
    "bind": "pydns_plugins.bind:Bind",
    "bufsize": "pydns_plugins.bufsize:Bufsize",
    "cache": "pydns_plugins.cache:Cache",
    "cancel": "pydns_plugins.cancel:Cancel",
    "catalog": "pydns_plugins.catalog:Catalog",
    "chaos": "pydns_plugins.chaos:Chaos",
    "debug": "pydns_plugins.debug:Debug",
    "dnssec": "pydns_plugins.dnssec:Dnssec",
    "erratic": "pydns_plugins.erratic:Erratic",
    "errors": "pydns_plugins.errors:Errors",
    "file": "pydns_plugins.file:File",
    "forward": "pydns_plugins.forward:Forward",
    "header": "pydns_plugins.header:Header",
    "health": "pydns_plugins.health:Health",
    "hosts": "pydns_plugins.hosts:Hosts",
    "k8s_external": "pydns_plugins.k8s_external:K8sExternal",
    "kubernetes": "pydns_plugins.kubernetes:Kubernetes",
    "loadbalance": "pydns_plugins.loadbalance:Loadbalance",
    "local": "pydns_plugins.local:Local",
    "log": "pydns_plugins.log:Log",
    "loop": "pydns_plugins.loop:Loop",
    "minimal": "pydns_plugins.minimal:Minimal",
    "multisocket": "pydns_plugins.multisocket:Multisocket",
    "nsid": "pydns_plugins.nsid:Nsid",
    "prometheus": "pydns_plugins.prometheus:Prometheus",
    "ready": "pydns_plugins.ready:Ready",
    "reload": "pydns_plugins.reload:Reload",
    "root": "pydns_plugins.root:Root",
    "secondary": "pydns_plugins.secondary:Secondary",
    "shed": "pydns_plugins.shed:Shed",
    "sign": "pydns_plugins.sign:Sign",
    "timeouts": "pydns_plugins.timeouts:Timeouts",
    "transfer": "pydns_plugins.transfer:Transfer",
    "tsig": "pydns_plugins.tsig:Tsig",
    "whoami": "pydns_plugins.whoami:Whoami",
}


class Registry:
    """The plugins that one server block can name: pydns's own, installed ones, and those of its `plugin` files."""

    def __init__(self) -> None:
        self._from_files: dict[str, type[Plugin]] = {}

    def find(self, word: Word) -> type[Plugin]:
        """The plugin of a directive's name. Raises CorefileError."""
        name = str(word)
        if name in self._from_files:
            return self._from_files[name]
        try:
            if name in BUILTIN:
                return _load(BUILTIN[name])
            for entry in _installed(name):
                return _named(name, _checked(entry.load(), f"entry point {entry.value}"))
        except (Exception, SystemExit) as error:  # another's code is imported here, and may do anything
            text = f"plugin {name!r} cannot be loaded: {type(error).__name__}: {error}"
            raise CorefileError(word.position, text) from error
        raise self._unknown(word)

    def add_file(self, path: Path, word: Word) -> None:
        """Takes in the plugins that a Python file defines. `word` is the path as the Corefile has it."""
        try:
            found = list(_defined_in(path))
        except (Exception, SystemExit) as error:  # the file is somebody's program
            text = f"plugin file {str(word)!r} cannot be loaded: {type(error).__name__}: {error}"
            raise CorefileError(word.position, text) from error
        if not found:
            remedy = "derive a class from pydns.plugin.Plugin and give it a `name`"
            raise CorefileError(word.position, f"{str(word)!r} defines no plugin", remedy)
        for plugin in found:
            self._from_files[plugin.name] = plugin

    def _unknown(self, word: Word) -> CorefileError:
        name = str(word)
        if name in ORDER:
            text = f"plugin {name!r} is CoreDNS's, but not there yet in this version of pydns"
            return CorefileError(word.position, text, "remove the directive, or install a plugin of that name")
        known = {*BUILTIN, *self._from_files, "import", "plugin", *(entry.name for entry in _installed())}
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        remedy = f"did you mean {close[0]!r}?" if close else "`pydns -plugins` lists those that are known"
        return CorefileError(word.position, f"unknown plugin {name!r}", remedy)


def known_names() -> list[str]:
    """The names of all plugins that can be named here, sorted."""
    return sorted({*BUILTIN, *(entry.name for entry in _installed())})


def _installed(name: str | None = None) -> Iterable[EntryPoint]:
    # To read the metadata of all distributions takes some 40 ms, so only for names that are not our own.
    from importlib.metadata import entry_points

    return entry_points(group=GROUP) if name is None else entry_points(group=GROUP, name=name)


def _load(place: str) -> type[Plugin]:
    module, _, name = place.partition(":")
    return _checked(getattr(import_module(module), name), place)


def _checked(found: object, place: str) -> type[Plugin]:
    if not _is_plugin(found):
        raise PydnsError(f"{place} is no class derived from pydns.plugin.Plugin")
    for method in ("parse", "serve"):
        if inspect.getattr_static(found, method) is vars(Plugin)[method]:
            raise PydnsError(f"{found.__name__} has no `{method}`")
    name: object = getattr(found, "name", None)
    if not isinstance(name, str):
        raise PydnsError(f"{found.__name__}'s `name` is no word: {name!r}")
    if found.before not in ORDER:
        raise PydnsError(f"{place} wants to stand before {found.before!r}, which has no place in the chain")
    return found


def _named(name: str, found: type[Plugin]) -> type[Plugin]:
    """The same class. Its directives are found by its `name`, so an entry point must go by that as well."""
    if found.name != name:
        raise PydnsError(f"{found.__name__} is named {found.name!r}")
    return found


def _defined_in(path: Path) -> Iterator[type[Plugin]]:
    # A name of its own for each file, and a fresh import each time: a reload takes up what was changed in it.
    name = f"pydns_plugin_file_{path.stem}_{abs(hash(path.resolve())):x}"
    if path.suffix != ".py":
        raise PydnsError("no Python file (its name must end in .py)")
    spec = importlib.util.spec_from_file_location(name, path, loader=_Fresh(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up
    spec.loader.exec_module(module)
    for value in vars(module).values():
        # A class without a `name` is the base of others.
        if _is_plugin(value) and value.__module__ == name and hasattr(value, "name"):
            yield _checked(value, str(path))


class _Fresh(SourceFileLoader):
    """Compiles the file each time. Python's cache would take an edit within the same second for no edit at all."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _is_plugin(value: object) -> TypeGuard[type[Plugin]]:
    return isinstance(value, type) and issubclass(value, Plugin)
