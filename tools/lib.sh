# What the commands of the Makefile share: where things are, how to speak, how to get a Debian package.
# Sourced, never run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=.venv
BIN=$VENV/bin

say() { printf '%s\n' "$*"; }
fail() {
    printf '\nerror: %s\n' "$*" >&2
    exit 1
}

# apt may be used by root or with a sudo that asks nothing, unless REGISTER_APT=0 forbids it.
apt_may() {
    [ "${REGISTER_APT:-1}" != 0 ] && command -v apt-get >/dev/null &&
        { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

apt_install() {
    say "installing Debian packages: $*"
    local log
    log=$(mktemp)
    if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# Prints those of the named packages that Debian does not have installed; all of them where there is no Debian.
missing_packages() {
    local package
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
            installed) ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

# need WHAT-FOR PACKAGE...: installs what is missing, or says so in one sentence and returns 1.
need() {
    local purpose=$1 missing
    shift
    missing=$(missing_packages "$@")
    [ -z "$missing" ] && return 0
    # shellcheck disable=SC2086
    if apt_may && apt_install $missing; then return 0; fi
    say "missing for $purpose: install the Debian packages ${missing% } (as root: apt-get install -y ${missing% })" >&2
    return 1
}
