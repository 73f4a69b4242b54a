"""The messages of RFC 4475 (SIP torture test messages), by the names that it gives them.

Each is made of an ordinary message and of all that is odd about the RFC's: names of headers,
blanks, folds, escapes and numbers are as there; ordinary values are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_HEAD = "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\n"
_MEDIA = "m=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n"
SDP = f"{_HEAD}s=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n{_MEDIA}"
_LATER = SDP.replace("t=0 0", "t=3149328700 0")
_EVERYBODY = "255.255.255.255"
_METHOD = "!interesting-Method0123456789_*+`.%indeed'~"
_UNUSUAL = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
_ESCAPED = "sip:sips%3Auser%40example.com@example.net"
_LONG, _NAME = "long" * 20, "amazinglylongcallername"
_REPLIED: dict[str, Any] = {
    "Max_Forwards": None,
    "CSeq": "35 INVITE",
    "Via": "SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe",
    "From": "<sip:user@example.com>;tag=39ansfi3",
    "To": "<sip:user@example.edu>;tag=902jndnke3",
}
"""A reply's headers."""


def message(
    name: str,
    method: str = "INVITE",
    uri: str = "sip:user@example.com",
    *,
    first: str = "",
    body: str | bytes = "",
    lines: str = "",
    end: str = "\r\n",
    **changed: str | list[str] | None,
) -> bytes:
    """A message in which some headers are others, there several times, or missing.

    Args:
        name: makes its dialog its own.
        first: the first line, if it is none of an ordinary request.
        lines: headers as they stand, before all others; those are without them then.
        end: what is between headers and body.
        changed: headers by name, ``_`` for ``-``; None: without it.
    """
    raw = body.encode() if isinstance(body, str) else body
    headers: dict[str, str | list[str] | None] = {
        "Via": f"SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-{name}",
        "Max-Forwards": "70",
        "From": "sip:caller@example.net;tag=92132",
        "To": uri if re.fullmatch("sip:[^ ]*@[^ ]*", uri) else "sip:user@example.com",
        "Call-ID": f"{name}.0ha0isndaksdj@192.0.2.2",
        "CSeq": f"8 {method}",
        "Contact": "<sip:caller@192.0.2.2>",
        "Content-Length": str(len(raw)),
    }
    if raw:
        headers["Content-Type"] = "application/sdp"
    if method in {"OPTIONS", "MESSAGE"}:
        del headers["Contact"]
    headers |= {key.replace("_", "-"): value for key, value in changed.items()}
    whole = [first or f"{method} {uri} SIP/2.0", *_lines(headers)]
    if lines:
        whole[1:1] = lines.split("\n")
    return "\r\n".join([*whole, end]).encode("utf-8", "surrogateescape") + raw


def _lines(headers: dict[str, str | list[str] | None]) -> Iterator[str]:
    for key, value in headers.items():
        for each in [value] if isinstance(value, str) else value or []:
            yield f"{key}: {each}"


def _only(lines: str) -> dict[str, Any]:
    """These headers, and none of the ordinary ones."""
    ordinary = ("Via", "Max_Forwards", "From", "To", "Call_ID", "CSeq", "Contact")
    return {"lines": lines, **dict.fromkeys((*ordinary, "Content_Length", "Content_Type"))}


_WSINV = rf"""TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : {len(SDP)}
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33"""
_INTMETH = f"""Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <{_UNUSUAL}@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="работающий"\
;tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/"][?}}{{
CSeq: 139122385 {_METHOD}
Max-Forwards: 255
extensionHeader-!.%*+_`'~:\ufeff大停電
Content-Length: 0"""
_VIAS = ("Via:", "v:", "V:", "Via:", "ViA:", "VIa:", "VIA:", "via:", "viA:", "vIa:", "vIA:", "V : ",
         "v : ", "V  :", "v  :", "Via :", "Via  :", *["Via:"] * 16)  # fmt: skip
_LONGREQ = "\n".join(
    [
        f'To: "I have a user name of {"extreme" * 10} proportion"<sip:user@example.com:6000'
        f";unknownparam1=very{_LONG}value;longparam{_LONG}name=shortvalue"
        f";very{_LONG}ParameterNameWithNoValue>",
        f"F: sip:{_NAME * 5}@example.net;tag=12{'982' * 50}424;unknownheaderparam{_LONG}name="
        f"unknowheaderparam{_LONG}value;unknownValueless{_LONG}paramname",
        f"Call-ID: longreq.one{'really' * 20}longcallid",
        "CSeq: 3882340 INVITE",
        f"Unknown-{'Long' * 20}-Name: unknown-{_LONG}-value; unknown-{_LONG}-parameter-name ="
        f" unknown-{_LONG}-parameter-value",
        *(
            f"{spelling} SIP/2.0/TCP sip{33 - place}.example.com"
            for place, spelling in enumerate(_VIAS)
        ),
        f"Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{_LONG * 5}branchvalue",
        "Max-Forwards: 70",
        f"Contact: <sip:{_NAME * 5}@host5.example.net>",
        "Content-Type: application/sdp",
        f"l: {len(SDP)}",
    ]
)
_PARTS = (
    b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b"Hello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\n0\x82\x01R\x06\t*\x86H\x86\xf7\r\x01\x07\x02\xa0\x82"
    b"\x01\x00\xff\x00\x80\n\x13\x0b\r\n--7a9cbec02ceef655--\r\n"
)


def valid() -> Iterator[tuple[str, bytes]]:
    """Section 3.1.1, and the well-formed ones of the others: odd, and right."""
    yield "wsinv", message(
        "wsinv", uri="sip:vivekg@chair-dnrc.example.com;unknownparam", body=SDP, **_only(_WSINV)
    )  # fmt: skip
    uri = f"{_UNUSUAL}:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com"
    yield "intmeth", message("intmeth", _METHOD, uri, **_only(_INTMETH))
    yield "esc01", message(
        "esc01", uri=_ESCAPED, body=SDP, To="sip:%75se%72@example.com", Max_Forwards="87",
        From="<sip:I%20have%20spaces@example.net>;tag=938", Call_ID=None, i="esc01.239409asdfakjkn",
        Content_Type=None, C="application/sdp",
        Contact="\r\n  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
    )  # fmt: skip
    null = "sip:null-%00-null@example.com"
    yield "escnull", message(
        "escnull", "REGISTER", "sip:example.com", To=null, From=f"{null};tag=839923423",
        Contact=["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"],
        Content_Length=None, L="0",
    )  # fmt: skip
    yield "esc02", message(
        "esc02", "RE%47IST%45R", "sip:registrar.example.com", Content_Length=None,
        To='"%Z%45" <sip:resource@example.com>', From='"%Z%45" <sip:resource@example.com>;tag=f2',
        Via="SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234",
        Contact="<sip:alias1@host1.example.com>\r\nC%6Fntact: <sip:alias2@host2.example.com>\r\n"
        "Contact: <sip:alias3@host3.example.com>", l="0",
    )  # fmt: skip
    yield "lwsdisp", message("lwsdisp", "OPTIONS", From="caller<sip:caller@example.com>;tag=323")
    yield "longreq", message("longreq", body=SDP, **_only(_LONGREQ))
    once = message("dblreq", "REGISTER", "sip:example.com", Contact="sip:j.user@host.example.com")
    twice = SDP.replace("m=video", "m =video")
    yield (
        "dblreq",
        once + b"\r\n" + message("dblreq2", body=twice, To=None, t="sip:joe@example.com"),
    )
    folded = (
        "application/sdp, application/pkcs7-mime,\r\n        multipart/mixed, multipart/signed,"
    )
    yield "semiuri", message(
        "semiuri", "OPTIONS", "sip:user;par=u%40example.net@example.com",
        To="sip:j_user@example.com",
        Accept=f"{folded}\r\n        message/sip, message/sipfrag",
    )  # fmt: skip
    hosts = ("UDP t1", "SCTP t2", "TLS t3", "UNKNOWN t4", "TCP t5")
    yield "transports", message(
        "transports", "OPTIONS",
        Via=[f"SIP/2.0/{each}.example.com;branch=z9hG4bKkdjuw{each[-1]}" for each in hosts],
    )  # fmt: skip
    yield "mpart01", message(
        "mpart01", "MESSAGE", "sip:kumiko@example.org", body=_PARTS, Route="<sip:127.0.0.1:5080>",
        Identity=f"{'r5mwreLuyDRYBi/0TiPwEsY3' * 7}YUA=", Content_Transfer_Encoding="binary",
        Content_Type="multipart/mixed;boundary=7a9cbec02ceef655",
        Date="Sat, 15 Oct 2005 04:44:56 GMT", User_Agent="SIPimp.org/0.2.5 (curses)",
    )  # fmt: skip
    unusual = "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое"
    yield "unreason", message("unreason", first=unusual, body=SDP, **_REPLIED)
    yield "noreason", message("noreason", first="SIP/2.0 100 ", **_REPLIED)


def invalid() -> Iterator[tuple[str, bytes]]:
    """Section 3.1.2: what is no SIP."""
    yield "badinv01", message(
        "badinv01", body=SDP, Via="SIP/2.0/UDP 192.0.2.15;;,;,,",
        Contact='"Joe" <sip:joe@example.org>;;;;',
    )  # fmt: skip
    yield "clerr", message("clerr", body=SDP, Content_Length="9999")
    yield "ncl", message("ncl", body=SDP, CSeq="0 INVITE", Content_Length="-999")
    yield "scalar02", message(
        "scalar02", "REGISTER", "sip:example.com", CSeq="36893488147419103232 REGISTER",
        Via="SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3", Max_Forwards="300",
        Expires="1" + "0" * 100,
        Contact="<sip:user@host129.example.com>\r\n  ;expires=280297596632815",
    )  # fmt: skip
    yield "scalarlg", message(
        "scalarlg", first="SIP/2.0 503 Service Unavailable", CSeq="9292394834772304023312 OPTIONS",
        Via="SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129",
        Retry_After="949302838503028349304023988", Warning='1812 overture "In Progress"',
        Max_Forwards=None, Contact=None,
    )  # fmt: skip
    yield "quotbal", message("quotbal", body=SDP, To='"Mr. J. User <sip:j.user@example.com>')
    unmarked = "SIP/2.0/UDP 192.0.2.5"
    yield "ltgtruri", message("ltgtruri", uri="<sip:user@example.com>", body=_LATER, Via=unmarked)
    tagged = "sip:user@example.com;tag=3xfe-9921883-z9f"
    yield "lwsruri", message(
        "lwsruri", uri="sip:user@example.com; lr", body=_LATER, To=tagged, CSeq="2130706432 INVITE"
    )  # fmt: skip
    yield "lwsstart", message("lwsstart", first="INVITE  sip:user@example.com  SIP/2.0", body=SDP)
    yield "trws", message(
        "trws", "OPTIONS", first="OPTIONS sip:remote-target@example.com SIP/2.0  ",
        Via="SIP/2.0/TCP host1.example.com;branch=z9hG4bK299342093",
    )  # fmt: skip
    route = "sip:user@example.com?Route=%3Csip:example.com%3E"
    yield "escruri", message("escruri", uri=route, body=SDP, To="sip:user@example.com")
    yield "baddate", message("baddate", body=SDP, Date="Fri, 01 Jan 2010 16:00:00 EST")
    bare = "sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    yield "regbadct", message("regbadct", "REGISTER", "sip:example.com", Contact=bare)
    yield "badaspec", message(
        "badaspec", "OPTIONS", From='"Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423',
        To='"Watson, Thomas" < sip:t.watson@example.org >',
    )  # fmt: skip
    yield "baddn", message(
        "baddn", "OPTIONS", From="   Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
        To="     Watson, Thomas <sip:t.watson@example.org>", Max_Forwards="     70",
    )  # fmt: skip
    yield "badvers", message(
        "badvers", "OPTIONS", first="OPTIONS sip:t.watson@example.org SIP/7.0",
        Via="    SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw",
        From="   A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe",
    )  # fmt: skip
    yield "mismatch01", message("mismatch01", "OPTIONS", CSeq="8 INVITE")
    strange, short = (
        "NEWMETHOD sip:user@example.com SIP/2.0",
        f"{_HEAD}c=IN IP4 192.0.2.1\r\n{_MEDIA}",
    )
    yield "mismatch02", message("mismatch02", first=strange, body=short)
    yield "bigcode", message(
        "bigcode", first="SIP/2.0 4294967301 better not break the receiver", **_REPLIED
    )  # fmt: skip


def semantics() -> Iterator[tuple[str, bytes]]:
    """Sections 3.2 to 3.4: right in form, and wrong or old in meaning."""
    yield "badbranch", message("badbranch", "OPTIONS", Via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK")
    yield "insuf", message(
        "insuf", body=SDP, From=None, To=None, Call_ID=None, Max_Forwards=None, Contact=None
    )  # fmt: skip
    by_tcp = "SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234"
    opaque = "nobodyKnowsThisScheme:totallyopaquecontent"
    yield "unkscm", message("unkscm", "OPTIONS", opaque, Via=by_tcp)
    yield "novelsc", message("novelsc", "OPTIONS", "soap.beep://192.0.2.103:3002", Via=by_tcp)
    yield "unksm2", message(
        "unksm2", "REGISTER", "sip:example.com", To="isbn:2983792873",
        From="<http://www.example.com>;tag=3234233", Contact="<name:John_Smith>",
    )  # fmt: skip
    yield "bext01", message(
        "bext01", "OPTIONS", Require="nothingSupportsThis, nothingSupportsThisEither",
        Proxy_Require="noProxiesSupportThis, norDoAnyProxiesSupportThis",
        Via="SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw",
    )  # fmt: skip
    unknown = '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n'
    yield "invut", message("invut", body=unknown, Content_Type="application/unknownformat")
    yield "regaut01", message(
        "regaut01", "REGISTER", "sip:example.com", Via="SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdju",
        Authorization="NoOneKnowsThisScheme opaque-data=here", Content_Length=None,
        Contact=None, lines="Content-Length:0",
    )  # fmt: skip
    yield "multi01", message(
        "multi01", body=SDP, CSeq=["5 INVITE", "59 INVITE"], Max_Forwards=["70", "5"],
        Call_ID=["multi01.98asdh@192.0.2.1", "multi01.98asdh@192.0.2.2"],
        From=["sip:caller@example.com;tag=3413415", "sip:caller@example.net;tag=2923420123"],
        To=["sip:user@example.com", "sip:other@example.net"],
        Contact=["<sip:caller@host25.example.net>", "<sip:caller@host36.example.net>"],
    )  # fmt: skip
    octets = "There's no way to know how many octets are supposed to be here.\r\n\r\n"
    yield "mcl01", message(
        "mcl01", "OPTIONS", body=octets, Content_Length=["13", "5"], Content_Type="text/plain"
    )  # fmt: skip
    hops = [f"SIP/2.0/UDP {host};branch=z9hG4bK1324923" for host in ("192.0.2.198", _EVERYBODY)]
    ours = _REPLIED | {"Via": hops}
    yield "bcast", message("bcast", first="SIP/2.0 200 OK", body=SDP, **ours)
    yield "zeromf", message("zeromf", "OPTIONS", Max_Forwards="0")
    contact = "sip:+19725552222@gw1.example.net;unknownparam"
    yield "cparam01", message("cparam01", "REGISTER", "sip:example.com", Contact=contact)
    yield "cparam02", message("cparam02", "REGISTER", "sip:example.com", Contact=f"<{contact}>")
    yield "regescrt", message(
        "regescrt", "REGISTER", "sip:example.com", Contact=None, Content_Length=None,
        lines="M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\nL:0",
    )  # fmt: skip
    yield "sdp01", message("sdp01", body=SDP, Accept="text/nobodyKnowsThis")
    yield "inv2543", message(
        "inv2543", uri="sip:UserB@example.com", body=SDP, Via="SIP/2.0/UDP iftgw.example.com",
        From="<sip:+13035551111@ift.client.example.net;user=phone>", Max_Forwards=None,
        Record_Route="<sip:UserB@example.com;maddr=ss1.example.com>", Contact=None,
        To="sip:+16505552222@ss1.example.net;user=phone", Content_Length=None,
    )  # fmt: skip


MESSAGES = dict((*valid(), *invalid(), *semantics()))
"""All 49."""
