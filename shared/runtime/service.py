"""What a service is to the host that runs it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from fastapi import APIRouter

from shared.audit import ProjectionAudit
from shared.log import EventLog
from shared.relay import Relay
from shared.runtime.resources import Resources

Check: TypeAlias = Callable[[], Awaitable[Any]]
"""Raises, or answers False, when what it checks is not ready."""

Subtree: TypeAlias = Callable[[str], Awaitable[frozenset[str]]]
"""An institution and everything below it."""


class Component(Protocol):
    """Something that runs beside HTTP: until cancelled, and then it finishes what it has in hand."""

    @property
    def name(self) -> str:
        """For logs, metrics and health."""
        ...

    async def run(self) -> None:
        """Work until cancelled. Anything raised is a crash: the supervisor starts it again, a few times."""
        ...


@dataclass
class Running:
    """A component made of a name and an `async def run()`."""

    name: str
    runs: Callable[[], Awaitable[None]]

    async def run(self) -> None:
        await self.runs()


@dataclass
class Service:
    """A service subclasses this: it fills the lists in `open()` and adds what its routes need as attributes.

    Args:
        name: under which routes find it (`serving(name)`).
        routers: its HTTP routes.
        description: for the OpenAPI document.
        components: started after every service was opened, stopped before any is closed.
        checks: name → readiness check.
        subtree: from its projected institution directory; None when it has none.

    Its kernel gives it `log`, `relay` (None without Kafka) and `audits`, which the internal routes read.
    """

    name: str
    routers: Sequence[APIRouter] = ()
    description: str = ""
    components: list[Component] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    subtree: Subtree | None = None
    log: EventLog = field(init=False, repr=False)
    relay: Relay | None = field(init=False, repr=False)
    audits: Mapping[str, ProjectionAudit] = field(init=False, repr=False)

    async def open(self, resources: Resources) -> None:
        """Open what the service needs. Called once, in the running loop; `resources` are closed by the host."""

    async def close(self) -> None:
        """Close what `open` opened by itself; called also when it failed half way."""
