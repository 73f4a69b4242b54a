"""The web server behind sample.yaml: a model for yours. Python's standard library only.

When an IVR has ended, it is called with the answers. Its XML is what happens next on the line.
"""

import argparse
import base64
import hmac
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
from xml.etree import ElementTree

CUSTOMERS = {"10001": "Alex", "90210": "Robin"}  # customer number: first name
SCORES = {"1": "poor", "2": "good", "3": "excellent"}
NEVER_SHOWN = {"pin"}


def next_action(asked):
    """Decide what happens next. The step comes back in the pass-through data we gave."""
    passed = dict(pair.partition("|")[::2] for pair in asked["ivr_pass_through"].split("||"))
    is_there = asked["ivr_completed"] == "True"  # else the caller hung up early
    if is_there and passed.get("step") != "thanks":  # this was the survey: go on with IVR 102
        name = CUSTOMERS.get(asked["customer"], "dear caller")
        spoken = {"firstname": name, "score": SCORES.get(asked["score"], "nothing yet")}
        kept = f"step|thanks||customer|{asked['customer']}"
        return action("ivr", id="102", user_parameters=spoken, p_t=kept)
    if is_there and asked["wish"] == "1":  # the caller wants to talk to somebody
        return action("transfer", destination="2125550123")
    return action("hangup")


def action(app, **parameters):
    """Write the reply."""
    return ElementTree.tostring(element("action", {"app": app, "parameters": parameters}))


def element(name, content):
    """Build an element from text, or its children; what has to be escaped is escaped."""
    made = ElementTree.Element(name)
    if isinstance(content, str):
        made.text = content
    else:
        made.extend(element(*child) for child in content.items())
    return made


def is_genuine(headers, payload, secret):
    """Check the signature: https://www.standardwebhooks.com (v1, HMAC-SHA256)."""
    stamp = headers.get("webhook-timestamp", "")
    is_fresh = stamp.isdigit() and int(stamp) + 300 > time.time() > int(stamp) - 300
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([headers.get("webhook-id", "").encode(), stamp.encode(), payload])
    ours = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    return is_fresh and hmac.compare_digest(ours, headers.get("webhook-signature", "").encode())


class Handler(BaseHTTPRequestHandler):
    """One connection; it stays open for the next call."""

    protocol_version, timeout, disable_nagle_algorithm = "HTTP/1.1", 30, True

    def answer(self):
        """Reply with the next action. Parameters are in the URL (GET) or in the body (POST)."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        payload = body if self.command == "POST" else query.encode()
        if options.secret and not is_genuine(self.headers, payload, options.secret):
            return self.send_error(403, "not signed by the phone server")
        asked = dict(parse_qsl(payload.decode(), keep_blank_values=True))
        reply = next_action(defaultdict(str, asked))
        asked |= dict.fromkeys(NEVER_SHOWN & asked.keys(), "****")
        print(self.command, path, asked, "->", reply.decode(), flush=True)
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        return self.wfile.write(reply)

    do_GET = do_POST = answer  # noqa: N815 - names that http.server looks for

    def log_message(self, *_):
        """Keep no log of URLs: those of GET hold the answers."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: all of this machine's")
    parser.add_argument("--port", type=int, default=8901, help="0: any free one")
    parser.add_argument("--secret", default="", help="of the IVRs; what it did not sign is refused")
    options = parser.parse_args()
    try:
        server = ThreadingHTTPServer((options.host, options.port), Handler)
        print(f"listening on http://{options.host}:{server.server_port}/", flush=True)
        server.serve_forever()
    except OSError as error:
        parser.error(f"port {options.port}: {error.strerror}. Choose another with --port.")
    except KeyboardInterrupt:
        print("stopped")
