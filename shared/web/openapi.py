"""The OpenAPI document as callers see it, and the test that no route forgot its scope."""

from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from shared.auth.roles import SCOPES
from shared.web.problems import ProblemBody


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
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        components.pop("HTTPValidationError", None)
        components.pop("ValidationError", None)
        problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        components |= {**problem.pop("$defs"), "Problem": problem}
        app.openapi_schema = schema
    return app.openapi_schema


def _scopes(dependant: Dependant) -> set[str]:
    own = {str(scope) for scope in dependant.own_oauth_scopes or ()}
    return own.union(*(_scopes(child) for child in dependant.dependencies))
