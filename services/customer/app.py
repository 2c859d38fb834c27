"""The customer service put together."""

from fastapi import FastAPI

from services.customer import contract
from services.customer.api import ROUTERS
from services.customer.reaper import IndexReaper
from services.customer.service import CustomerService
from services.customer.views import INSTITUTIONS, VIEWS
from shared.runtime import Settings, host
from shared.runtime.kernel import Kernel
from shared.runtime.resources import Resources
from shared.tree import Tree

DESCRIPTION = "**customer**: who the customer is, what they hold, what they move."


class _Composed(CustomerService):
    async def open(self, resources: Resources) -> None:
        kernel = await Kernel.open(contract.LOG, [contract], resources)
        self.log = kernel.log
        self.executor = kernel.executor
        self.views = await kernel.own_views(VIEWS)
        self.subtree = Tree(self.views, INSTITUTIONS, lambda row: (row.institution_id, row.parent_id)).subtree
        self.vault = await resources.vault()
        self.base_currency = resources.settings.base_currency
        self.rates = resources.settings.exchange_rates
        kernel.while_leading(IndexReaper(self.vault.index, self.views, self.log))
        kernel.give(self)


def compose(settings: Settings) -> CustomerService:
    """The service; `settings` decide only when it is opened."""
    return _Composed(contract.LOG, ROUTERS, DESCRIPTION)


def create_app(settings: Settings) -> FastAPI:
    """The service alone."""
    return host([compose(settings)], settings)
