"""What a framework does alone: `python -m tests.bench.bare PORT [DATABASE]`, served exactly as our services are."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Response

from services.customer.api.transaction_models import TransactionIn
from services.interaction.api.interactions import InteractionIn
from shared.web import Receipt

ANSWER = Receipt(id="txn_" + "0" * 32, version=1, position="customer/transaction:1")


def application(database: str) -> FastAPI:
    """Two endpoints that validate and forget, and one that reads one row by its key."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(database, min_size=10, max_size=10) if database else None
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def ready() -> dict[str, Any]:
        return {}

    @app.post("/v1/transactions", status_code=201)
    async def transaction(body: TransactionIn) -> Receipt:
        return ANSWER

    @app.post("/v1/interactions", status_code=201)
    async def interaction(body: InteractionIn) -> Receipt:
        return ANSWER

    @app.get("/v1/relationships/{customer_id}")
    async def relationship(customer_id: str) -> Response:
        row = await app.state.pool.fetchrow("SELECT body FROM bare WHERE customer = $1", customer_id)
        return Response(row["body"], media_type="application/json") if row else Response(status_code=404)

    return app


if __name__ == "__main__":
    app = application(sys.argv[2] if len(sys.argv) > 2 else "")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)
