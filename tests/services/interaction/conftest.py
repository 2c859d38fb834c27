from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.customer import app as customer
from services.interaction import app as interaction
from support.contacts import Bank, opened
from support.hosted import hosted


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    """Customer and interaction service in one process on SQLite."""
    async with hosted([customer.compose, interaction.compose], tmp_path) as app:
        yield await opened(app)
