"""The inside of the system is for callers of the whole bank: nothing there is kept apart by institution."""

from pathlib import Path

import pytest

from services.customer import app as customer
from support.contacts import opened
from support.hosted import hosted

READ = (
    "/internal/v1/logs/customer",
    *(f"/internal/v1/projections/customer_views/{part}" for part in ("states", "cursors")),
)


@pytest.mark.parametrize("role", ["service", "operator", "admin"])
async def test_a_branch_sees_nothing_of_the_inside(tmp_path: Path, role: str) -> None:
    async with hosted(customer.compose, tmp_path) as app:
        bank = await opened(app)
        branch = app.client(role, bank.branch)
        for path in READ:
            assert (await app.client(role).get(path)).status_code == 200
            refused = await branch.get(path)
            assert (refused.status_code, refused.json()["code"]) == (403, "whole_bank_only"), path
        retried = await branch.post(f"/internal/v1/projections/customer_views/parked/{bank.stranger}/retries")
        assert retried.status_code == 403
