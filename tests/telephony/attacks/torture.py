"""The messages of RFC 4475 (SIP torture test messages), by the names that it gives them.

Each is made of an ordinary message and of what the RFC says is odd about it.
"""

from __future__ import annotations

from collections.abc import Iterator

SDP = (
    "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\n"
    "t=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\n"
    "a=rtpmap:31 LPC\r\n"
)
_METHOD = "!interesting-Method0123456789_*+`.%indeed'~"
_ESCAPED = "sip:sips%3Auser%40example.com@example.net"
_MANY = "a" * 300


def message(
    name: str,
    method: str = "INVITE",
    uri: str = "sip:user@example.com",
    *,
    first: str = "",
    body: str | bytes = "",
    end: str = "\r\n",
    **changed: str | list[str] | None,
) -> bytes:
    """A message in which some headers are others, there several times, or missing.

    Args:
        name: makes its dialog its own.
        first: the first line, if it is none of an ordinary request.
        changed: headers by name, ``_`` for ``-``; None: without it.
    """
    raw = body.encode() if isinstance(body, str) else body
    headers: dict[str, str | list[str] | None] = {
        "Via": f"SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-{name}",
        "Max-Forwards": "70",
        "From": "<sip:caller@example.net>;tag=92132",
        "To": f"<{uri if uri.startswith('sip') else 'sip:user@example.com'}>",
        "Call-ID": f"{name}.0ha0isndaksdj@192.0.2.2",
        "CSeq": f"8 {method}",
        "Contact": "<sip:caller@192.0.2.2>",
        "Content-Length": str(len(raw)),
    }
    if raw:
        headers["Content-Type"] = "application/sdp"
    headers |= {key.replace("_", "-"): value for key, value in changed.items()}
    lines = [first or f"{method} {uri} SIP/2.0", *_lines(headers)]
    return "\r\n".join([*lines, end]).encode("utf-8", "surrogateescape") + raw


def _lines(headers: dict[str, str | list[str] | None]) -> Iterator[str]:
    for key, value in headers.items():
        for each in [value] if isinstance(value, str) else value or []:
            yield f"{key}: {each}"


def valid() -> Iterator[tuple[str, bytes]]:
    """Section 3.1.1, and the well-formed ones of the others: odd, and right."""
    invite = {"body": SDP}
    uri = "sip:vivekg@chair-dnrc.example.com;unknownparam"
    yield "wsinv", message(
        "wsinv", uri=uri, **invite,
        To=None, From=None, Call_ID=None, Max_Forwards="0068", Content_Length=None, Via=None,
        TO="\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
        FROM='"J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8',
        v=["SIP  / 2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw",
           "SIP / 2.0 / TCP spindle.example.com ;\r\n branch  =   z9hG4bK9ikj8"],
        i="wsinv.ndaksdj@192.0.2.1", CSeq="0009\r\n  INVITE", s="", l=f"{len(SDP)}",
        NewFangledHeader="newfangled value\r\n continued newfangled value",
        UnknownHeaderWithUnusualValue=";;,,;;,;",
        Route="<sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
    )  # fmt: skip
    yield "intmeth", message(
        "intmeth", _METHOD, "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1"
        ",weird!*pas$wo~d_too.(doesn't-it)@example.com", Contact=None,
        To='"BEL:\x07 NUL:\\\x00 DEL:\x7f" <sip:1_unusual.URI~(to-be!sure)@example.com>',
        From="token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="
        '"работающий";tag=_token~1\'+`*%!-.',
        extensionHeader_="%%,,'\\\"<;>[]{}",
    )  # fmt: skip
    yield "esc01", message("esc01", uri=_ESCAPED, **invite)
    yield "escnull", message(
        "escnull", "REGISTER", "sip:example.com", From="sip:null-%00-null@example.com;tag=8",
        To="sip:null-%00-null@example.com",
        Contact=["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"],
    )  # fmt: skip
    yield "esc02", message("esc02", "RE%47IST%45R", "sip:registrar.example.com")
    yield "lwsdisp", message("lwsdisp", "OPTIONS", From="caller<sip:caller@example.com>;tag=323")
    yield "longreq", message(
        "longreq", **invite, To=f'"I have a user name of {"extreme" * 40}"<sip:user@example.com>',
        From=f"sip:{_MANY}@example.net;tag=12{'9' * 300}424;unknownheaderparam={_MANY}",
        Call_ID=f"longreq.one{'really' * 30}longcallid", Contact=f"<sip:{_MANY}@192.0.2.2>",
        Unknown_Long=_MANY * 3, Unknown_Name="unknown" * 30,
        Via=[f"SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK{n}{_MANY}" for n in range(33)],
    )  # fmt: skip
    once = message("dblreq", "REGISTER", "sip:example.com")
    yield "dblreq", once + message("dblreq2", "INVITE", **invite)
    yield "semiuri", message("semiuri", "OPTIONS", "sip:user;par=u%40example.net@example.com")
    hosts = ("UDP t1", "SCTP t2", "TLS t3", "UNKNOWN t4", "TCP t5")
    yield "transports", message(
        "transports", "OPTIONS",
        Via=[f"SIP/2.0/{each}.example.com;branch=z9hG4bKkdjuw{each[-1]}" for each in hosts],
    )  # fmt: skip
    parts = (b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary"
             b"\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/pkcs7-signature\r\n"
             b"\r\n\x30\x82\x01\x00\xff\x00\x80\r\n--7a9cbec02ceef655--")  # fmt: skip
    yield "mpart01", message(
        "mpart01", "MESSAGE", body=parts,
        Content_Type="multipart/mixed;boundary=7a9cbec02ceef655",
    )  # fmt: skip
    unusual = "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое"
    yield "unreason", message("unreason", first=unusual, **invite)
    yield "noreason", message("noreason", first="SIP/2.0 100 ")


def invalid() -> Iterator[tuple[str, bytes]]:
    """Section 3.1.2: what is no SIP."""
    invite = {"body": SDP}
    yield (
        "badinv01",
        message(
            "badinv01", **invite, To='"Joe" <sip:j@example.net>;;tag=1;;,', Via=";;,;,,SIP/2.0/UDP"
        ),
    )
    yield "clerr", message("clerr", **invite, Content_Length="9999")
    yield "ncl", message("ncl", **invite, Content_Length="-999")
    yield "scalar02", message(
        "scalar02", "REGISTER", "sip:example.com", CSeq="36893488147419103232 REGISTER",
        Max_Forwards="300", Expires="1" + "0" * 40,
        Contact="<sip:user@host129.example.com>;expires=280297596632815",
    )  # fmt: skip
    yield "scalarlg", message(
        "scalarlg", first="SIP/2.0 503 Service Unavailable", CSeq="9292394834772304023312 OPTIONS",
        Retry_After="949302838503028349304023988", Warning='1812 overture "In Progress"',
    )  # fmt: skip
    yield "quotbal", message("quotbal", **invite, To='"Mr. J. User <sip:j.user@example.com>')
    yield "ltgtruri", message("ltgtruri", uri="<sip:user@example.com>", **invite)
    yield "lwsruri", message("lwsruri", uri="sip:user@example.com; lr", **invite)
    yield "lwsstart", message("lwsstart", first="INVITE  sip:user@example.com  SIP/2.0", **invite)
    yield "trws", message("trws", "OPTIONS", first="OPTIONS sip:t@example.com SIP/2.0  ")
    yield "escruri", message("escruri", uri="sip:user@example.com?Route=%3Csip:example.com%3E")
    yield "baddate", message("baddate", **invite, Date="Fri, 01 Jan 2010 16:00:00 EST")
    bare = "sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    yield "regbadct", message("regbadct", "REGISTER", "sip:example.com", Contact=bare)
    yield "badaspec", message("badaspec", "OPTIONS", To='"Watson, Thomas" < sip:t@example.org >')
    yield "baddn", message("baddn", "OPTIONS", From="Bell, Alexander <sip:a@example.org>;tag=43")
    yield "badvers", message("badvers", "OPTIONS", first="OPTIONS sip:t@example.org SIP/7.0")
    yield "mismatch01", message("mismatch01", "OPTIONS", CSeq="8 INVITE")
    strange = "NEWMETHOD sip:user@example.com SIP/2.0"
    yield "mismatch02", message("mismatch02", first=strange, **invite)
    yield "bigcode", message("bigcode", first="SIP/2.0 4294967301 better not break the receiver")


def semantics() -> Iterator[tuple[str, bytes]]:
    """Sections 3.2 to 3.4: right in form, and wrong or old in meaning."""
    invite = {"body": SDP}
    yield "badbranch", message("badbranch", "OPTIONS", Via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK")
    yield "insuf", message("insuf", **invite, From=None, To=None, Call_ID=None)
    yield "unkscm", message("unkscm", "OPTIONS", "nobodyKnowsThisScheme:totallyopaquecontent")
    yield "novelsc", message("novelsc", "OPTIONS", "soap.beep://192.0.2.103:3002")
    yield "unksm2", message("unksm2", "REGISTER", "sip:example.com", To="isbn:2983792873")
    yield "bext01", message(
        "bext01", "OPTIONS", Require="nothingSupportsThis, nothingSupportsThisEither",
        Proxy_Require="noProxiesSupportThis, norDoAnyProxiesSupportThis",
    )  # fmt: skip
    yield "invut", message("invut", body="<a>x</a>", Content_Type="application/unknownformat")
    yield (
        "regaut01",
        message(
            "regaut01",
            "REGISTER",
            "sip:example.com",
            Authorization="NoOneKnowsThisScheme opaque=here",
        ),
    )
    yield "multi01", message(
        "multi01", **invite, CSeq=["5 INVITE", "59 INVITE"], Max_Forwards=["70", "5"],
        Call_ID=["multi01.1", "multi01.2"], From=["<sip:a@example.com>;tag=1", "<sip:b@c>;tag=2"],
        To=["<sip:d@example.com>", "<sip:e@example.com>"],
    )  # fmt: skip
    yield "mcl01", message("mcl01", "OPTIONS", body="0123456789", Content_Length=["5", "500"])
    here = ("SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23", "SIP/2.0/UDP 127.0.0.255")
    yield "bcast", message("bcast", first="SIP/2.0 200 OK", Via=list(here), **invite)
    yield "zeromf", message("zeromf", "OPTIONS", Max_Forwards="0")
    contact = "sip:+19725552222@gw1.example.net;unknownparam"
    yield "cparam01", message("cparam01", "REGISTER", "sip:example.com", Contact=contact)
    yield "cparam02", message("cparam02", "REGISTER", "sip:example.com", Contact=f"<{contact}>")
    escaped = "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"
    yield "regescrt", message("regescrt", "REGISTER", "sip:example.com", Contact=escaped)
    yield "sdp01", message("sdp01", **invite, Accept="text/nobodyKnowsThis")
    yield "inv2543", message(
        "inv2543", **invite, Via="SIP/2.0/UDP iftgw.example.com", Max_Forwards=None,
        From="<sip:+15551234@example.net>", Contact=None, Content_Length=None,
        Record_Route="<sip:UserB@example.com;maddr=ss1.example.com>",
    )  # fmt: skip


MESSAGES = dict((*valid(), *invalid(), *semantics()))
"""All 49."""
