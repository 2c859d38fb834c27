"""Asking the directory. Its rows may come a moment after the customer: whoever asks for one waits a little."""

import asyncio
import time
from collections.abc import Collection
from typing import TypeVar

from services.directory.views import CUSTOMERS, INSTITUTIONS, CustomerEntry, InstitutionEntry
from shared.auth import WHOLE_BANK
from shared.projection import View
from shared.tree import subtree
from shared.views import ViewStore

PATIENCE = 1.0
_POLL = 0.02
_FRESH = 1.0
_PAGE = 500

Row = TypeVar("Row")


class Directory:
    """Reads of one service's directory, for the whole bank: what a caller may see is decided where it is used."""

    def __init__(self, views: ViewStore) -> None:
        self._views = views
        self._links: list[tuple[str, str | None]] = []
        self._links_read = float("-inf")

    async def customers(self, ids: Collection[str]) -> dict[str, CustomerEntry]:
        """The customers that are known, or become known within a second; the others are left out."""
        return await self._awaited(CUSTOMERS, ids)

    async def institutions(self, ids: Collection[str]) -> dict[str, InstitutionEntry]:
        """The institutions that are known, or become known within a second; the others are left out."""
        return await self._awaited(INSTITUTIONS, ids)

    async def subtree(self, institution_id: str) -> frozenset[str]:
        """An institution and everything below it, as it was at most a second ago."""
        if time.monotonic() - self._links_read > _FRESH:
            self._links = await self._read_links()
            self._links_read = time.monotonic()
        return subtree(self._links, institution_id)

    async def _awaited(self, view: View[Row], ids: Collection[str]) -> dict[str, Row]:
        deadline = time.monotonic() + PATIENCE
        while True:
            known = await self._views.get_many(view, ids, WHOLE_BANK)
            left = deadline - time.monotonic()
            if len(known) == len(set(ids)) or left <= 0:
                return known
            await asyncio.sleep(min(left, _POLL))

    async def _read_links(self) -> list[tuple[str, str | None]]:
        links: list[tuple[str, str | None]] = []
        after = None
        while True:
            page, after = await self._views.list(INSTITUTIONS, WHOLE_BANK, after=after, limit=_PAGE)
            links += [(entry.institution_id, entry.parent_id) for entry in page]
            if after is None:
                return links
