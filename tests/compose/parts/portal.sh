# shellcheck shell=sh
# The portal and its softphone in a real browser: read by run.sh.

# What the server has told whoever makes the first user.
setup_link() { compose logs controller 2>/dev/null | sed -n 's/.*"link": "\([^"]*\)".*/\1/p' | head -n 1; }

# Use the portal; after `--`, what tests/compose/portal.py takes. Before it, a command to run it by.
browse() {
    command=
    while [ "$1" != -- ]; do
        command="$command $1"
        shift
    done
    shift
    # shellcheck disable=SC2086
    (cd "$checkout" && $command .venv/bin/python -m tests.compose.portal "$@") ||
        fail "the portal did not do what it should: $*"
}

# A certificate for an address, as files for the containers' user.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=IP:$1" -keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2>/dev/null
    chmod 755 "$work"
    chmod 644 "$work/privkey.pem" "$work/fullchain.pem"
}

# A place of its own on the wire to this machine, with the commands of this machine.
stand_outside() {
    docker run --detach --name ivrserver-test-outside --network none --entrypoint sleep \
        "$(image controller)" 600 >/dev/null
    plug_in ivrserver-test-outside 10.172.62.2
    outside="nsenter --net --target $(docker inspect --format '{{.State.Pid}}' ivrserver-test-outside)"
}

portal() {
    settings <<END
IVRSERVER_HTTP__PUBLIC_URL=http://127.0.0.1:18080
END
    compose up -d
    until_healthy postgres asterisk controller
    browse -- "$(setup_link)"
    say "with the link of the log, a newcomer on this machine has made a user and called the sample"

    make_certificate $public
    settings <<END
IVRSERVER_HTTP__PUBLIC_URL=https://$public:18443
IVRSERVER_NETWORK__PUBLIC_ADDRESS=$public
HTTPS_TLS=/tls/fullchain.pem /tls/privkey.pem
END
    compose --profile https up -d
    until_healthy postgres asterisk controller caddy
    stand_outside
    # shellcheck disable=SC2086
    browse $outside -- --certificate "$work/fullchain.pem" "https://$public:18443"
    [ -z "$(setup_link)" ] || fail "there is a user, and still a link for the first one"
    query "SELECT DISTINCT address FROM audit WHERE verb = 'sign in'" >"$work/from"
    expect 10.172.62.2 "$work/from"
    say "by https, somebody outside has signed in and called the sample; it is known where they are"
    docker rm --force ivrserver-test-outside >/dev/null
    compose --profile https down --volumes --timeout 5
}
