# Everything starts from here: `make run` is a running mall, `make test` proves it.
# Needs Python 3.11+, make and the package registries; what else is needed is fetched into this folder.

export UV_PYTHON_DOWNLOADS := never
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --no-sync

.PHONY: run test check bench chaos fmt web browser clean help

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: .venv/ready ## Start Bihuan, its PostgreSQL and the WeChat sandbox with demo merchants
	$(UV) run bihuan up --demo

test: .venv/ready browser ## Run all tests
	$(RUN) pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/ready ## Formatting, lint, types, layers, front-end types
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) pyright
	$(RUN) lint-imports
	$(RUN) python tests/tidy.py
	$(RUN) python hatch_build.py type-check

bench: .venv/ready ## Run every benchmark; results in bench/results/latest.json
	$(RUN) python -m bench $(ARGS)

chaos: .venv/ready ## Kill and fault everything under a random load (SEED=... MINUTES=20); a seed reproduces
	$(RUN) python -m bench.chaos $(if $(SEED),--seed $(SEED)) --minutes $(or $(MINUTES),20) $(ARGS)

fmt: .venv/ready ## Format and fix what can be fixed
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

web: .venv/ready ## Build the storefront and the console again
	$(RUN) python hatch_build.py

browser: ## A Chromium and Chinese fonts for the browser tests (Debian; elsewhere install them yourself)
	@command -v chromium >/dev/null || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	  && { apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; } >/dev/null; } \
	  || echo "no chromium: the browser tests will be skipped"

.venv/ready: pyproject.toml uv.lock hatch_build.py | $(UV)
	$(UV) sync --quiet
	@touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv

clean: ## Remove what was built and the demo's data
	rm -rf .venv .uv .bihuan src/bihuan/static web/*/node_modules web/*/dist
