"""Offers of audio as no phone makes them (RFC 4566, RFC 3264)."""

from __future__ import annotations

from collections.abc import Iterator

HEAD = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n"
AUDIO = "m=audio {1} RTP/AVP 0 101\r\n"
MAPPED = "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
WHOLE = HEAD + AUDIO + MAPPED


def offers() -> Iterator[tuple[str, str]]:
    """All of them, each with a name; ``{0}`` is the caller's address, ``{1}`` their audio port."""
    yield "garbage", "\x01\x02 this is no SDP\r\n=\r\n===\r\n" * 20
    yield "a blank", " "
    yield "no version", WHOLE.replace("v=0\r\n", "")
    yield "no origin", WHOLE.replace("o=- 1 1 IN IP4 {0}\r\n", "")
    yield "no address", WHOLE.replace("c=IN IP4 {0}\r\n", "")
    yield "no media", HEAD
    yield "half a line", WHOLE[:-9]
    yield "numbers without end", WHOLE.replace("1 1 IN", f"{'9' * 900} {'9' * 900} IN")
    yield "a long origin", WHOLE.replace("o=-", f"o={'x' * 20_000}")
    yield "lines of nothing", HEAD + AUDIO + "a=\r\n" * 5000
    yield (
        "a thousand codecs",
        HEAD
        + "m=audio {1} RTP/AVP "
        + " ".join(str(n % 128) for n in range(1000))
        + "\r\n"
        + "".join(f"a=rtpmap:{n % 128} x{n}/8000\r\n" for n in range(1000)),
    )
    yield "a thousand streams", HEAD + AUDIO * 1000
    yield "a thousand kinds", HEAD + "".join(f"m=kind{n} 9 x/y 1\r\n" for n in range(1000)) + AUDIO
    yield (
        "a thousand candidates",
        WHOLE
        + "".join(
            f"a=candidate:{n} 1 UDP 2130706431 192.0.2.{n % 250} {n + 1} typ host\r\n"
            for n in range(1000)
        ),
    )
    yield "ICE", WHOLE + "a=ice-ufrag:x\r\na=ice-pwd:y\r\na=ice-lite\r\n"
    yield "encryption that is none", WHOLE + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:====\r\n"
    yield "DTLS", WHOLE.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF") + "a=fingerprint:x y\r\n"
    yield "a fax", HEAD + "m=image {1} udptl t38\r\na=T38FaxMaxBuffer:99999999999\r\n"
    for clock in ("0", "-1", "99999999999999999999", ""):
        yield f"a clock of {clock}", WHOLE.replace("/8000", f"/{clock}")
    yield "a format without end", WHOLE + f"a=fmtp:101 {'0-16,' * 2000}\r\n"
    yield "another format", WHOLE + "a=fmtp:101 0-99999999999999\r\na=fmtp:0 %n%n%s\r\n"
    for name in ("ptime", "maxptime", "minptime"):
        for value in ("0", "-20", "1", "99999999999", "x"):
            yield f"{name} of {value}", WHOLE + f"a={name}:{value}\r\n"
    for port in ("0", "-1", "65536", "99999999999", "x", "9/65535"):
        yield f"port {port}", WHOLE.replace("{1}", port)
    for address in ("0.0.0.0", "224.0.0.1/127", "239.255.255.255", "255.255.255.255", "localhost",
                    "256.1.1.1", "", "x" * 5000, "::1", "${{SHELL(touch)}}"):  # fmt: skip
        yield f"address {address[:20]}", WHOLE.replace("c=IN IP4 {0}", f"c=IN IP4 {address}")
    yield "IPv6", WHOLE.replace("c=IN IP4 {0}", "c=IN IP6 ff02::1")
    yield "another net", WHOLE.replace("c=IN IP4 {0}", "c=TN RFC2543 +1-212-555-0123")
    yield "reports to others", WHOLE + "a=rtcp:53 IN IP4 192.0.2.1\r\na=rtcp-mux\r\n"


OFFERS = dict(offers())
