from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.complaint import app as complaint
from services.customer import app as customer
from support.contacts import Bank, opened
from support.hosted import hosted


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    """Customer and complaint service in one process on SQLite."""
    async with hosted([customer.compose, complaint.compose], tmp_path) as app:
        yield await opened(app)
