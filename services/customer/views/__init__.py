"""What the customer service's readers ask, folded from its own log."""

from services.customer.views.accounts import ACCOUNTS
from services.customer.views.customers import CUSTOMERS
from services.customer.views.institutions import INSTITUTIONS
from services.customer.views.transactions import BALANCES, TRANSACTIONS
from shared.projection import Projection

__all__ = ["ACCOUNTS", "BALANCES", "CUSTOMERS", "INSTITUTIONS", "TRANSACTIONS", "VIEWS"]

VIEWS = Projection("customer_views", 1, (INSTITUTIONS, CUSTOMERS, ACCOUNTS, TRANSACTIONS, BALANCES))
