"""The interaction service put together."""

from fastapi import FastAPI

from services.customer import contract as customer_contract
from services.directory import Directory, directory
from services.interaction import contract
from services.interaction.api import ROUTERS
from services.interaction.service import InteractionService
from services.interaction.sweep import overdue_promises
from services.interaction.views import VIEWS
from shared.runtime import Settings, host
from shared.runtime.kernel import Kernel
from shared.runtime.resources import Resources
from shared.sweep import Sweep

DESCRIPTION = "**interaction**: every contact, what we promised, and how the service was rated."


class _Composed(InteractionService):
    async def open(self, resources: Resources) -> None:
        kernel = await Kernel.open(contract.LOG, [contract, customer_contract], resources)
        self.executor = kernel.executor
        self.views = await kernel.own_views(VIEWS)
        self.directory = Directory(await kernel.other_views(directory(contract.LOG), customer_contract.LOG))
        self.subtree = self.directory.subtree
        self.vault = await resources.vault()
        kernel.while_leading(
            Sweep("promise-sweep", self.executor, overdue_promises(self.views, resources.settings.zone))
        )
        kernel.give(self)


def compose(settings: Settings) -> InteractionService:
    """The service; `settings` decide only when it is opened."""
    return _Composed(contract.LOG, ROUTERS, DESCRIPTION)


def create_app(settings: Settings) -> FastAPI:
    """The service alone."""
    return host([compose(settings)], settings)
