"""Why there was no usable reply, in words that a customer understands.

Nothing here repeats an exception's own text where that could hold a URL, its query or credentials.
"""

from __future__ import annotations

import os
import ssl
from http import HTTPStatus

import aiohttp
from yarl import URL

from ivrserver.config import WebhookSettings
from ivrserver.webhooks.guard import REFUSED
from ivrserver.webhooks.request import place


def explain(error: Exception, url: URL, settings: WebhookSettings) -> str:
    """What `error` of a request to `url` means."""
    where = f"[{url.host}]:{url.port}" if ":" in (url.host or "") else f"{url.host}:{url.port}"
    match error:
        case aiohttp.InvalidURL():
            return "the URL's host name cannot be read"
        case aiohttp.ConnectionTimeoutError():
            return f"no connection to {where} within {settings.connect_timeout:g} s"
        case TimeoutError():
            return f"no complete reply within {settings.total_timeout:g} s"
        case aiohttp.ClientConnectorDNSError():
            return f"the name {url.host} cannot be found"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {where} is not accepted: {_tls(error.certificate_error)}"
        case aiohttp.ClientConnectorSSLError():
            return f"no TLS connection to {where}: {_tls(error.os_error)}"
        case aiohttp.ClientConnectorError():
            return _unconnected(error.os_error, where)
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without a reply"
        case aiohttp.ClientPayloadError():
            return "the server closed the connection in the middle of its reply"
        case aiohttp.ClientResponseError():
            return "the server's reply is not HTTP"
        case OSError():
            return f"the connection was lost: {_system(error)}"
        case _:
            return f"the request failed ({type(error).__name__})"


def explain_status(status: int, location: str) -> str:
    """What a status outside 2xx means; empty: the status is fine.

    `location` is the header of that name, empty if there is none.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ""
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    if location and HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return (
            f"the server answered {status}{phrase} to {place(location)}; "
            "redirects are not followed: save the final address as Target URL"
        )
    return f"the server answered {status}{phrase}"


def _unconnected(error: OSError, where: str) -> str:
    if error.errno == REFUSED:
        return (
            f"{where} is not on the public Internet: not called "
            "(the settings webhook.allow and webhook.allow_private say what else is)"
        )
    return f"cannot connect to {where}: {_system(error)}"


def _system(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else "network error"


def _tls(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return error.verify_message
        case ssl.SSLError():
            return (error.reason or "handshake failed").lower().replace("_", " ")
        case _:
            return "handshake failed"
