"""A merge across branches lets nobody see, or lose sight of, a customer: each keeps its home."""

import asyncio
from typing import Any

import pytest

from support.contacts import Bank, post
from support.scored import ago, meet, now, relationship


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


async def test_nobody_is_in_a_group_before_the_merge_or_after_its_end(bank: Bank) -> None:
    alone = await relationship(bank, bank.stranger, await meet(bank, bank.stranger, ago(3)))
    merging = {"absorbed_id": bank.stranger}
    before = now()
    merged = await post(bank.admin, f"/v1/customers/{bank.customer}/merges", merging, 200)
    during = await moment_after(bank, merged, 2)
    withdrawn = f"/v1/customers/{bank.customer}/merges/{bank.stranger}/withdrawal"
    await moment_after(bank, await post(bank.admin, withdrawn, {}, 200), 1)
    for clocks in ({"as_of": before}, {"known_at": before}, {"as_of": before, "known_at": before}, {"as_of": now()}):
        told = (await bank.admin.get(f"/v1/relationships/{bank.stranger}", params=clocks)).json()
        assert (told["members"], told["customer_id"]) == ([bank.stranger], bank.stranger), clocks
        assert told["strength"] == alone["strength"]
    then = {"as_of": during, "known_at": during}
    for path in ("", "/explanation"):
        told = await bank.admin.get(f"/v1/relationships/{bank.stranger}{path}", params=then)
        assert told.json()["customer_id"] == bank.customer


async def moment_after(bank: Bank, receipt: dict[str, Any], members: int) -> str:
    """An instant at which the group has so many members."""
    async with asyncio.timeout(10):
        while len((await relationship(bank, bank.stranger, receipt))["members"]) != members:
            await asyncio.sleep(0.02)
    return now()
