# shellcheck shell=sh
# Two of each behind Kamailio: read by run.sh.

# Calls at an even pace, as a container on the network of calls; prints a line of JSON for each.
# Every round has callers of its own.
round=0
callers() {
    docker run --rm --name ivrserver-test-callers --network "${COMPOSE_PROJECT_NAME}_sip" --ip 10.172.60.50 \
        --volume "$here/callers.py:/callers.py:ro" --entrypoint python3 \
        "$(image phone)" -IS /callers.py kamailio "$@" "$((2125550000 + 1000 * round))"
}

# Compare what callers.py wrote with the database. $1: what it is about; then what judge.py takes.
judge() {
    about=$1
    shift
    query "SELECT caller_id, asterisk, completed FROM calls LEFT JOIN respondents USING (call_id)
        WHERE caller_id LIKE '%$((2125550 + round))___'" >"$work/rows"
    say "$about"
    python3 "$here/judge.py" "$work/report" "$work/rows" "$@" || fail "$about"
    round=$((round + 1))
}

# Sets `call`, the newest one, `carrier`, the controller that carries it, and `other`.
who_carries() {
    call=$(newest)
    name=$(query "SELECT controller FROM calls WHERE call_id = '$call'")
    case $name in
        *-a-1) carrier=controller other=controller-b ;;
        *-b-1) carrier=controller-b other=controller ;;
        *) fail "nobody carries the call $call: “$name”" ;;
    esac
}

# A phone is being asked by the questions of block 200.
being_asked() {
    calling phone phone --as softphone sip:200@kamailio 1 1 1 1 1 1
    until_true 40 "the phone is asked" grep -q "pressed 1" "$work/phone"
    who_carries
}

# The other controller has gone on with that call, and lost nothing of it.
carried_on() {
    wait "$caller" || true # it may be asked less often, or more often
    told "$other" "$call" >"$work/told"
    cat "$work/told"
    expect "goes on with it" "$work/told"
    expect "completed: every question was asked" "$work/told"
    answers=$(query "SELECT count(DISTINCT question_id) FROM answers JOIN respondents USING (response_id) WHERE call_id = '$call'")
    [ "$answers" = 4 ] || fail "it has $answers answers instead of 4"
    compose up -d controller controller-b
    until_healthy controller controller-b
}

taken_over() {
    being_asked
    say "killing $carrier, which carries the call"
    docker kill "$(container "$carrier")" >/dev/null
    carried_on
    say "the other controller went on with the call: all answers are there"
}

# Told to stop, a controller hands over what does not end in its time.
handed_over() {
    being_asked
    say "stopping $carrier, which carries the call and is given 5 s"
    compose stop "$carrier"
    carried_on
    say "a call that went on for longer was handed over: all answers are there"
}

# Pages, live events and the softphone do not mind which controller they reach, nor that one dies.
in_a_browser() {
    browse -- "$(setup_link)"
    : >"$work/phone"
    browse -- --outlives "https://127.0.0.1:18443" >"$work/phone" 2>&1 &
    caller=$!
    until_true 120 "the softphone is asked" grep -q "is asked" "$work/phone"
    who_carries
    say "killing $carrier, which carries the softphone's call"
    docker kill "$(container "$carrier")" >/dev/null
    carried_on
    cat "$work/phone"
    expect "the call went on" "$work/phone"
    say "the softphone's call went on, and so did the page: all answers are there"
}

# While calls come and go, the service $2 is killed; $3: the name of the Asterisk, if it is one.
killed_under_load() {
    callers 201 "${CALLS:-60}" "${PACE:-4}" >"$work/report" 2>&1 &
    load=$!
    sleep 5
    victim=$(container "$2")
    say "killing $2 under load"
    docker kill "$victim" >/dev/null
    killed_at=$(date +%s.%N)
    wait $load || true
    judge "$1" "$killed_at" ${3:+"$3"}
    compose up -d "$2"
    until_healthy "$2"
}

scale() {
    settings <<END
IVRSERVER_LIMITS__DRAIN_SECONDS=5
IVRSERVER_NETWORK__PROXY=10.172.60.10
IVRSERVER_NETWORK__PROXY_PORT=5062
IVRSERVER_ASTERISKS__A__HOST=ari-a
IVRSERVER_ASTERISKS__B__HOST=ari-b
IVRSERVER_TRUNKS__SOFTPHONE__HOST=10.172.60.50
IVRSERVER_TRUNKS__SOFTPHONE__PREFIXES=["+999"]
PHONE_CALLS=kamailio
IVRSERVER_HTTP__PUBLIC_URL=https://127.0.0.1:18443
END
    compose --profile scale --profile https up -d
    until_healthy postgres asterisk asterisk-b controller controller-b kamailio caddy
    sample_call
    compose exec -T controller ivrserver apply /flows/flows.yaml
    sleep 3
    callers 201 20 4 >"$work/report"
    judge "before anything is killed"
    for what in controller asterisk; do
        both=$(query "SELECT count(DISTINCT $what) FROM calls")
        [ "$both" = 2 ] || fail "calls were spread over $both $what(s)"
    done
    in_a_browser
    taken_over
    handed_over
    killed_under_load "while a controller is killed" controller
    # Whoever talks to an Asterisk that dies is cut off; whoever calls then is not.
    killed_under_load "while an Asterisk is killed" asterisk-b b
    compose --profile phone --profile https --profile scale down --volumes --timeout 5
}
