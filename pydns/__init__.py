"""pydns: a DNS server for a node or a cluster, set up by a Corefile."""

__version__ = "0.1.0"
