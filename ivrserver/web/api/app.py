"""The REST API as one application, with its description (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from ivrserver import __version__
from ivrserver.web.api.bodies import limit_bodies
from ivrserver.web.api.once import Replies, keep_replies
from ivrserver.web.api.problems import FieldProblem, Problem, explain_errors
from ivrserver.web.api.shown import show_examples

PATH: Final = "/api/v1"
_ABOUT: Final = """
Everything that the portal does, for programs. Blocks are spelled as in
flow files. Times are RFC 3339, in UTC.

- **Who you are**: `Authorization: Bearer KEY`, with an API key of the portal. A key has rights such
  as `calls:read`; each operation says which one it needs by answering 403 without it.
- **Lists** come a page at a time: `limit`, and `cursor` with what `next` was in the page before.
- **Errors** are problem details (RFC 9457).
- **Lost updates**: what changes something of the account needs the `ETag` of what was read as
  `If-Match`.
- **Once**: a POST with an `Idempotency-Key` of your own can be sent again safely.
""".strip()


def create_api(routes: Iterable[APIRouter], replies: Replies) -> FastAPI:
    """Make the application, to be mounted at `PATH`.

    Args:
        routes: of all resources, their paths without `PATH`.
        replies: where answers are kept for those who ask again.
    """
    app = FastAPI(
        title="ivrserver",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": PATH}],
        root_path_in_servers=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in routes:
        app.include_router(router)
    explain_errors(app)
    limit_bodies(app)
    keep_replies(app, replies)
    described = app.openapi
    app.openapi = lambda: _described(described())  # type: ignore[method-assign]  # FastAPI's way
    return app


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """The description as FastAPI makes it, with our errors instead of its own."""
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    if "Problem" in schemas:
        return schema
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for model in (FieldProblem, Problem):
        made = model.model_json_schema(ref_template="#/components/schemas/{model}")
        made.pop("$defs", None)
        schemas[model.__name__] = made
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{"key": []}]
    for path in schema["paths"].values():
        for operation in path.values():
            refused = operation["responses"].get("422", {}).get("content", {})
            if "application/json" in refused:
                del operation["responses"]["422"]
    show_examples(schema)
    return schema
