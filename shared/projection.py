"""Views: how events become rows that are read. The projector applies them exactly once."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from shared.envelope import Envelope

Row = TypeVar("Row")


class Index(msgspec.Struct, frozen=True):
    """By what a row is found besides its id: who it belongs to, which institution may see it, how it is ordered."""

    owner: str = ""
    institution: str = ""
    rank: str = ""


class View(msgspec.Struct, Generic[Row], frozen=True):
    """One question's answer, row by row. Everything in it is pure.

    Args:
        name: the view's name within its projection.
        row: the row's struct; stored as MessagePack.
        ids: the rows that an event touches.
        evolve: the row after the event; None where there was none, None back to delete it.
        index: how the row is found.
    """

    name: str
    row: type[Row]
    ids: Callable[[Envelope], Sequence[str]]
    evolve: Callable[[Row | None, str, Envelope], Row | None]
    index: Callable[[Row], Index]
    encode: Callable[[Any], bytes] = msgspec.msgpack.encode
    decode: Callable[[bytes], Any] | None = None


class Projection(msgspec.Struct, frozen=True):
    """Views that are folded together in one transaction. A changed fold takes a new `version`, hence new tables."""

    name: str
    version: int
    views: tuple[View[Any], ...]
    timeline: bool = False
