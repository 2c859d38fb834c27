"""A read on its way: who asks, for which institutions, and how fresh the answer must be."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Query, Request
from fastapi.security import SecurityScopes

from shared.auth import Principal, Scope
from shared.web.caller import caller
from shared.web.edge import edge_of
from shared.web.positions import Position, parse_positions
from shared.web.problems import Problem, unavailable

PATIENCE = 2.0


class Waits(Protocol):
    """A view store as far as freshness is concerned."""

    async def wait(self, channel: str, position: int, seconds: float) -> bool:
        """Whether the views reached the position within the time."""
        ...


@dataclass(slots=True)
class Read:
    """One request that changes nothing."""

    principal: Principal
    scope: Scope
    positions: tuple[Position, ...]
    request: Request

    async def fresh(self, views: Waits) -> None:
        """Wait until the views hold what `min_position` asks for. Raises `Problem` 503 `projection_behind`."""
        for position in self.positions:
            if not await views.wait(position.channel, position.position, PATIENCE):
                raise unavailable("projection_behind", "The views have not reached min_position yet.")

    @property
    def after(self) -> Any:
        """Where a list continues: what `next_cursor` was given, None at the start. Raises `Problem` 422."""
        return edge_of(self.request).cursors.read(self._list(), self.request.query_params.get("cursor"))

    def next_cursor(self, after: Any) -> str | None:
        """The cursor of the following page; None in, None out."""
        return None if after is None else edge_of(self.request).cursors.write(self._list(), after)

    def _list(self) -> str:
        """A cursor belongs to one path with one set of filters, for callers of one institution."""
        query = sorted(
            (name, value)
            for name, value in self.request.query_params.multi_items()
            if name not in ("cursor", "limit", "min_position")
        )
        return repr((self.request.url.path, query, self.principal.institution))


Limit = Annotated[int, Query(ge=1, le=100, description="Rows of a page.")]
Cursor = Annotated[str | None, Query(max_length=2048, description="`next_cursor` of the page before.")]
"""Declares the parameter; its value is read through `Read.after`."""


async def browse(request: Request, needed: SecurityScopes) -> Read:
    """The dependency of reads that offer no `min_position`: rankings and portfolios."""
    who = await caller(request, needed)
    return Read(who.principal, who.scope, (), request)


async def read(
    request: Request,
    needed: SecurityScopes,
    min_position: Annotated[
        str | None,
        Query(
            max_length=1024,
            description="Positions from receipts like `customer/transaction:1842`, comma-separated: "
            "the answer shows at least what they name.",
        ),
    ] = None,
) -> Read:
    """The dependency of reads: `Security(read, scopes=[…])`."""
    who = await caller(request, needed)
    return Read(who.principal, who.scope, parse_positions(min_position), request)


Row = TypeVar("Row")


def found(row: Row | None) -> Row:
    """The row. Raises `Problem` 404 for None: what is not there and what the caller may not see look the same."""
    if row is None:
        raise Problem(404, "not_found", "No such resource.")
    return row


def etag(version: int) -> str:
    """A strong ETag of a stream version."""
    return f'"{version}"'


def serving(name: str) -> Callable[[Request], Awaitable[Any]]:
    """The dependency that gives a route its service: `Depends(serving("customer"))`."""

    async def service(request: Request) -> Any:
        return request.app.state.services[name]

    return service
