"""Asking the directory. Its rows may come a moment after the customer: whoever asks for one waits a little."""

import asyncio
import time
from collections.abc import Collection, Mapping

from services.directory.views import CUSTOMERS, INSTITUTIONS, CustomerEntry, InstitutionEntry
from shared.auth.principal import WHOLE_BANK, Scope
from shared.decider import Rejected
from shared.tree import subtree
from shared.views import ViewStore

PATIENCE = 1.0
_POLL = 0.02
_FRESH = 1.0
_PAGE = 500


class Directory:
    """Reads of one service's directory."""

    def __init__(self, views: ViewStore) -> None:
        self._views = views
        self._tree: tuple[float, dict[str, InstitutionEntry]] = (float("-inf"), {})

    async def customers(self, ids: Collection[str], seconds: float = PATIENCE) -> dict[str, CustomerEntry]:
        """The customers that are known within the time; the others are left out."""
        deadline = time.monotonic() + seconds
        while True:
            known = await self._views.get_many(CUSTOMERS, ids, WHOLE_BANK)
            left = deadline - time.monotonic()
            if len(known) == len(set(ids)) or left <= 0:
                return known
            await asyncio.sleep(min(left, _POLL))

    async def institutions(self) -> Mapping[str, InstitutionEntry]:
        """Every institution; up to a second old."""
        read_at, known = self._tree
        if time.monotonic() - read_at > _FRESH:
            known = await self._read_institutions()
            self._tree = (time.monotonic(), known)
        return known

    async def subtree(self, institution_id: str) -> frozenset[str]:
        """An institution and everything below it."""
        known = await self.institutions()
        return subtree(((entry.institution_id, entry.parent_id) for entry in known.values()), institution_id)

    async def _read_institutions(self) -> dict[str, InstitutionEntry]:
        known: dict[str, InstitutionEntry] = {}
        after = None
        while True:
            page, after = await self._views.list(INSTITUTIONS, WHOLE_BANK, after=after, limit=_PAGE)
            known |= {entry.institution_id: entry for entry in page}
            if after is None:
                return known


def home(
    known: Mapping[str, CustomerEntry], customer_id: str, scope: Scope, pointer: str = "/customer_id"
) -> CustomerEntry:
    """The customer a command names. Raises `Rejected`: unknown_customer (retryable), customer_erased."""
    entry = known.get(customer_id)
    if entry is None or not scope.allows(entry.institution_id):
        # Whoever may not see the customer learns no more than that nobody is known here.
        raise Rejected("unknown_customer", "No such customer is known here yet.", pointer, retryable=True)
    if entry.erased:
        raise Rejected("customer_erased", "The customer was erased.", pointer, kind="gone")
    return entry


def place(
    known: Mapping[str, InstitutionEntry], institution_id: str, scope: Scope, pointer: str = "/institution_id"
) -> str:
    """The institution a command names. Raises `Rejected`: unknown_institution, institution_closed."""
    entry = known.get(institution_id)
    if entry is None or not scope.allows(institution_id):
        raise Rejected("unknown_institution", "No such institution.", pointer)
    if entry.closed:
        raise Rejected("institution_closed", "The institution is closed.", pointer)
    return institution_id
