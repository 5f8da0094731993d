# Drover. `make build`, `make run` and `make test` do everything from a fresh Debian 12.
# `make help` lists the rest.

JOBS ?= $(shell nproc)
PRESET ?= release
DROVER := build/$(PRESET)/bin/drover
PYTHON := /usr/bin/python3

.PHONY: help setup build run install install-library library-docs test test-compat test-console console-screenshots test-asan test-tsan test-clang test-crash test-chaos test-oracle \
        test-mixed test-interop test-mutations simulate simulate-recipes fuzz bench lint lint-deep format clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: ## install the Debian packages that are missing
	@tools/setup.sh

build: setup ## build the release binary and the tests (PRESET=... for another preset)
	@cmake --preset $(PRESET) >build-$(PRESET).log 2>&1 || { cat build-$(PRESET).log; rm -f build-$(PRESET).log; exit 1; }
	@rm -f build-$(PRESET).log
	@cmake --build --preset $(PRESET) --parallel $(JOBS)

run: build ## build, then serve on 127.0.0.1:2181 with data in ./drover-data
	@exec $(DROVER) serve

install: build ## binary, scripts, manual pages and a sample zoo.cfg below PREFIX (/usr/local), DESTDIR in front
	@cmake --install build/$(PRESET) --prefix $${PREFIX:-/usr/local} --strip

install-library: build ## the C++ client library alone: headers, archive, CMake package, pkg-config file
	@cmake --install build/$(PRESET) --component library --prefix $${PREFIX:-/usr/local}

library-docs: ## the C++ library's reference from its headers, into build/library-docs/html
	@tools/setup.sh tools/debian-packages-docs.txt
	@mkdir -p build/library-docs && doxygen tools/library_docs/Doxyfile

test: build ## every test that needs Debian's packages only
	@ctest --test-dir build/$(PRESET) --output-on-failure --parallel $(JOBS) -LE 'compat|long'

test-compat: build ## clients from Maven, PyPI, Go, npm and crates; the oracle against Apache 3.9
	@tools/setup.sh tools/debian-packages-compat.txt
	@tests/compat/prepare.sh
	@ctest --test-dir build/$(PRESET) --output-on-failure --parallel $(JOBS) -L compat

test-console: build ## the web console walked in Chromium (part of test-compat too)
	@tools/setup.sh tools/debian-packages-compat.txt
	@ctest --test-dir build/$(PRESET) --output-on-failure -L console

console-screenshots: build ## pictures of every view of the web console, into build/console-screenshots
	@tools/setup.sh tools/debian-packages-compat.txt
	@DROVER_BINARY=$(abspath $(DROVER)) tests/console/run.sh screenshots.mjs $(abspath build/console-screenshots)

setup-dev:
	@tools/setup.sh tools/debian-packages-dev.txt

test-asan: setup setup-dev ## unit and integration tests under ASan + UBSan
	@$(MAKE) --no-print-directory test PRESET=dev

test-tsan: setup setup-dev ## the same under ThreadSanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

test-clang: setup setup-dev ## the same as built by Clang 19
	@$(MAKE) --no-print-directory test PRESET=clang

test-crash: build ## 300 rounds of SIGKILL under load (DROVER_CRASH_ROUNDS=n for another number)
	@DROVER_BINARY=$(abspath $(DROVER)) DROVER_CRASH_ROUNDS=$${DROVER_CRASH_ROUNDS:-300} \
	  $(PYTHON) -m pytest -q tests/integration/test_crash.py

test-chaos: build ## two minutes each of killed, frozen and cut off servers under load (DROVER_CHAOS_SECONDS=n)
	@DROVER_BINARY=$(abspath $(DROVER)) DROVER_CHAOS_SECONDS=$${DROVER_CHAOS_SECONDS:-120} \
	  $(PYTHON) -m pytest -q -s tests/integration/test_ensemble_chaos.py

test-oracle: build ## two million random requests against Apache 3.9 (REQUESTS=n for another number)
	@tests/compat/prepare.sh
	@DROVER_BINARY=$(abspath $(DROVER)) $(PYTHON) tests/compat/oracle/run.py --a apache-3.9 --b drover \
	  --seed $${SEED:-1} --requests $${REQUESTS:-2000000}

test-mixed: build ## ensembles of Drover and Apache 3.5, 3.8, 3.9: every split of the roles (long)
	@tests/compat/prepare.sh
	@DROVER_BINARY=$(abspath $(DROVER)) DROVER_MIXED=all $(PYTHON) -m pytest -q tests/compat/mixed

test-interop: build ## recipes shared with Curator and kazoo: every pair, on Drover and on Apache (long)
	@tests/compat/prepare.sh
	@DROVER_BINARY=$(abspath $(DROVER)) DROVER_INTEROP=all $(PYTHON) -m pytest -q -m compat tests/compat/interop

simulate: build ## SEEDS (10000) runs of whole ensembles under faults, from FIRST_SEED (1) on
	@$(DROVER) simulate --seed $${FIRST_SEED:-1} --seeds $${SEEDS:-10000} --keep-going

simulate-recipes: build ## the same of the C++ client and its recipes
	@$(DROVER) simulate --scenario recipes --seed $${FIRST_SEED:-1} --seeds $${SEEDS:-10000} --keep-going

test-mutations: setup ## bugs put back on purpose, one by one: the simulator has to notice each (minutes)
	@$(PYTHON) tests/mutations/run.py --jobs $(JOBS)

fuzz: setup setup-dev ## every libFuzzer target for SECONDS_EACH (60) seconds
	@cmake --preset fuzz >/dev/null && cmake --build --preset fuzz --target fuzzers --parallel $(JOBS)
	@tests/fuzz/run.sh $${SECONDS_EACH:-60}

bench: build ## Drover beside Apache on this machine (see docs/bench.md)
	@DROVER_BINARY=$(abspath $(DROVER)) $(PYTHON) bench/compare.py

lint: setup setup-dev ## clang-format and clang-tidy 19 over every source that changed since it passed
	@cmake --preset clang >/dev/null
	@$(PYTHON) tools/lint.py build/clang --jobs $(JOBS)

lint-deep: setup setup-dev ## the same, and Clang's analyzer, in twice the time
	@cmake --preset clang >/dev/null
	@$(PYTHON) tools/lint.py build/clang --jobs $(JOBS) --deep

format: setup-dev ## clang-format 19 over every source
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean: ## remove what was built
	@rm -rf build
