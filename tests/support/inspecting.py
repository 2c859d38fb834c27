"""What a running Guanxi holds, read through its internal routes."""

import base64
import json
from collections import Counter

from services.cli.client import Api
from services.cli.verify import LOGS
from services.scoring import contract as relationship
from services.scoring import evidence, row

SOURCES = tuple(log for log in LOGS if log != relationship.LOG)


async def event_types(api: Api) -> Counter[str]:
    """How many events of each type the logs of the three source services hold."""
    return Counter(
        [json.loads(line)["type"] for log in SOURCES async for line in api.lines(LOGS[log], f"/internal/v1/logs/{log}")]
    )


async def evidence_of_all(api: Api) -> dict[str, bytes]:
    """Customer → the bytes of their evidence, without the positions that it was folded up to."""
    found: dict[str, bytes] = {}
    async for line in api.lines("scoring", "/internal/v1/projections/evidence/states"):
        state = json.loads(line)
        if state["view"] == "evidence":
            found[state["id"]] = evidence.encode(row.decode(base64.b64decode(state["data"])).evidence)
    return found


async def folded(api: Api) -> int:
    """How many events the scoring service has in its timeline."""
    return len([line async for line in api.lines("scoring", "/internal/v1/projections/evidence/timeline")])
