# shellcheck shell=sh
# A phone behind the public address: read by run.sh.

outside() {
    settings <<END
IVRSERVER_PHONES__SOFTPHONE__PASSWORD=a-phone-password
IVRSERVER_NETWORK__PUBLIC_ADDRESS=$public
END
    compose --profile phone up -d postgres asterisk controller webserver
    until_healthy postgres asterisk controller
    docker run --detach --name ivrserver-test-outside --network none --entrypoint sleep \
        --env IVRSERVER_PHONES__SOFTPHONE__PASSWORD=a-phone-password "$(image phone)" 600 >/dev/null
    plug_in ivrserver-test-outside 10.172.62.2
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
