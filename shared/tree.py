"""Trees given as child → parent."""

import time
from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias, TypeVar

from shared.auth import WHOLE_BANK
from shared.projection import View
from shared.views import After, ViewStore

FRESH = 1.0
_PAGE = 500

Row = TypeVar("Row")
Link: TypeAlias = tuple[str, str | None]
"""Child and parent."""


def subtree(links: Iterable[Link], root: str) -> frozenset[str]:
    """A node and everything below it. A ring, which nobody should make, is walked once."""
    children: dict[str, list[str]] = {}
    for child, parent in links:
        if parent is not None:
            children.setdefault(parent, []).append(child)
    found: set[str] = set()
    ends = [root]
    while ends:
        current = ends.pop()
        if current not in found:
            found.add(current)
            ends.extend(children.get(current, ()))
    return frozenset(found)


class Tree(Generic[Row]):
    """The tree that a view's rows make, read whole at most once a second: every request of a branch asks for it.

    Args:
        views: where the rows are.
        view: one row for each node.
        link: a row's id and its parent's.
    """

    def __init__(self, views: ViewStore, view: View[Row], link: Callable[[Row], Link]) -> None:
        self._views = views
        self._view = view
        self._link = link
        self._links: list[Link] = []
        self._read_at = float("-inf")

    async def subtree(self, root: str) -> frozenset[str]:
        """A node and everything below it, as it was at most a second ago."""
        if time.monotonic() - self._read_at > FRESH:
            self._links = await self._read()
            self._read_at = time.monotonic()
        return subtree(self._links, root)

    async def _read(self) -> list[Link]:
        links: list[Link] = []
        after: After | None = None
        while True:
            page, after = await self._views.list(self._view, WHOLE_BANK, after=after, limit=_PAGE)
            links += map(self._link, page)
            if after is None:
                return links
