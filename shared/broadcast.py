"""Live fan-out of one log to many subscribers: read and encoded once, resumable from any position."""

import asyncio
from collections.abc import AsyncIterator, Callable

from shared.codec import Codec
from shared.envelope import Envelope
from shared.log import EventLog

PAGE = 500
Accept = Callable[[Envelope], bool]
Encode = Callable[[Envelope], bytes]


class Lagging(Exception):
    """A subscriber read too slowly and was let go; it resumes from the last position it saw."""


class Subscription:
    """One subscriber's share: what it accepts, and a bounded queue of what it has not read yet."""

    def __init__(self, accept: Accept, limit: int) -> None:
        self.accept = accept
        self.queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(limit)
        self.lagging = False

    def offer(self, envelope: Envelope, message: bytes) -> None:
        """Queue a message that the subscriber accepts; a full queue ends the subscription, never the broadcast."""
        if self.lagging or not self.accept(envelope):
            return
        try:
            self.queue.put_nowait((envelope.position, message))
        except asyncio.QueueFull:
            self.lagging = True


class Broadcast:
    """A component that tails `log` from its head and hands each event to every subscription.

    Args:
        encode: a message's bytes, made once for all subscribers.
        limit: messages that one subscriber may leave unread (a few hundred bytes each).
    """

    def __init__(self, log: EventLog, codec: Codec, encode: Encode, *, limit: int = 100) -> None:
        self.name = f"{log.name}-broadcast"
        self._log = log
        self._codec = codec
        self._encode = encode
        self._limit = limit
        self._position: int | None = None
        self._ready = asyncio.Event()
        self._subscriptions: set[Subscription] = set()

    @property
    def subscribers(self) -> int:
        """How many subscriptions are open."""
        return len(self._subscriptions)

    async def run(self) -> None:
        """Tail the log until cancelled."""
        self._position = await self._log.head() if self._position is None else self._position
        self._ready.set()
        while True:
            await self._log.wait(self._position, 1.0)
            for record in await self._log.read(self._position, PAGE):
                envelope = self._codec.decode(record)
                message = self._encode(envelope)
                for subscription in self._subscriptions:
                    subscription.offer(envelope, message)
                self._position = record.position

    async def subscribe(self, accept: Accept, after: int | None = None) -> AsyncIterator[tuple[int, bytes]]:
        """(position, message) of every accepted event after `after`, or from now on; without gaps or repetition.

        Raises `Lagging` when the subscriber reads too slowly.
        """
        await self._ready.wait()
        subscription = Subscription(accept, self._limit)
        self._subscriptions.add(subscription)
        try:
            last = self._position or 0
            if after is not None:
                async for position, message in self._replay(accept, after, last):
                    yield position, message
            while not (subscription.lagging and subscription.queue.empty()):
                position, message = await subscription.queue.get()
                if position > last:
                    yield position, message
            raise Lagging
        finally:
            self._subscriptions.discard(subscription)

    async def _replay(self, accept: Accept, after: int, until: int) -> AsyncIterator[tuple[int, bytes]]:
        while after < until:
            for record in await self._log.read(after, min(PAGE, until - after)):
                after = record.position
                envelope = self._codec.decode(record)
                if accept(envelope):
                    yield after, self._encode(envelope)
