#!/bin/sh
# Try docker-compose.yml for real: build the images, run them, call, kill parts, look what became of it.
#
#   tests/compose/run.sh [single] [outside] [scale]
#
#   single    Asterisk, controller, PostgreSQL; the scripted phone calls the sample; restart and drain
#   outside   a phone behind the public address hears and is heard [needs root and ip]
#   scale     the profile scale: a controller, then an Asterisk is killed while calls come and go
#
# All three without arguments. Needs Docker's engine; `docker compose` or, in $COMPOSE, another command.
# Everything has names and ports of its own and is removed at the end, the images excepted; KEEP=1
# leaves it running, BUILD=0 takes the images as they are. Build arguments are taken from the
# environment: DEBIAN_MIRROR, PIP_INDEX_URL, CA_CERTIFICATES, ALLOW_EXPIRED_INDEX.

set -eu

checkout=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
if [ -z "${COMPOSE:-}" ]; then
    if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"; else COMPOSE=docker-compose; fi
fi
export COMPOSE_PROJECT_NAME=ivrserver-test ENV_FILE="$work/env" FLOWS="$checkout/tests/compose" TLS="$work"
healthy_seconds=${HEALTHY_SECONDS:-120}
public=172.30.62.1
outside=172.30.62.2

say() { echo "== $*"; }

fail() {
    echo "FAILED: $*" >&2
    compose ps >&2 || true
    compose logs --tail=40 >&2 || true
    exit 1
}

compose() { (cd "$checkout" && $COMPOSE --env-file "$ENV_FILE" "$@"); }

container() { compose ps -q "$1"; }

settings() {
    cat >"$ENV_FILE" <<END
POSTGRES_PASSWORD=a-database-password
IVRSERVER_ARI__PASSWORD=an-ari-password
SIP_PORT=15060
SIP_TLS_PORT=15061
HTTP_PORT=18080
HTTP_B_PORT=18081
KAMAILIO_PORT=15070
RTP_START=28000
RTP_END=28059
RTP_B_START=28060
RTP_B_END=28119
IVRSERVER_LIMITS__DRAIN_SECONDS=60
STOP_GRACE_PERIOD=90s
END
    cat >>"$ENV_FILE"
}

clean() {
    status=$?
    trap - EXIT
    if [ "${KEEP:-}" = 1 ] && [ $status != 0 ]; then
        say "left as it is; settings are in $ENV_FILE"
        exit $status
    fi
    compose --profile phone --profile scale down --volumes --timeout 5 >/dev/null 2>&1 || true
    docker rm --force ivrserver-test-outside ivrserver-test-callers >/dev/null 2>&1 || true
    rm -rf "$work"
    exit $status
}

# Wait until every one of these services says that it is well.
until_healthy() {
    deadline=$(($(date +%s) + healthy_seconds))
    for service in "$@"; do
        until [ "$(docker inspect --format '{{.State.Health.Status}}' "$(container "$service")")" = healthy ]; do
            [ "$(date +%s)" -lt $deadline ] || fail "$service is not healthy"
            sleep 1
        done
    done
}

query() { compose exec -T postgres psql -U ivrserver -qAtc "$1"; }

# The newest call's id, then its timeline.
newest() { query "SELECT call_id FROM calls ORDER BY started_at DESC LIMIT 1"; }
told() { compose exec -T "$1" ivrserver calls show "$2"; }

expect() { # TEXT in FILE
    grep -qF -- "$1" "$2" || { cat "$2" >&2 && fail "there is no “$1”"; }
}

phone() { compose --profile phone run --rm "$@" </dev/null; }

# ---- single

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
    deadline=$(($(date +%s) + 30))
    until [ "$(query "SELECT count(*) FROM recordings WHERE call_id = '$call' AND stored_at IS NOT NULL")" = 1 ]; do
        [ "$(date +%s)" -lt $deadline ] || fail "its recording does not come into the store"
        sleep 0.5
    done
    say "its recording is in the store"
}

# Killed, it is started again by Docker.
restarts() {
    before=$(docker inspect --format '{{.RestartCount}}' "$(container asterisk)")
    compose exec -T asterisk sh -c 'kill -9 $(cat /run/asterisk/asterisk.pid)'
    until [ "$(docker inspect --format '{{.RestartCount}}' "$(container asterisk)")" -gt "$before" ]; do sleep 0.5; done
    until_healthy asterisk controller
    say "an Asterisk that was killed is back"
}

# Told to stop during a call, the controller lets it end.
drains() {
    phone phone >"$work/phone" 2>&1 &
    caller=$!
    deadline=$(($(date +%s) + 30))
    until grep -q "pressed 4711" "$work/phone"; do
        [ "$(date +%s)" -lt $deadline ] || fail "the phone was not asked"
        sleep 0.3
    done
    compose stop controller asterisk
    wait $caller || { cat "$work/phone" >&2 && fail "the call did not live through the draining"; }
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
    drains
    compose --profile phone down --volumes --timeout 5
}

# ---- outside

# A phone with a wire of its own to this machine: Docker's networks would let it in by their own door.
plug_in() {
    docker run --detach --name ivrserver-test-outside --network none --entrypoint sleep \
        --env IVRSERVER_PHONES__SOFTPHONE__PASSWORD=a-phone-password \
        "${IMAGES:-ivrserver}-phone:${TAG:-latest}" 600 >/dev/null
    pid=$(docker inspect --format '{{.State.Pid}}' ivrserver-test-outside)
    ip link add ivrtest0 type veth peer name ivrtest1
    ip link set ivrtest1 netns "$pid"
    ip addr add $public/24 dev ivrtest0
    ip link set ivrtest0 up
    nsenter --target "$pid" --net sh -c "ip addr add $outside/24 dev ivrtest1 && ip link set ivrtest1 up && ip link set lo up && ip route add default via $public"
}

outside() {
    settings <<END
IVRSERVER_PHONES__SOFTPHONE__PASSWORD=a-phone-password
IVRSERVER_NETWORK__PUBLIC_ADDRESS=$public
END
    compose --profile phone up -d postgres asterisk controller webserver
    until_healthy postgres asterisk controller
    plug_in
    compose exec -T asterisk console pjsip set logger on >/dev/null
    docker exec ivrserver-test-outside ivrserver phone --as softphone "sip:100@$public:15060" \
        90210 4711 3 1 "#" 2 >"$work/phone" 2>&1 || { cat "$work/phone" >&2 && fail "no call from outside"; }
    cat "$work/phone"
    expect "pressed 2" "$work/phone"
    compose logs asterisk >"$work/log" 2>&1
    expect "c=IN IP4 $public" "$work/log"
    expect "Contact: <sip:$public:15060>" "$work/log"
    say "a phone outside is told the public address, hears and is heard"
    docker rm --force ivrserver-test-outside >/dev/null
    compose --profile phone down --volumes --timeout 5
}

# ---- scale

# Calls at an even pace, as a container on the network of calls; prints a line of JSON for each.
# Every round has callers of its own.
round=0
callers() {
    docker run --rm --name ivrserver-test-callers --network "${COMPOSE_PROJECT_NAME}_sip" --ip 172.30.60.50 \
        --volume "$checkout/tests/compose/callers.py:/callers.py:ro" --entrypoint python3 \
        "${IMAGES:-ivrserver}-phone:${TAG:-latest}" -IS /callers.py kamailio "$@" "$((2125550000 + 1000 * round))"
}

# Compare what callers.py wrote with the database. $1: what it is about; then what judge.py takes.
judge() {
    about=$1
    shift
    query "SELECT caller_id, asterisk, completed FROM calls LEFT JOIN respondents USING (call_id)
        WHERE caller_id LIKE '%$((2125550 + round))___'" >"$work/rows"
    say "$about"
    python3 "$checkout/tests/compose/judge.py" "$work/report" "$work/rows" "$@" || fail "$about"
    round=$((round + 1))
}

# A call whose controller is killed is carried on by the other one.
taken_over() {
    phone phone phone --as softphone sip:200@kamailio 1 1 1 1 1 1 >"$work/phone" 2>&1 &
    caller=$!
    deadline=$(($(date +%s) + 40))
    until grep -q "pressed 1" "$work/phone"; do
        [ "$(date +%s)" -lt $deadline ] || { cat "$work/phone" && fail "the phone was not asked"; }
        sleep 0.2
    done
    call=$(newest)
    carrier=$(query "SELECT controller FROM calls WHERE call_id = '$call'")
    case $carrier in
        *-a-1) dead=controller alive=controller-b ;;
        *-b-1) dead=controller-b alive=controller ;;
        *) fail "nobody carries the call $call: “$carrier”" ;;
    esac
    say "killing $dead, which carries the call"
    docker kill "$(container $dead)" >/dev/null
    wait $caller || true # it may be asked less often, or more often
    told $alive "$call" >"$work/told"
    cat "$work/told"
    expect "goes on with it" "$work/told"
    expect "completed: every question was asked" "$work/told"
    answers=$(query "SELECT count(DISTINCT question_id) FROM answers JOIN respondents USING (response_id) WHERE call_id = '$call'")
    [ "$answers" = 4 ] || fail "it has $answers answers instead of 4"
    compose up -d controller controller-b
    until_healthy controller controller-b
    say "the other controller went on with the call: all answers are there"
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
IVRSERVER_NETWORK__PROXY=172.30.60.10
IVRSERVER_NETWORK__PROXY_PORT=5062
IVRSERVER_ASTERISKS__A__HOST=ari-a
IVRSERVER_ASTERISKS__B__HOST=ari-b
IVRSERVER_TRUNKS__SOFTPHONE__HOST=172.30.60.50
IVRSERVER_TRUNKS__SOFTPHONE__PREFIXES=["+999"]
PHONE_CALLS=kamailio
END
    compose --profile scale up -d
    until_healthy postgres asterisk asterisk-b controller controller-b kamailio
    sample_call
    compose exec -T controller ivrserver apply /flows/flows.yaml
    sleep 3
    callers 201 20 4 >"$work/report"
    judge "before anything is killed"
    for what in controller asterisk; do
        both=$(query "SELECT count(DISTINCT $what) FROM calls")
        [ "$both" = 2 ] || fail "calls were spread over $both $what(s)"
    done
    taken_over
    killed_under_load "while a controller is killed" controller
    # Whoever talks to an Asterisk that dies is cut off; whoever calls then is not.
    killed_under_load "while an Asterisk is killed" asterisk-b b
    compose --profile phone --profile scale down --volumes --timeout 5
}

[ $# -gt 0 ] || set -- single outside scale
for part in "$@"; do
    case $part in single | outside | scale) ;; *)
        sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
done

settings </dev/null
trap clean EXIT
trap 'exit 1' INT TERM
if [ "${BUILD:-1}" = 1 ]; then
    say "building"
    compose --profile phone --profile scale build asterisk controller phone kamailio
fi
docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep "^${IMAGES:-ivrserver}-" || true
for part in "$@"; do
    say "$part"
    $part
done
say "all of it worked: $*"
