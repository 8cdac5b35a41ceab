"""Asking other servers: exchanges over pooled UDP and TCP sockets, health checks, and the order in which to ask."""
