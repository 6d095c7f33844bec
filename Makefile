# Two commands matter: `make demo` and `make test`. Both are given in full, without make, in README.md.
PYTHON ?= python3
BIN := .venv/bin
# a key of no desk: nothing is signed with it
DJANGO := CANBANG_HOME=build CANBANG_SECRET_KEY=made-for-checks-only-0123456789-abcdefghijklmnopqrstuvwxyz DJANGO_SETTINGS_MODULE=canbang.desk.settings $(BIN)/python -m django
EXAMPLES := examples/cong-thong-tin.csv examples/facebook.xlsx examples/youtube.jsonl

.PHONY: demo desk test test-postgres test-slow check wheel docs lock clean

demo: .venv/demo
	$(BIN)/canbang measure $(EXAMPLES) --judgements examples/phieu-cham.xlsx --second examples/phieu-cham-2.xlsx \
	  --adjudicated examples/phieu-phan-xu.xlsx --draw examples/draw.json \
	  --by channel --by week --rejects out/rejects.csv --html out/demo.html --xlsx out/demo.xlsx

# the web desk with a fictional province and a year of its items; prints how to log in as each role
desk: .venv/demo
	$(BIN)/canbang desk --demo

test: .venv/dev check
	$(BIN)/pytest -m "not slow" --cov --cov-report=term:skip-covered
	$(MAKE) test-postgres
	$(MAKE) wheel

# the desk's tests once more on a PostgreSQL made for them; says SKIP where PostgreSQL is not installed
test-postgres: .venv/dev
	$(BIN)/python tools/with_postgres.py $(BIN)/pytest -m "not slow" tests/desk

# load, fuzz, browser, kill: minutes to hours; run before an issue is called resolved
test-slow: .venv/dev
	$(BIN)/pytest -m slow

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	mkdir -p build
	$(DJANGO) makemigrations --check --dry-run
	CANBANG_TLS=1 CANBANG_HOSTS=desk.example.vn $(DJANGO) check --deploy --fail-level WARNING

# the wheel, built and tried in a clean environment on one real file
wheel: .venv/dev
	rm -rf build
	$(BIN)/python -m pip wheel -q --no-deps --no-build-isolation -w build/wheel .
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install -q --no-deps --require-hashes -r requirements.lock
	build/clean/bin/python -m pip install -q --no-deps build/wheel/canbang-*.whl
	cd build && clean/bin/canbang measure ../examples/youtube.jsonl --json > report.json
	ls -l build/wheel

docs: .venv/dev
	$(BIN)/python -m canbang.cli.docs > docs/cli.md

# names, versions and hashes only: no index and no find-links lines
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --extra build --extra desk --extra postgres pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --extra build --extra desk --extra postgres --extra dev pyproject.toml -o requirements-dev.lock

.venv/demo: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: requirements-dev.lock .venv/demo
	$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf .venv build out
