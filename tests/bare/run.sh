#!/bin/sh
# Try a newcomer's commands on a machine with next to nothing: a bare Debian, made by mmdebstrap.
#
#   tests/bare/run.sh SUITE WHO [TARGET...]
#
#   SUITE    bookworm (Debian 12) or trixie (Debian 13)
#   WHO      root: as root, without python3-venv; user: an ordinary user, with python3-venv
#   TARGET   up, demo, test [default: all three]; or shell: a prompt inside
#
# It takes the last commit of this checkout, not the work in progress. Needs root and mmdebstrap.
# The bare system is kept in $BARE [default: /var/tmp/ivrserver-bare] and used again; the checkout
# inside and what was fetched there are made anew unless KEEP=1. A machine whose own certificates,
# proxies or stale package mirror matter hands them on: its CA file, resolv.conf, hosts, apt's
# transport settings, the *_proxy variables and the IVRSERVER_PACKAGES__* ones about the mirror.

set -eu

usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

[ $# -ge 2 ] || usage
suite=$1
who=$2
shift 2
[ $# -gt 0 ] || set -- up demo test
case $suite in bookworm | trixie) ;; *) usage ;; esac
case $who in root | user) ;; *) usage ;; esac

checkout=$(cd "$(dirname "$0")/../.." && pwd)
root=${BARE:-/var/tmp/ivrserver-bare}/$suite-$who
ready_seconds=${READY_SECONDS:-300}

make_root() {
    packages=python3,make,git,ca-certificates
    [ "$who" = root ] || packages=$packages,python3-venv
    echo "== making a bare $suite with $packages"
    mkdir -p "$(dirname "$root")"
    rm -rf "$root.new"
    mmdebstrap --quiet --variant=minbase --include="apt,$packages" "$suite" "$root.new" ${MIRROR:-}
    chroot "$root.new" useradd --create-home --shell /bin/sh tester
    mv "$root.new" "$root"
}

hand_on() {
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    cat /etc/resolv.conf >"$root/etc/resolv.conf"
    cat /etc/hosts >"$root/etc/hosts"
    apt-config dump | grep -E '^Acquire::(https?|Check)' >"$root/etc/apt/apt.conf.d/90machine" || true
}

check_out() {
    if [ "$who" = root ]; then home=$root/root; else home=$root/home/tester; fi
    if [ "${KEEP:-}" != 1 ]; then
        rm -rf "$home/ivrserver" "$home/.cache" "$root/var/cache/ivrserver"
    fi
    [ -d "$home/ivrserver" ] || git clone --quiet --no-hardlinks "$checkout" "$home/ivrserver"
    [ "$who" = root ] || chroot "$root" chown -R tester:tester /home/tester
}

# In name spaces of its own: nothing that is started there outlives this script.
inside() {
    if [ "$who" = root ]; then login="env HOME=/root"; else
        login="setpriv --reuid=tester --regid=tester --init-groups env HOME=/home/tester USER=tester"
    fi
    environment=$(env | grep -E '^(IVRSERVER_PACKAGES__(MIRROR|ALLOW)|https?_proxy=|no_proxy=)' || true)
    unshare --mount --pid --fork --kill-child sh -c '
        root=$1 login=$2 environment=$3 command=$4
        mount --bind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        chmod 1777 "$root/tmp"
        exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            LANG=C.UTF-8 PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
            SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt $environment \
            chroot "$root" $login sh -c "cd && cd ivrserver && $command"
    ' sh "$root" "$login" "$environment" "$1"
}

# Start `make up`, wait until it says it is ready, press Ctrl-C, see that nothing is left.
# shellcheck disable=SC2016 # expanded inside
up='
    began=$(date +%s)
    touch /tmp/up.log
    setsid make up >/tmp/up.log 2>&1 &
    make=$!
    tail -f --pid=$make /tmp/up.log &
    until grep -q "^Ready" /tmp/up.log; do
        kill -0 $make 2>/dev/null || { echo "make up ended before it was ready"; exit 1; }
        [ $(($(date +%s) - began)) -lt '"$ready_seconds"' ] || { echo "not ready in time"; exit 1; }
        sleep 0.2
    done
    echo "== ready after $(($(date +%s) - began)) s"
    kill -INT -$make
    wait $make || true
    grep -q "^stopped" /tmp/up.log || { echo "it did not stop in order"; exit 1; }
    if grep -lsa "argv0.[a]sterisk" /proc/[0-9]*/cmdline; then echo "something is left running"; exit 1; fi
    echo "== stopped in order"
'

[ -d "$root" ] || make_root
hand_on
check_out
for target in "$@"; do
    echo "== $suite, as $who: make $target"
    case $target in
        up) inside "$up" ;;
        shell) inside "exec sh -i" ;;
        *)
            began=$(date +%s)
            inside "make $target"
            echo "== make $target took $(($(date +%s) - began)) s"
            ;;
    esac
done
echo "== all of it worked: $suite, as $who: $*"
