"""Reading a reply within bounds: size, also after decompression."""

from __future__ import annotations

import zlib

from aiohttp import ClientResponse

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS


async def read_body(response: ClientResponse, cap: int) -> tuple[bytes, str]:
    """Read the body.

    Args:
        response: whose headers have come.
        cap: bytes that are read at most, compressed or not.

    Returns:
        At most `cap` bytes, and why the rest is missing; empty: it is whole.

    Raises:
        aiohttp.ClientError: the connection broke.
        TimeoutError: it took too long.
    """
    body = bytearray()
    while len(body) <= cap:
        chunk = await response.content.read(cap + 1 - len(body))
        if not chunk:
            break
        body += chunk
    if len(body) > cap:
        return b"" if _encoding(response) else bytes(body[:cap]), _too_large(cap)
    try:
        return _decompressed(bytes(body), _encoding(response), cap)
    except zlib.error:
        return b"", "the reply is compressed, and broken"


def _encoding(response: ClientResponse) -> str:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _decompressed(body: bytes, encoding: str, cap: int) -> tuple[bytes, str]:
    """We ask for no compression; some servers compress all the same."""
    match encoding:
        case "":
            return body, ""
        case "gzip" | "x-gzip" | "deflate":
            # Servers mean zlib or raw deflate by "deflate"; a zlib header begins with 0x?8.
            is_raw = encoding == "deflate" and body[:1] and body[0] & 0x0F != zlib.DEFLATED
            stream = zlib.decompressobj(_RAW_DEFLATE if is_raw else _GZIP_OR_ZLIB)
            plain = stream.decompress(body, cap + 1)
            if len(plain) > cap:
                return plain[:cap], _too_large(cap)
            return plain, "" if stream.eof or not body else "the reply is compressed, and cut off"
        case _:
            return b"", f"the reply is compressed ({encoding[:20]}), which was not asked for"


def _too_large(cap: int) -> str:
    return f"the reply is larger than {cap:,} bytes"
