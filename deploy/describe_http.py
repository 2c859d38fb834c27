"""python -m deploy.describe_http: writes docs/api/<service>.openapi.json for every service."""

import json
import sys
from importlib import import_module
from pathlib import Path

from pydantic import SecretStr

from shared.runtime import Settings

SERVICES = ("customer", "interaction", "complaint", "scoring")
DOCUMENTS = Path(__file__).parent.parent / "docs" / "api"


def document(service: str) -> str:
    """The OpenAPI document of a service as it is committed. Nothing is opened or written for it."""
    secret = SecretStr("only to describe the routes, not to serve them")
    settings = Settings(jwks="jwks.json", secret=secret, vault_secret=secret, metrics_port=0)
    app = import_module(f"services.{service}.app").create_app(settings)
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def path(service: str) -> Path:
    """Where the document is committed."""
    return DOCUMENTS / f"{service}.openapi.json"


if __name__ == "__main__":
    for name in sys.argv[1:] or SERVICES:
        path(name).write_text(document(name), encoding="utf-8")
