# `make serve` and `make test`; each makes what it needs and repeats nothing that stands.
PYTHON ?= python3
PORT ?= 1053
VENV := .venv
BIN := $(VENV)/bin
# Programs that the tests ask, or have asked: installed where the tests run as root.
# A kubectl that is there already may come from elsewhere, and stays.
DEBIAN := bind9 bind9-dnsutils bind9-utils busybox curl dnsmasq-base dnsperf gcc iproute2 libc6-dev libcap2-bin \
	$(shell command -v kubectl > /dev/null || echo kubernetes-client) \
	knot knot-dnsutils nsd prometheus systemd unbound util-linux

.PHONY: serve test check bench bench-quick bench-publish bench-chart lab peers clean

$(VENV)/serve.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dnssec,kubernetes]'
	touch $@

$(VENV)/test.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

serve: $(VENV)/serve.stamp
	$(BIN)/pydns -conf Corefile.example -dns.port $(PORT)

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --quiet tests/house

# Two processes, each with whole files: the programs that tests start have much to wait for.
test: check peers
	$(BIN)/pytest -n 2 --dist loadfile

# As root, what is missing comes from Debian; others are told by each test that skips.
peers:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! dpkg -s $(DEBIAN) > /dev/null 2>&1; then \
		printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(DEBIAN); \
		status=$$?; rm -f /usr/sbin/policy-rc.d; exit $$status; \
	fi

bench: $(VENV)/test.stamp peers
	$(BIN)/python -m benchmarks

# Under a minute, for daily use: the server beside the least and the fastest.
bench-quick: $(VENV)/test.stamp peers
	$(BIN)/python -m benchmarks --quick

# The whole run, and what the READMEs show of it: on a machine that does nothing else.
bench-publish: $(VENV)/test.stamp peers
	$(BIN)/python -m benchmarks --rounds 5 --json benchmarks/results/published.json
	$(BIN)/python -m benchmarks.publish

# The chart and the tables anew, from the figures that are published.
bench-chart: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.publish

# A small site in network namespaces, to play in: wants root.
lab: $(VENV)/serve.stamp peers
	$(BIN)/python -m tests.lab

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache dist
