"""How far projections are behind: in events not folded yet."""

import msgspec

from services.cli.client import Api
from services.cli.options import settings
from services.cli.projections import LOGS
from services.cli.remote_log import standing
from shared.feed import Offsets
from shared.topic_ends import end_offsets

NOTHING = "nothing is folded yet"


async def behind(session: Api, service: str, projection: str) -> int | str:
    """How many events the projection has not folded yet, or why that cannot be told from here.

    Of what comes over Kafka only what is published counts; the rest is the log's own lag. Raises CliError, and
    Kafka's errors.
    """
    path = f"/internal/v1/projections/{projection}/cursors"
    cursors = [msgspec.json.decode(line) async for line in session.lines(service, path)]
    moved: dict[int, Offsets] = {cursor["partition"]: cursor["offsets"] for cursor in cursors if cursor["offsets"]}
    names = sorted({name for offsets in moved.values() for name in offsets})
    if not names:
        return NOTHING
    if set(names) <= LOGS.keys():
        return sum([await _unread(session, moved, log) for log in names])
    kafka = settings().kafka
    if kafka is None:
        return "reads Kafka: GUANXI_FEED must name it here too"
    ends = await end_offsets(kafka, names)
    return sum(end - moved.get(number, {}).get(name, 0) for number, page in ends.items() for name, end in page.items())


async def _unread(session: Api, moved: dict[int, Offsets], log: str) -> int:
    head = (await standing(session, LOGS[log], log))["head"]
    return max(0, head - max(offsets.get(log, 0) for offsets in moved.values()))
