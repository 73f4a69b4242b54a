# shellcheck shell=sh
# README's way from .env.example to a call through a carrier: read by run.sh.

carrier_address=10.172.62.2
second_address=10.172.62.3

# .env as a reader makes it: the example with these lines of it filled in. example NAME=VALUE...
example() {
    cp "$checkout/.env.example" "$ENV_FILE"
    for line in "$@"; do
        [ "$(grep -cE "^#?${line%%=*}=" "$ENV_FILE")" -ge 1 ] || fail ".env.example does not have ${line%%=*}"
        sed -i -E "0,/^#?${line%%=*}=.*/s||$line|" "$ENV_FILE"
    done
}

# start_carrier NAME registers|by-address ADDRESS
start_carrier() {
    mkdir -p "$work/$1"
    chmod 777 "$work/$1"
    # Asterisk looks up its own name: nobody there shall be asked.
    docker run --detach --name "ivrserver-test-$1" --network none --dns 127.0.0.1 --volume "$work/$1:/said" \
        --volume "$here/carrier.py:/carrier.py:ro" --env IVRSERVER_SIP__BIND="$3" \
        --entrypoint python3 "$(image asterisk)" /carrier.py "$2" "$1" "$public:15060" >/dev/null
    plug_in "ivrserver-test-$1" "$3"
    until_true 30 "the carrier is ready" is_ready "ivrserver-test-$1"
}

is_ready() { docker logs "$1" 2>/dev/null | grep -q "the carrier is ready"; }

says() { compose exec -T controller ivrserver doctor >"$work/doctor" 2>&1 && grep -qF -- "$1" "$work/doctor"; }

# Apply flow files, and wait until calls are led by them.
apply() {
    compose exec -T controller ivrserver apply "$@" | tee "$work/applied"
    until_true 20 "the controller has the new flows" has_flows "$(sed -n 's/^revision //p' "$work/applied")"
}

has_flows() { compose logs controller 2>/dev/null | grep -qF "\"revision\": $1, \"prompts\""; }

ended_calls() { query "SELECT count(*) FROM calls WHERE ended_at IS NOT NULL"; }

more_ended() { [ "$(ended_calls)" -gt "$1" ]; }

# Let the carrier $1 call the number $2, and wait until that call is over.
carrier_calls() {
    before=$(ended_calls)
    docker exec "ivrserver-test-$1" python3 /carrier.py call "$2" >/dev/null
    until_true 90 "the call to $2 is over" more_ended "$before"
    told controller "$(newest)" >"$work/told"
    cat "$work/told"
    # The carrier's files are whole when its channels are gone.
    until_true 20 "the carrier's side of it is over" is_quiet "$1"
}

is_quiet() { docker exec "ivrserver-test-$1" console core show channels count | grep -q "^0 active channels"; }

# What was recorded on the carrier $1 by `caller` or `called` holds each of these sounds, whole.
heard() {
    name=$1 side=$2
    shift 2
    docker run --rm --network none --volume "$work:/said:ro" --volume "$here/heard.py:/heard.py:ro" \
        --entrypoint python3 "$(image controller)" /heard.py "/said/$name/heard-$side.wav" "$@" ||
        fail "the $side at the carrier $name did not hear it all"
}

trunk() {
    FLOWS="$work/flows"
    mkdir -p "$FLOWS"
    example POSTGRES_PASSWORD=a-database-password IVRSERVER_ARI__PASSWORD=an-ari-password \
        IVRSERVER_PHONES__SOFTPHONE__PASSWORD=a-phone-password \
        IVRSERVER_NETWORK__PUBLIC_ADDRESS=$public \
        IVRSERVER_TRUNKS__CARRIER__HOST=$carrier_address IVRSERVER_TRUNKS__CARRIER__USERNAME=12345 \
        IVRSERVER_TRUNKS__CARRIER__PASSWORD=secret IVRSERVER_TRUNKS__CARRIER__REGISTERS=true
    cat >>"$ENV_FILE" <<END
IVRSERVER_TRUNKS__SECOND__HOST=$second_address
IVRSERVER_TRUNKS__SECOND__PREFIXES=["+1646"]
SIP_PORT=15060
SIP_TLS_PORT=15061
HTTP_PORT=18080
RTP_START=28000
RTP_END=28059
END
    chmod 755 "$work"
    chmod 600 "$ENV_FILE"
    compose up -d
    until_healthy postgres asterisk controller
    # After: a carrier is not there yet, or not at all, when a server starts.
    start_carrier carrier registers $carrier_address
    start_carrier second by-address $second_address
    sample_call
    until_true 150 "we are registered" says "trunk carrier  $carrier_address by UDP: answers, registered"
    until_true 90 "the second carrier answers" says "trunk second   $second_address by UDP: answers"
    cat "$work/doctor"

    compose exec -T controller ivrserver export >"$FLOWS/flows.yaml"
    sed -i 's/2125550100/2125550177/' "$FLOWS/flows.yaml"
    apply /flows/flows.yaml
    carrier_calls carrier 2125550177
    heard carrier caller "Welcome to the sample line. This takes half a minute." \
        "Please enter your five digit customer number."
    say "a call by the trunk that registers hears the sample"

    cp "$here/trunk.yaml" "$FLOWS/"
    apply /flows/trunk.yaml
    carrier_calls carrier 2125550101
    heard carrier caller "Good morning. We are looking for somebody." /said/carrier/carrier-called.wav
    heard carrier called "A call from the radio ad." /said/carrier/carrier-caller.wav
    docker logs ivrserver-test-carrier >"$work/log" 2>&1
    expect "dialled=2125550123 shown=3125550142" "$work/log"
    say "who was found by the trunk that registers, and who called by it, hear each other whole"

    carrier_calls second 2125550102
    heard second caller "Good morning. We are looking for somebody." /said/second/second-called.wav
    heard second called "A call from the radio ad." /said/second/second-caller.wav
    say "the same by the trunk that is known by its address"

    carrier_calls second 2125550101
    heard second caller /said/carrier/carrier-called.wav
    heard carrier called /said/second/second-caller.wav
    say "a call that comes by one trunk goes out by the other"
    docker rm --force ivrserver-test-carrier ivrserver-test-second >/dev/null
    compose --profile phone down --volumes --timeout 5
    FLOWS="$here"
}
