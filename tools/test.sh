#!/usr/bin/env bash
# Every test: first what they need beside the Python packages, then pytest with the arguments given (default: all).
source "$(dirname "$0")/lib.sh"

need "the browser tests" chromium fonts-noto-cjk || true
need "the PDF tests" poppler-utils qpdf fonts-noto-cjk || true
need "the tests of signing tokens" softhsm2 || true

# Installed last of all ways to a PostgreSQL: a URL, a server that admits us or server binaries come first.
if ! "$BIN/python" -m tests.support.postgres >/dev/null 2>&1; then
    need "the tests on PostgreSQL" postgresql || true
fi

exec "$BIN/python" -m pytest -n "${TEST_WORKERS:-2}" "$@"
