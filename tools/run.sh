#!/usr/bin/env bash
# Starts the register: database, demo data (once), web server and job runner, until Ctrl-C.
# `run.sh dev` starts Flask's own server instead, which reloads changed code and shows errors.
source "$(dirname "$0")/lib.sh"

MODE=${1:-run}
export HOST=${HOST:-127.0.0.1} PORT=${PORT:-8000} REGISTER_DEMO=${REGISTER_DEMO:-1}
case $PORT in '' | *[!0-9]*) fail "PORT must be a number, not '$PORT'" ;; esac
ADDRESS="http://$([ "$HOST" = 0.0.0.0 ] && echo 127.0.0.1 || echo "$HOST"):$PORT/"
PIDS=()
ACCOUNTS=

port_is_free() {
    "$BIN/python" - <<'PY'
import os, socket, sys
host, port = os.environ["HOST"], int(os.environ["PORT"])
family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
with socket.socket(family, kind, proto) as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(address)
    except OSError as error:
        sys.exit(f"\nerror: {host}:{port} cannot be used ({error.strerror}); choose another, for example: PORT=8001 make run")
PY
}

# Sessions must survive a restart, so the key of an installation that sets none is made once and kept.
secret_key() {
    [ -n "${REGISTER_SECRET_KEY:-}" ] && return
    if [ ! -s var/secret-key ]; then
        (umask 077 && mkdir -p var && "$BIN/python" -c 'import secrets; print(secrets.token_urlsafe(48))' >var/secret-key)
    fi
    REGISTER_SECRET_KEY=$(cat var/secret-key)
    export REGISTER_SECRET_KEY
}

demo_wanted() { case ${REGISTER_DEMO,,} in 0 | false | no | off) return 1 ;; esac; }

running() { # whether any part still runs
    local pid
    for pid in "${PIDS[@]}"; do kill -0 "$pid" 2>/dev/null && return; done
    return 1
}

stop() {
    trap '' INT TERM HUP
    local pid tick
    for pid in "${PIDS[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for tick in {1..100}; do
        running || return 0
        sleep 0.2
    done
    for pid in "${PIDS[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
}

asked_to_stop() {
    say
    say "stopping"
    stop
    exit 0
}

alive() { # whether every part still runs
    local pid
    for pid in "${PIDS[@]}"; do kill -0 "$pid" 2>/dev/null || return 1; done
}

part_died() {
    stop
    fail "the web server or the job runner ended; the lines above say why"
}

answers() { "$BIN/python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=2)' "${ADDRESS}healthz" 2>/dev/null; }

announce() {
    say
    say "  AI案件台帳  $ADDRESS"
    [ -z "$ACCOUNTS" ] || printf '%s\n' "$ACCOUNTS" | sed 's/^/  /'
    say "  Ctrl-C stops it; the data stays, and make run starts it again"
    say
}

port_is_free
secret_key
"$BIN/flask" db upgrade
if demo_wanted; then
    # Its passwords are known to all, so a secure cookie would only keep people out of a trial without TLS.
    export REGISTER_COOKIE_SECURE=${REGISTER_COOKIE_SECURE:-false}
    # Where the QR codes of the demo's snapshots lead.
    export REGISTER_PUBLIC_URL=${REGISTER_PUBLIC_URL:-$ADDRESS}
    ACCOUNTS=$("$BIN/flask" seed --once)
fi

trap asked_to_stop INT TERM HUP
if [ "$MODE" = dev ]; then
    "$BIN/flask" run --debug --host "$HOST" --port "$PORT" & PIDS+=($!)
else
    "$BIN/gunicorn" --config config/gunicorn.py app:app & PIDS+=($!)
fi
"$BIN/flask" jobs run & PIDS+=($!)

until answers; do
    alive || part_died
    sleep 0.3
done
announce
wait -n || true
part_died
