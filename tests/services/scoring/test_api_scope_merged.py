"""A merge across branches lets nobody see, or lose sight of, a customer: each keeps its home."""

import asyncio

import pytest

from support.contacts import Bank, post
from support.scored import relationship


@pytest.mark.parametrize("path", ["", "/explanation", "/timeline"])
async def test_each_branch_sees_its_own_customer_of_a_group_alone(bank: Bank, path: str) -> None:
    merged = await post(bank.admin, f"/v1/customers/{bank.customer}/merges", {"absorbed_id": bank.stranger}, 200)
    for customer in (bank.customer, bank.stranger):
        async with asyncio.timeout(10):
            while len((await relationship(bank, customer, merged))["members"]) < 2:
                await asyncio.sleep(0.02)
    for client, mine, theirs in (
        (bank.officer, bank.customer, bank.stranger),
        (bank.other, bank.stranger, bank.customer),
    ):
        assert (await client.get(f"/v1/relationships/{mine}{path}")).status_code == 200
        assert (await client.get(f"/v1/relationships/{theirs}{path}")).status_code == 404
