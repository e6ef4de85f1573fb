#!/usr/bin/env bash
# The installation, into .venv: Python, the locked dependencies, Debian's libraries for the PDFs, the translations.
# With --dev also what the tests and the checks need. Each step is skipped when there is nothing to do.
source "$(dirname "$0")/lib.sh"

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    if ! find_python >/dev/null; then
        need "Python" python3 python3-venv || fail "Python 3.11 or newer is needed: install python3 and python3-venv"
    fi
    python=$(find_python) || fail "Python 3.11 or newer is needed; $(python3 --version 2>&1) is too old"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        need "virtual environments" python3-venv && "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python cannot make virtual environments: install the package python3-venv"
    fi
    say "making $VENV with $("$python" --version)"
    "$python" -m venv --clear "$VENV"
}

# install_lock LOCK: nothing when the stamp holds the lock's hash, so that a second start takes no time.
install_lock() {
    local lock=$1 stamp=$VENV/.installed-$1 hash
    hash=$(sha256sum <"$lock")
    [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ] && return
    say "installing the locked packages of $lock"
    "$BIN/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$lock" ||
        fail "the packages of $lock could not be installed; the lines above say why"
    printf '%s' "$hash" >"$stamp"
}

compile_translations() {
    local source
    for source in translations/*/LC_MESSAGES/messages.po; do
        [ -e "$source" ] || continue
        [ "${source%.po}.mo" -nt "$source" ] && continue
        "$BIN/pybabel" -q compile -i "$source" -o "${source%.po}.mo"
        touch "${source%.po}.mo"
    done
}

"$BIN/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || make_venv
install_lock requirements.txt
[ "${1:-}" = --dev ] && install_lock requirements-dev.txt
need "PDF documents" libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ||
    say "the register starts all the same; snapshots fail until they are there" >&2
compile_translations
