"""The description of the API is right, and the API does what it says, whatever it is sent."""

from __future__ import annotations

import asyncio
import re

import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ivrserver.web.api import PATH
from ivrserver.web.api.examples import BLOCKS
from tests.unit.web.api.conftest import TOKEN, Api
from tests.unit.web.api.test_flows import IVR
from tests.unit.web.serving import serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TRIES = hypothesis_settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("audio/wav", "audio/mpeg", "audio/ogg", "audio/flac")
def as_it_is(context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


ENDLESS = {"/events"}
"""Answers that never end; tests/unit/web/live tries them."""


def send(address: str) -> int:
    """Send every operation what the description allows; return how many there are."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    schema = schemathesis.openapi.from_url(
        f"{address}{PATH}/openapi.json", headers=headers, timeout=60
    )
    many = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in ENDLESS:
            continue
        many += 1

        @TRIES
        @given(case=operation.as_strategy())
        def works(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        works()
    return many


async def test_every_operation_answers_as_it_says(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    async with serving(api.app) as address:
        many = await asyncio.to_thread(send, address)
    assert many >= 70


async def test_every_operation_says_what_it_does_and_may_answer(api: Api) -> None:
    described = (await api.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    schemas = described["components"]["schemas"]
    assert {"Problem", "FieldProblem"} <= schemas.keys()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert operation.get("tags"), where
            assert {"401", "403"} <= operation["responses"].keys(), where
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert "application/problem+json" in answer["content"], (where, status)


async def test_every_operation_shows_examples_that_fit_what_it_says(api: Api) -> None:
    described = (await api.get("/openapi.json")).json()
    shown = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            good = [each for status, each in operation["responses"].items() if status < "300"]
            for part in [*good, operation.get("requestBody", {})]:
                for kind, body in part.get("content", {}).items():
                    if kind != "application/json":
                        continue
                    whole = {**body["schema"], "components": described["components"]}
                    wrong = Draft202012Validator(whole).iter_errors(body["example"])
                    assert not list(wrong), (method, path, body["example"])
                    shown += 1
    assert shown >= 80


async def test_every_body_that_is_shown_is_taken(api: Api) -> None:
    places = {"ivr": 101, "findme": 102, "receptionist": 103, "voicemail": 104}
    for kind, block_id in places.items():
        added = await api.post(f"/{kind}s", json=BLOCKS[kind])
        assert added.json()["id"] == block_id
    described = (await api.get("/openapi.json")).json()
    sent = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "example" not in content:
                    continue
                block_id = next((at for kind, at in places.items() if f"/{kind}s/" in path), 0)
                address = path.replace("{block_id}", str(block_id)).replace("{question_id}", "7")
                address = re.sub("{.+?}", "nobody", address)
                reply = await api.client.request(
                    method, address, json=content["example"], headers={"If-Match": "*"}
                )
                # Messages and users that are not there are no fault of the body.
                good = reply.status_code < 300 or reply.status_code == 404
                assert good, (method, path, reply.text)
                sent += 1
    assert sent >= 19
