"""The institution tree as the access rules ask for it."""

import time

from services.customer.views.institutions import INSTITUTIONS, InstitutionRow, below
from shared.auth import WHOLE_BANK
from shared.views import After, ViewStore

FRESH = 1.0
_PAGE = 500


class InstitutionTree:
    """Reads the whole tree at most once a second: every request of a branch asks for its subtree."""

    def __init__(self, views: ViewStore) -> None:
        self._views = views
        self._rows: list[InstitutionRow] = []
        self._read_at = float("-inf")

    async def subtree(self, institution_id: str) -> frozenset[str]:
        """An institution and everything below it, as it was at most a second ago."""
        if time.monotonic() - self._read_at > FRESH:
            self._rows = await self._read()
            self._read_at = time.monotonic()
        return below(self._rows, institution_id)

    async def _read(self) -> list[InstitutionRow]:
        rows: list[InstitutionRow] = []
        after: After | None = None
        while True:
            page, after = await self._views.list(INSTITUTIONS, WHOLE_BANK, after=after, limit=_PAGE)
            rows += page
            if after is None:
                return rows
