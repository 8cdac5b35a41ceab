"""The order of the chain: CoreDNS's, so that a Corefile means here what it means there."""

from __future__ import annotations

from typing import Final

ORDER: Final[tuple[str, ...]] = (
    # What the block is, and where it listens: these answer nothing.
    "root",
    "plugin",
    "metadata",  # ahead of all who read labels
    "geoip",
    "cancel",
    "proxyproto",
    "quic",
    "grpc_server",
    "https",
    "https3",
    "timeouts",
    "multisocket",
    "reload",
    "nsid",
    "bufsize",
    "bind",
    "debug",
    "trace",
    "ready",
    "health",
    "pprof",
    "shed",
    # Watchers stand ahead of all who may answer, so that they see every answer.
    "prometheus",
    "errors",
    "log",
    "dnstap",
    # Shapers.
    "local",
    "dns64",
    "any",
    "chaos",
    "loadbalance",  # ahead of cache: a cached answer is shuffled too
    "tsig",
    "rewrite",  # ahead of acl: what a name is rewritten to is held against the list as well
    "autopath",
    "acl",  # ahead of cache: who is blocked must not get what others had cached
    "cache",
    "header",
    "dnssec",
    "tls",
    "minimal",
    # Sources: the first that knows the name answers.
    "template",
    "transfer",
    "hosts",
    "route53",
    "azure",
    "clouddns",
    "k8s_external",
    "kubernetes",
    "catalog",  # ahead of those whose zones it lists: one of these may hold its name
    "file",
    "auto",
    "secondary",
    "etcd",
    "loop",  # just ahead of who asks other servers
    "forward",
    "grpc",
    "erratic",
    "whoami",
    "on",
    "sign",
    "view",
    "nomad",
)

_PLACES: Final = {name: place for place, name in enumerate(ORDER)}


def place(name: str, before: str) -> tuple[int, bool]:
    """Sorts plugins into the chain. One that is not in `ORDER` stands just ahead of `before`, which must be."""
    known = _PLACES.get(name)
    if known is not None:
        return known, True
    return _PLACES[before], False
