"""Zones that come from other servers: AXFR and IXFR (RFC 5936, RFC 1995), and when to ask for them (RFC 1034, 1996)."""
