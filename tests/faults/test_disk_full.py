"""The disk is full for a while: what cannot be written is refused, and nothing that was accepted is harmed."""

import asyncio
import resource
from pathlib import Path

import pytest

from services.cli.errors import ApiError
from support.embedded import Embedded
from support.installation import defects
from support.writing import Writer, clean

pytestmark = pytest.mark.slow

FULL = 16 * 1024
"""No file may be written beyond this: every database file is longer, so every write fails."""

BALANCE = {"date": "2025-06-30", "balance": {"amount": "12.50", "currency": "CNY"}}


def _limit(process: Embedded, size: int) -> None:
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, most))


async def test_embedded_mode_outlives_a_full_disk(tmp_path: Path) -> None:
    with Embedded(tmp_path) as process:
        async with process.api() as api:
            writer = Writer(api, "core", 20)
            await writer.open()
            await writer.write(1_000)

            writing = asyncio.create_task(writer.write(3_000))
            _limit(process, FULL)
            await asyncio.sleep(1)
            with pytest.raises(ApiError) as refused:
                await api.post("customer", f"/v1/accounts/{writer.accounts[0]}/balances", BALANCE)
            assert (refused.value.status, refused.value.code) == (503, "log_unavailable")
            customer = await api.get("customer", f"/v1/customers/{writer.customers[0]}")
            assert customer["id"] == writer.customers[0]
            await asyncio.sleep(4)
            assert not writing.done()
            _limit(process, resource.RLIM_INFINITY)

            await writing
            await writer.drained()
            assert not (found := defects(process)), "\n".join(found)
            await clean(api)
            await writer.check()
