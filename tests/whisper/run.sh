#!/bin/sh
# Try faster-whisper itself, which the other tests have a stand-in for, with a model of random numbers.
#
#   tests/whisper/run.sh
#
# Installs this checkout with its extra `whisper` into a virtual environment of its own, which is kept
# in $WHISPER [default: /var/tmp/ivrserver-whisper], and makes a model as small as models can be: what
# it writes down is nonsense, but by the library's own ways. No model is downloaded.

set -eu

checkout=$(cd "$(dirname "$0")/../.." && pwd)
place=${WHISPER:-/var/tmp/ivrserver-whisper}
python=${PYTHON:-python3}

[ -x "$place/bin/python" ] || "$python" -m venv "$place"
"$place/bin/pip" install --quiet "$checkout[whisper]"
cd "$checkout"
"$place/bin/python" -m tests.whisper.tiny_model "$place/multilingual"
"$place/bin/python" -m tests.whisper.tiny_model --english-only "$place/english"
"$place/bin/python" -m tests.whisper.judge "$place/multilingual" "$place/english"
