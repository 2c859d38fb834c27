"""The complaint service put together."""

from fastapi import FastAPI

from services.complaint import contract
from services.complaint.api import ROUTERS
from services.complaint.service import ComplaintService
from services.complaint.sweep import unanswered_complaints
from services.complaint.views import VIEWS
from services.customer import contract as customer_contract
from services.directory import Directory, directory
from shared.runtime import Settings, host
from shared.runtime.kernel import Kernel
from shared.runtime.resources import Resources
from shared.sweep import Sweep

DESCRIPTION = "**complaint**: a gift with a clock on it."


class _Composed(ComplaintService):
    async def open(self, resources: Resources) -> None:
        kernel = await Kernel.open(contract.LOG, [contract, customer_contract], resources)
        self.executor = kernel.executor
        self.views = await kernel.own_views(VIEWS)
        self.directory = Directory(await kernel.other_views(directory(contract.LOG), customer_contract.LOG))
        self.subtree = self.directory.subtree
        self.vault = await resources.vault()
        kernel.while_leading(Sweep("confirmation-sweep", self.executor, unanswered_complaints(self.views)))
        kernel.give(self)


def compose(settings: Settings) -> ComplaintService:
    """The service; `settings` decide only when it is opened."""
    return _Composed(contract.LOG, ROUTERS, DESCRIPTION)


def create_app(settings: Settings) -> FastAPI:
    """The service alone."""
    return host([compose(settings)], settings)
