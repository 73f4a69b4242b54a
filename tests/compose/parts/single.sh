# shellcheck shell=sh
# One of each: read by run.sh.

confined() {
    for service in asterisk controller postgres; do
        [ "$(compose exec -T "$service" id -u)" != 0 ] || fail "$service runs as root"
        if compose exec -T "$service" touch /etc/written 2>/dev/null; then fail "$service may write to its image"; fi
    done
    # ARI listens on its own network: not where callers are.
    if phone --entrypoint python3 phone -c \
        "import socket; socket.create_connection(('asterisk', 8088), 3)" 2>/dev/null; then
        fail "ARI can be reached from the network of calls"
    fi
}

is_stored() { [ "$(query "SELECT count(*) FROM recordings WHERE call_id = '$1' AND stored_at IS NOT NULL")" = 1 ]; }

sample_call() {
    phone phone >"$work/phone" 2>&1 || { cat "$work/phone" >&2 && fail "the phone's call failed"; }
    cat "$work/phone"
    expect "pressed 2" "$work/phone"
    expect "the far end hung up" "$work/phone"
    call=$(newest)
    told controller "$call" >"$work/told"
    expect "presses 5 keys: 90210" "$work/told"
    expect "action     ivr 102" "$work/told"
    expect "action     hangup" "$work/told"
    answers=$(query "SELECT count(*) FROM answers JOIN respondents USING (response_id) WHERE call_id = '$call'")
    [ "$answers" -ge 5 ] || fail "PostgreSQL has only $answers answers of the call"
    say "the call is in PostgreSQL with $answers answers"
    until_true 30 "its recording comes into the store" is_stored "$call"
    say "its recording is in the store"
}

restarts_of() { docker inspect --format '{{.RestartCount}}' "$(container "$1")"; }

was_restarted() { [ "$(restarts_of "$1")" -gt "$2" ]; }

# Killed, it is started again by Docker.
restarts() {
    before=$(restarts_of asterisk)
    compose exec -T asterisk sh -c 'kill -9 $(cat /run/asterisk/asterisk.pid)'
    until_true 30 "Docker starts Asterisk again" was_restarted asterisk "$before"
    until_healthy asterisk controller
    say "an Asterisk that was killed is back"
}

# Health checks look at real work: what hangs is there, its ports are open, and it is not well.
hangs() {
    before=$(restarts_of asterisk)
    compose exec -T asterisk sh -c 'kill -STOP $(cat /run/asterisk/asterisk.pid)'
    until_true 40 "a frozen Asterisk is not well" has_health asterisk unhealthy
    until_true 20 "nor is its controller" has_health controller unhealthy
    say "a frozen Asterisk is unhealthy, and so is its controller"
    until_true 90 "a frozen Asterisk ends by itself" was_restarted asterisk "$before"
    until_healthy asterisk controller
    say "it has ended by itself and was started again"
    docker pause "$(container postgres)" >/dev/null
    until_true 60 "without a database the controller is not well" has_health controller unhealthy
    has_health asterisk healthy || fail "Asterisk is not well without a database"
    docker unpause "$(container postgres)" >/dev/null
    until_healthy postgres controller
    say "without its database a controller is unhealthy; with it, it is well again"
}

# Told to stop during a call, the controller lets it end.
drains() {
    calling phone
    until_true 40 "the phone is asked for its PIN" grep -q "pressed 4711" "$work/phone"
    compose stop controller asterisk
    wait "$caller" || { cat "$work/phone" >&2 && fail "the call did not live through the draining"; }
    expect "pressed 2" "$work/phone"
    say "a call in progress went on to its end while its controller was told to stop"
}

single() {
    settings <<END
IVRSERVER_PHONES__SOFTPHONE__PASSWORD=a-phone-password
END
    compose up -d
    until_healthy postgres asterisk controller
    say "healthy: $(curl -s http://127.0.0.1:18080/readyz || true)"
    confined
    sample_call
    restarts
    sample_call
    hangs
    sample_call
    drains
    compose --profile phone down --volumes --timeout 5
}
