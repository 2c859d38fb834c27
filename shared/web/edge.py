"""What the conventions need from the composition root; a host puts one into `app.state.edge`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from fastapi import Request

from shared.auth import Verifier
from shared.keyring import Keyring
from shared.web.cursors import Cursors


async def itself(institution_id: str) -> frozenset[str]:
    """The subtree of an institution for a host that knows no directory."""
    return frozenset((institution_id,))


def now() -> datetime:
    """The clock of a host unless a test gives another."""
    return datetime.now(UTC)


@dataclass
class Edge:
    """`subtree` answers with an institution and everything below it."""

    verifier: Verifier
    keyring: Keyring
    zone: ZoneInfo
    clock: Callable[[], datetime] = now
    subtree: Callable[[str], Awaitable[frozenset[str]]] = itself
    cursors: Cursors = field(init=False)

    def __post_init__(self) -> None:
        self.cursors = Cursors(self.keyring)


def edge_of(request: Request) -> Edge:
    """The edge of the application that serves this request."""
    return cast(Edge, request.app.state.edge)
