#!/usr/bin/env bash
# Every test: first what they need beside the Python packages, then pytest with the arguments given (default: all).
source "$(dirname "$0")/lib.sh"

need "the browser tests" chromium fonts-noto-cjk || true
need "the PDF tests" poppler-utils qpdf fonts-noto-cjk || true
need "the tests of signing tokens" softhsm2 || true

# Installed last of all ways to a PostgreSQL: a URL, installed programs or a server that admits us come first.
if ! "$BIN/python" -m tests.support.postgres >/dev/null 2>&1; then
    need "the tests on PostgreSQL" postgresql || true
fi

# Thousands of databases are made and thrown away: in memory, where there is plenty, that takes half of the time.
if [ -d /dev/shm ] && [ "$(df --output=avail -BG /dev/shm | tail -n 1 | tr -dc 0-9)" -ge 8 ]; then
    TMPDIR=$(mktemp -d /dev/shm/register-tests-XXXXXX)
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
    # The throwaway PostgreSQL runs as another user.
    chmod 711 "$TMPDIR"
fi

"$BIN/python" -m pytest -n "${TEST_WORKERS:-2}" "$@"
