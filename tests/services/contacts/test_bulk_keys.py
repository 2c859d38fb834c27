"""An idempotency key of a bulk request makes its repetition harmless, and no line the repetition of another."""

from pathlib import Path
from typing import Any

import pytest

from support.hosted import ndjson
from support.scored import whole_bank

CONTACT = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "reached", "employee_id": "e1"}
RATING = {"element": "overall", "value": 4, "scale_min": 1, "scale_max": 5, "source": "device"}
COMPLAINT = {"channel": "counter", "product": "card", "issue": "fee", "severity": "major"}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/interactions/bulk", CONTACT), ("/v1/ratings/bulk", RATING), ("/v1/complaints/bulk", COMPLAINT)],
)
async def test_lines_of_one_request_are_things_of_their_own(tmp_path: Path, path: str, body: dict[str, Any]) -> None:
    async with whole_bank(tmp_path) as bank:
        lines = [body | {"customer_id": bank.customer, "occurred_at": f"2026-03-0{day}"} for day in (2, 3, 3)]
        first, again = [
            (await bank.admin.post(path, content=ndjson(lines), headers={"Idempotency-Key": "one"})).text.splitlines()
            for _ in range(2)
        ]
    assert all('"accepted"' in verdict for verdict in first[:3]), first
    assert len({verdict.partition('"id":')[2].partition(",")[0] for verdict in first[:3]}) == 3
    assert [verdict.replace("replayed", "accepted") for verdict in again[:3]] == first[:3]
