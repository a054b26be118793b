# Every target does all the set-up it needs; a second call starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Other people's servers, whose dependencies clash with ours: only `make peer-test` needs them.
PEERS := .venv-peers
PEERS_READY := $(PEERS)/.ready

# One more than there are cores, for many tests wait for a server or a process.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')

BROWSER ?= chromium

.PHONY: evals test test-slow peer-test browser-test screenshots lint format bench clean

evals: $(READY)
	$(BIN)/python -m pytest evals/ $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest tests/ -m "not slow and not peer and not browser" -n $(WORKERS) $(ARGS)
	@echo "not among these: make test-slow, make peer-test, and make browser-test (tests/browser, which drive a Chromium)"

test-slow: $(READY)
	$(BIN)/python -m pytest tests/ -m slow $(ARGS)

peer-test: $(READY) $(PEERS_READY)
	$(BIN)/python -m pytest tests/peers -m peer $(ARGS)

# Debian's Chromium is installed where there is none and apt-get may be used; else any on the PATH will do.
browser-test: $(READY)
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
	  command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq $(BROWSER); } || { \
	  echo "browser-test needs Chromium: install it (Debian: apt-get install chromium) and call again" >&2; exit 2; }
	$(BIN)/python -m pytest tests/browser -m browser $(ARGS)

# The pictures of docs/reviewing.md, taken by the same tests.
screenshots:
	CHATPARITY_SCREENSHOTS=docs/images $(MAKE) browser-test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/replay.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/sample.py --n 5000 20000

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "chatparity needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile --no-deps --no-build-isolation -e .
	@touch $@

$(PEERS_READY): requirements-peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --disable-pip-version-check --quiet --no-compile -r requirements-peers.txt
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) build dist .mypy_cache .ruff_cache .pytest_cache
