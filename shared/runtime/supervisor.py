"""Components run here. What a broker or a database that is away stops is started again until it comes back, however
long that takes. Any other crash is a defect: it is restarted a few times, and a component that crashes again and again
takes the process down, because a service that silently stopped folding events serves old answers as if they were new,
and whoever runs the process can see an exit but not a missing loop.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from shared.codec import SchemaTooNew
from shared.outages import passing
from shared.runtime.service import Component

RESTARTS = 5
HEALTHY = 60.0
LONGEST = 10.0

_log = logging.getLogger("guanxi.supervisor")


class ComponentFailed(Exception):
    """A component crashed too often; the process cannot do its work."""


class Supervisor:
    """Runs components in one task group, from `start` to `stop`.

    Args:
        failed: called once when a component is given up.
        pause: seconds before the first restart; doubled for each further one.
    """

    def __init__(self, components: Sequence[Component], failed: Callable[[], None], *, pause: float = 0.2) -> None:
        self._components = list(components)
        self._failed = failed
        self._pause = pause
        self._main: asyncio.Task[None] | None = None
        self.running: set[str] = set()
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Start every component."""
        self._main = asyncio.create_task(self._run(), name="components")

    async def stop(self, seconds: float) -> None:
        """Cancel all and wait for what they finish, at most `seconds`."""
        if self._main is None:
            return
        self._main.cancel()
        _, late = await asyncio.wait({self._main}, timeout=seconds)
        if late:
            _log.error("components did not stop in %s s: %s", seconds, ", ".join(sorted(self.running)))

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for component in self._components:
                group.create_task(self._keep(component), name=component.name)

    async def _keep(self, component: Component) -> None:
        """Run one component until cancelled or given up; raises nothing, so that its neighbours go on."""
        crashes = starts = 0
        while True:
            started = time.monotonic()
            self.running.add(component.name)
            try:
                await component.run()
                raise ComponentFailed("it returned, though it was not asked to stop")
            except Exception as error:
                if time.monotonic() - started > HEALTHY:
                    crashes = starts = 0
                starts += 1
                if passing(error):
                    _log.warning("%s starts again, for what it needs is away", component.name, exc_info=True)
                else:
                    crashes += 1
                    if crashes > RESTARTS or isinstance(error, SchemaTooNew):
                        self._give_up(component, error)
                        return
                    _log.exception("%s crashed, restart %s of %s", component.name, crashes, RESTARTS)
            finally:
                self.running.discard(component.name)
            await asyncio.sleep(min(LONGEST, self._pause * 2 ** min(starts - 1, 10)))

    def _give_up(self, component: Component, error: Exception) -> None:
        _log.critical("%s is given up, the process ends", component.name, exc_info=error)
        if self.failure is None:
            self.failure = error
            self._failed()
