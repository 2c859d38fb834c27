"""Takes out of the blind index whoever was claimed there and then never registered."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from services.customer.views import CUSTOMERS
from shared.auth import WHOLE_BANK
from shared.log import EventLog
from shared.vault_index import BlindIndex
from shared.views import ViewStore

EVERY = timedelta(hours=1)
OLD = timedelta(hours=1)
"""A claim comes moments before its event; one this old has none coming any more."""

_log = logging.getLogger("guanxi.customer.reaper")


class IndexReaper:
    """A component: the index is looked through once an hour."""

    name = "customer-index-reaper"

    def __init__(self, index: BlindIndex, views: ViewStore, log: EventLog) -> None:
        self._index = index
        self._views = views
        self._log = log

    async def run(self) -> None:
        """Reap until cancelled. A failed turn is logged and tried again with the next."""
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            try:
                await self.once()
            except Exception:
                _log.warning("the blind index could not be looked through", exc_info=True)

    async def once(self, older: timedelta = OLD) -> int:
        """One turn; how many subjects were taken out."""
        return await self._index.reap(self._registered, older)

    async def _registered(self, subjects: Sequence[str]) -> set[str]:
        """The log decides: a view may be behind, be built anew, or have the customer parked."""
        shown = set(await self._views.get_many(CUSTOMERS, subjects, WHOLE_BANK))
        others = [subject for subject in subjects if subject not in shown]
        histories = await self._log.load([f"customer-{subject}" for subject in others])
        return shown | {subject for subject, history in zip(others, histories, strict=True) if history.version}
