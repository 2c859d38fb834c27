from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.contacts import Bank
from support.scored import whole_bank


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with whole_bank(tmp_path) as founded:
        yield founded
