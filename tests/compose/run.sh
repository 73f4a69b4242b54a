#!/bin/sh
# Try docker-compose.yml for real: build the images, run them, call, kill parts, look what became of it.
#
#   tests/compose/run.sh [single] [outside] [portal] [trunk] [scale]
#
#   single    Asterisk, controller, PostgreSQL; the scripted phone calls the sample; what its health
#             checks say of parts that hang; restart and drain
#   outside   a phone behind the public address hears and is heard [needs root and ip]
#   portal    a browser makes the first user and calls the sample; another one does so from outside, by
#             https [needs root, ip, `make dev-venv`]
#   trunk     README's way from .env.example to a call through a carrier [needs root and ip]
#   scale     the profile scale: a controller, then an Asterisk is killed while calls come and go
#
# All of them without arguments. Needs Docker's engine; `docker compose` or, in $COMPOSE, another command.
# Everything has names and ports of its own and is removed at the end, the images excepted; KEEP=1
# leaves it running, BUILD=0 takes the images as they are. Build arguments are taken from the
# environment: DEBIAN_MIRROR, PIP_INDEX_URL, NPM_REGISTRY, CA_CERTIFICATES, ALLOW_EXPIRED_INDEX.

set -eu

checkout=$(cd "$(dirname "$0")/../.." && pwd)
here="$checkout/tests/compose"
work=$(mktemp -d)
if [ -z "${COMPOSE:-}" ]; then
    if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"; else COMPOSE=docker-compose; fi
fi
export COMPOSE_PROJECT_NAME=ivrserver-test ENV_FILE="$work/env" FLOWS="$here" TLS="$work"
healthy_seconds=${HEALTHY_SECONDS:-120}
public=10.172.62.1

say() { echo "== $*"; }

fail() {
    echo "FAILED: $*" >&2
    compose ps >&2 || true
    compose logs --tail=40 >&2 || true
    exit 1
}

compose() { (cd "$checkout" && $COMPOSE --env-file "$ENV_FILE" "$@"); }

container() { compose ps -q "$1"; }

image() { echo "${IMAGES:-ivrserver}-$1:${TAG:-latest}"; }

# Names and ports that disturb nobody; what comes after them counts more.
own() {
    cat <<END
POSTGRES_PASSWORD=a-database-password
IVRSERVER_ARI__PASSWORD=an-ari-password
SIP_PORT=15060
SIP_TLS_PORT=15061
HTTP_PORT=18080
HTTP_B_PORT=18081
HTTPS_PORT=18443
REDIRECT_PORT=18082
KAMAILIO_PORT=15070
RTP_START=28000
RTP_END=28059
RTP_B_START=28060
RTP_B_END=28119
IVRSERVER_LIMITS__DRAIN_SECONDS=60
STOP_GRACE_PERIOD=90s
END
}

settings() {
    own >"$ENV_FILE"
    cat >>"$ENV_FILE"
}

outsiders="ivrserver-test-outside ivrserver-test-carrier ivrserver-test-second"

clean() {
    status=$?
    trap - EXIT
    if [ "${KEEP:-}" = 1 ] && [ $status != 0 ]; then
        say "left as it is; settings are in $ENV_FILE"
        exit $status
    fi
    compose --profile phone --profile https --profile scale down --volumes --timeout 5 >/dev/null 2>&1 || true
    # shellcheck disable=SC2086
    docker rm --force $outsiders ivrserver-test-callers >/dev/null 2>&1 || true
    ip link delete ivrtest >/dev/null 2>&1 || true
    rm -rf "$work"
    exit $status
}

# Wait until a command succeeds: until_true SECONDS WHAT COMMAND...
until_true() {
    deadline=$(($(date +%s) + $1))
    what=$2
    shift 2
    until "$@"; do
        [ "$(date +%s)" -lt $deadline ] || fail "not within its time: $what"
        sleep 0.5
    done
}

has_health() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(container "$1")")" = "$2" ]; }

# Wait until every one of these services says that it is well.
until_healthy() {
    for service in "$@"; do until_true "$healthy_seconds" "$service is healthy" has_health "$service" healthy; done
}

query() { compose exec -T postgres psql -U ivrserver -qAtc "$1"; }

# The newest call's id, then its timeline.
newest() { query "SELECT call_id FROM calls ORDER BY started_at DESC LIMIT 1"; }
told() { compose exec -T "$1" ivrserver calls show "$2"; }

expect() { # TEXT in FILE
    grep -qF -- "$1" "$2" || { cat "$2" >&2 && fail "there is no “$1”"; }
}

phone() { compose --profile phone run --rm "$@" </dev/null; }

# Let the phone call while something else is done; $caller is its process, $work/phone what it says.
calling() {
    : >"$work/phone" # now, not when it starts: what the last one said is not of this call
    phone "$@" >"$work/phone" 2>&1 &
    caller=$!
}

# A wire of its own to this machine for a container without a network: Docker's networks would let it
# in by their own door. plug_in CONTAINER ADDRESS
plug_in() {
    if ! ip link show ivrtest >/dev/null 2>&1; then
        ip link add ivrtest type bridge
        ip addr add $public/24 dev ivrtest
        ip link set ivrtest up
    fi
    pid=$(docker inspect --format '{{.State.Pid}}' "$1")
    ip link add "ivrtest${2##*.}" type veth peer name ivrtest-in
    ip link set ivrtest-in netns "$pid"
    ip link set "ivrtest${2##*.}" master ivrtest up
    nsenter --target "$pid" --net sh -c "ip addr add $2/24 dev ivrtest-in && ip link set ivrtest-in up &&
        ip link set lo up && ip route add default via $public"
}

for part in single outside portal trunk scale; do
    # shellcheck source=/dev/null
    . "$here/parts/$part.sh"
done

[ $# -gt 0 ] || set -- single outside portal trunk scale
for part in "$@"; do
    case $part in single | outside | portal | trunk | scale) ;; *)
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
    compose --profile phone --profile https --profile scale build asterisk controller phone caddy kamailio
fi
docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep "^${IMAGES:-ivrserver}-" || true
for part in "$@"; do
    say "$part"
    $part
done
say "all of it worked: $*"
