"""A token bucket per client: bursts are fine, a flood is not."""

import time
from collections import OrderedDict
from collections.abc import Callable


class RateLimit:
    """`rate` requests a second for each client on average, `burst` at once. Holds the latest `clients` of them."""

    def __init__(
        self,
        rate: float,
        burst: float | None = None,
        *,
        clients: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = burst or 2 * rate
        self._clients = clients
        self._clock = clock
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """0 when the request may go on, else the seconds until one may."""
        key = hash(client)
        now = self._clock()
        tokens, then = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        self._buckets[key] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._clients:
            self._buckets.popitem(last=False)
        return wait
