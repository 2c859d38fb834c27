"""What the routes of the customer service work with."""

from dataclasses import dataclass, field

from shared.execute import Executor
from shared.log import EventLog
from shared.money import Rates
from shared.runtime import Service
from shared.vault import Vault
from shared.views import ViewStore


@dataclass
class CustomerService(Service):
    """All are there once the service is open. `rates`: units of `base_currency` for one unit of another, by day."""

    log: EventLog = field(init=False)
    executor: Executor = field(init=False)
    views: ViewStore = field(init=False)
    vault: Vault = field(init=False)
    base_currency: str = field(init=False)
    rates: Rates = field(init=False)
