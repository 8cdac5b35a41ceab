"""pydns beside its peers, on one machine and in one run: `python3 -m benchmarks`. Needs the standard library only."""
