"""The OpenAPI document as callers see it, and the test that no route forgot its scope."""

from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from shared.auth.roles import SCOPES
from shared.web.call import MUST_MATCH
from shared.web.problems import ProblemBody, problems

_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "`guanxi token` makes one."}


def public(endpoint: Any) -> Any:
    """Marks a route that needs no token."""
    endpoint.__public__ = True
    return endpoint


def unscoped(app: FastAPI) -> list[str]:
    """Routes that neither declare a known scope nor are marked public. Must be empty."""
    found: list[str] = []
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute) or getattr(context.endpoint, "__public__", False):
            continue
        scopes = _scopes(context.dependant)
        if not scopes or scopes - SCOPES.keys():
            found.append(f"{sorted(context.methods or ())} {context.path}")
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """The document: FastAPI's, with problems instead of its own validation error."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
            tags=app.openapi_tags,
            separate_input_output_schemas=False,
        )
        _secure(app, schema)
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        components.pop("HTTPValidationError", None)
        components.pop("ValidationError", None)
        problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        components |= {**problem.pop("$defs"), "Problem": problem}
        app.openapi_schema = schema
    return app.openapi_schema


def _secure(app: FastAPI, schema: dict[str, Any]) -> None:
    """The scheme, and the scopes that each operation's dependencies declare."""
    schema.setdefault("components", {})["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "`guanxi token` makes one.",
        }
    }
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute) and (scopes := _scopes(context.dependant)):
            for method in context.methods or ():
                operation = schema["paths"].get(context.path_format, {}).get(method.lower())
                if operation is not None:
                    operation["security"] = [{"bearer": sorted(scopes)}]
                    _declare_conflicts(operation, method)


def _declare_conflicts(operation: dict[str, Any], method: str) -> None:
    """What every route that takes a `Call` can answer with, whether or not its author thought of it."""
    if any(parameter["name"] == "if-match" for parameter in operation.get("parameters", ())):
        also = problems(409, 412, *((428,) if method in MUST_MATCH else ()))
        for status, answer in also.items():
            operation["responses"].setdefault(str(status), answer)


def _scopes(dependant: Dependant) -> set[str]:
    own = {str(scope) for scope in dependant.own_oauth_scopes or ()}
    return own.union(*(_scopes(child) for child in dependant.dependencies))
