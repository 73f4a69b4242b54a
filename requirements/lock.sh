#!/bin/sh
# Choose the newest versions that fit pyproject.toml and write them, with hashes, to requirements/.

set -eu
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check uv

lock() {
    output=$1
    shift
    echo "requirements/$output.txt" >&2
    "$tools/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
        "$@" --output-file "requirements/$output.txt"
}

lock build requirements/build.in
# Development first: what runs has the versions that were tested.
lock dev pyproject.toml --extra gtts --group dev
lock run pyproject.toml --constraint requirements/dev.txt
lock asterisk --group pyproject.toml:asterisk --constraint requirements/dev.txt
lock assets --group pyproject.toml:assets
