#!/usr/bin/env bash
# The benchmark suite: first the browser in which it counts what a ministry clicks, then the measuring.
source "$(dirname "$0")/lib.sh"

need "the burden of a round" chromium fonts-noto-cjk || fail "chromium is needed to measure the burden of a round"

exec "$BIN/python" -m bench "$@"
