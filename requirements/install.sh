#!/bin/sh
# Make .venv hold the locked packages and this project: sh requirements/install.sh run|dev
#
# Does nothing when it already does. Python's own venv module is a package of its own on Debian and
# Ubuntu: root gets it installed, anybody else is told what to install. Nothing else of the machine
# is touched; every package is checked against the hash in the lock file.

set -eu
cd "$(dirname "$0")/.."

wanted=$1
case $wanted in run | dev) ;; *) echo "usage: $0 run|dev" >&2 && exit 2 ;; esac

say() { echo "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

as_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    say "installing $* (missing on this machine)"
    said=$(
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -qq update && apt-get -qq install --no-install-recommends "$@"; } 2>&1
    ) || fail "$said

apt-get could not install $*. Install it by hand, then run make again"
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$python" >/dev/null && new_enough "$python"; then
            echo "$python"
            return
        fi
    done
    fail "Python 3.11 or newer is needed. Install it (Debian 12 or newer: apt-get install python3 python3-venv), then run make again"
}

# The venv module is split off on Debian; without its second half, ensurepip, no pip gets in.
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

make_venv() {
    python=$(find_python)
    if ! has_venv "$python"; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if ! as_root_with_apt; then
            fail "Python's venv module is missing. Install it as root:

    apt-get install python$version-venv

then run make again"
        fi
        apt_install "python$version-venv"
    fi
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
}

# What the environment is made of: when it changes, it is made to fit.
fingerprint() { cat requirements/build.txt "requirements/$1.txt" pyproject.toml | sha256sum | cut -c 1-64; }

is_installed() { [ "$(cat ".venv/installed-$1" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

log=.venv/install.log

# Every tenth package.
show_progress() {
    seen=0
    while read -r line; do
        case $line in
            Collecting* | Processing* | Requirement*)
                seen=$((seen + 1))
                [ $((seen % 10)) != 0 ] || [ $seen -gt "$1" ] || say "  $seen of $1"
                ;;
            "Installing collected"*) say "  putting them in place" ;;
        esac
    done
}

# The lock files name every package there is to install, so pip is to look for none itself: it would
# take an extra such as coverage[toml] for a package that is not locked as soon as a newer one is out.
# Show pip's progress briefly. What it says in full is in the log, whose end is shown if it fails.
pip_install() {
    total=$1
    shift
    rm -f .venv/failed
    {
        .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile \
            --progress-bar off --no-build-isolation --no-deps "$@" 2>&1 || touch .venv/failed
    } | tee -a "$log" | show_progress "$total"
    if [ -e .venv/failed ]; then
        tail -n 20 "$log" >&2
        fail "The packages could not be installed (all of it: $log). Mend that, then run make again"
    fi
}

count() { grep -c '^[A-Za-z0-9].*==' "requirements/$1.txt"; }

install_all() {
    rm -f .venv/installed-* "$log"
    say "installing what builds Python packages"
    pip_install "$(count build)" --require-hashes -r requirements/build.txt
    say "installing $(count "$wanted") Python packages"
    pip_install "$(count "$wanted")" --require-hashes -r "requirements/$wanted.txt"
    pip_install 1 --editable .
    .venv/bin/python -m pip check >>"$log" || fail "The locked packages do not fit each other (all of it: $log)"
    fingerprint "$wanted" >".venv/installed-$wanted"
    # Everything that runs is among what development takes.
    [ "$wanted" = run ] || fingerprint run >.venv/installed-run
}

works() { new_enough .venv/bin/python; }

if ! works || ! is_installed "$wanted"; then
    if ! works || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        make_venv
    fi
    install_all
fi
