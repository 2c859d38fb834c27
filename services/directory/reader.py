"""Asking the directory. Its rows may come a moment after the customer: whoever asks for one waits a little."""

import asyncio
import time
from collections.abc import Collection
from typing import TypeVar

from services.directory.views import CUSTOMERS, INSTITUTIONS, CustomerEntry, InstitutionEntry
from shared.auth import WHOLE_BANK
from shared.projection import View
from shared.tree import Tree
from shared.views import ViewStore

PATIENCE = 1.0
_POLL = 0.02

Row = TypeVar("Row")


class Directory:
    """Reads of one service's directory, for the whole bank: what a caller may see is decided where it is used."""

    def __init__(self, views: ViewStore) -> None:
        self._views = views
        self.subtree = Tree(views, INSTITUTIONS, lambda entry: (entry.institution_id, entry.parent_id)).subtree

    async def customers(self, ids: Collection[str]) -> dict[str, CustomerEntry]:
        """The customers that are known, or become known within a second; the others are left out."""
        return await self._awaited(CUSTOMERS, ids)

    async def institutions(self, ids: Collection[str]) -> dict[str, InstitutionEntry]:
        """The institutions that are known, or become known within a second; the others are left out."""
        return await self._awaited(INSTITUTIONS, ids)

    async def _awaited(self, view: View[Row], ids: Collection[str]) -> dict[str, Row]:
        deadline = time.monotonic() + PATIENCE
        while True:
            known = await self._views.get_many(view, ids, WHOLE_BANK)
            left = deadline - time.monotonic()
            if len(known) == len(set(ids)) or left <= 0:
                return known
            await asyncio.sleep(min(left, _POLL))
