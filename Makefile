# The few verbs of this house; CI runs the same ones (.ci/run).
#
#   make demo    gateway, sample mail server and three phones on this machine, until Ctrl-C
#   make test    the whole test suite, the real mail server and nginx included
#   make check   format, lint, types, import contracts
#   make bench   every benchmark that fits in ten minutes, one line for each figure
#   make fuzz    the property tests with many more examples (FUZZ_EXAMPLES=20000)
#   make clean   everything that the verbs above have made
#
# Nothing but Debian's python3 (3.11 or later) and make is needed to begin with.

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
FUZZ_EXAMPLES ?= 20000

.PHONY: help demo test check bench fuzz clean packages

help:
	@sed -n '3,8s/^# *//p' Makefile

# The environment of the product alone, and that of its developers. The second contains the first.
$(VENV)/product.stamp: requirements.lock requirements-build.lock pyproject.toml .ci/environment
	@.ci/environment $(VENV) requirements.lock requirements-build.lock
	@touch $@

$(VENV)/developer.stamp: requirements-dev.lock pyproject.toml .ci/environment
	@.ci/environment $(VENV) requirements-dev.lock
	@touch $(VENV)/product.stamp $@

packages:
	@.ci/packages

demo: $(VENV)/product.stamp
	@$(BIN)/usher demo

# By file, as they come: the few long ones stand first, the thousand short ones fill up. A failure or three are
# asked again alone: real servers on a crowded machine may be late, a fault stays a fault (.ci/again says which).
test: packages $(VENV)/developer.stamp
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder || .ci/again $$? $(PYTEST)

# Each of them is run, whatever the others found.
check: $(VENV)/developer.stamp
	@failed=0; for tool in "ruff check" "ruff format --check" "mypy" "lint-imports"; do \
	    echo "== $$tool"; $(BIN)/$$tool || failed=1; \
	done; exit $$failed

bench: $(VENV)/developer.stamp
	@$(BIN)/python -m bench

fuzz: $(VENV)/developer.stamp
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(PYTEST) tests/fuzz --timeout 3600

clean:
	rm -rf $(VENV) var build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
