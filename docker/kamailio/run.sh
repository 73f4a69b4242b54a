#!/bin/sh
# Run Kamailio in front of the Asterisks. What it needs to know is in the environment:
#
#   KAMAILIO_ADDRESS   our own address
#   KAMAILIO_ASTERISKS addresses of the Asterisks, with blanks between them
#   KAMAILIO_MAXLOAD   calls that each of them may have
#   IVRSERVER_NETWORK__PUBLIC_ADDRESS, IVRSERVER_NETWORK__PUBLIC_SIP_PORT
#                      where peers outside reach us, if it is not our own address
#   IVRSERVER_TRUNKS__NAME__HOST, IVRSERVER_TRUNKS__NAME__ACCEPT_FROM
#                      who may call, as in ivrserver's own settings
#
#   run.sh check       only say whether the configuration is right

set -eu

run=${KAMAILIO_RUN:-/run/kamailio}
here=$(dirname "$0")

fail() {
    echo "Error: $*" >&2
    exit 1
}

# The setting X of the trunk NAME; empty if it has none.
trunk_setting() { printenv "IVRSERVER_TRUNKS__$1__$2" || true; }

trunks() { env | sed -n 's/^IVRSERVER_TRUNKS__\([A-Za-z0-9_-]*\)__HOST=.*/\1/p' | sort -u; }

# Lines as the module permissions reads them: group, address, mask, port, tag.
addresses() {
    for name in $(trunks); do
        tag=$(echo "$name" | tr '[:upper:]' '[:lower:]')
        sources=$(trunk_setting "$name" ACCEPT_FROM | tr -d '[]"' | tr ',' ' ')
        for source in ${sources:-$(trunk_setting "$name" HOST)}; do
            case $source in
                */*) echo "1 ${source%/*} ${source#*/} 0 $tag" ;;
                *[!0-9.]*)
                    found=$(getent ahostsv4 "$source" | cut -d ' ' -f 1 | sort -u)
                    [ -n "$found" ] || fail "trunk $tag: there is no address for $source"
                    for address in $found; do echo "1 $address 32 0 $tag"; done
                    ;;
                *) echo "1 $source 32 0 $tag" ;;
            esac
        done
    done
}

asterisks() {
    number=0
    for address in $KAMAILIO_ASTERISKS; do
        number=$((number + 1))
        echo "1 sip:$address:5060 0 0 duid=$number;maxload=${KAMAILIO_MAXLOAD:-400};socket=udp:$KAMAILIO_ADDRESS:5062"
    done
}

: "${KAMAILIO_ADDRESS:?}" "${KAMAILIO_ASTERISKS:?}"
addresses >"$run/address.list"
[ -s "$run/address.list" ] || fail "there is no trunk: set IVRSERVER_TRUNKS__NAME__HOST and ..._ACCEPT_FROM"
asterisks >"$run/dispatcher.list"
advertise=
if [ -n "${IVRSERVER_NETWORK__PUBLIC_ADDRESS:-}" ]; then
    advertise=" advertise $IVRSERVER_NETWORK__PUBLIC_ADDRESS:${IVRSERVER_NETWORK__PUBLIC_SIP_PORT:-5060}"
fi
cat >"$run/sockets.cfg" <<END
listen=udp:$KAMAILIO_ADDRESS:5060$advertise name "outside"
listen=tcp:$KAMAILIO_ADDRESS:5060$advertise name "outside_tcp"
listen=udp:$KAMAILIO_ADDRESS:5062 name "inside"
END

sed "s|/run/kamailio|$run|" "$here/kamailio.cfg" >"$run/kamailio.cfg"

if [ "${1:-}" = check ]; then
    exec kamailio -f "$run/kamailio.cfg" -Y "$run" -c
fi
exec kamailio -f "$run/kamailio.cfg" -Y "$run" -w "$run" -m 64 -M 8 -DD -E
