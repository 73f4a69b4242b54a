#!/bin/sh
# Run Caddy in front of the controllers. How people reach us is in IVRSERVER_HTTP__PUBLIC_URL, the rest
# in what Caddyfile names.
#
#   run.sh validate    only say whether the configuration is right

set -eu

case ${IVRSERVER_HTTP__PUBLIC_URL:-} in
    https://?*) ;;
    *)
        echo "Error: set IVRSERVER_HTTP__PUBLIC_URL, such as https://ivr.example.com" >&2
        exit 1
        ;;
esac
name=${IVRSERVER_HTTP__PUBLIC_URL#https://}
export HTTPS_NAME="${name%%[:/]*}"
exec caddy "${1:-run}" --config "$(dirname "$0")/Caddyfile" --adapter caddyfile
