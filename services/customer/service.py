"""What the routes of the customer service work with."""

from dataclasses import dataclass

from shared.execute import Executor
from shared.log import EventLog
from shared.money import Rates
from shared.vault import Vault
from shared.views import ViewStore


@dataclass(frozen=True, slots=True)
class CustomerService:
    """`rates` give units of `base_currency` for one unit of another currency, by day."""

    log: EventLog
    executor: Executor
    views: ViewStore
    vault: Vault
    base_currency: str
    rates: Rates
