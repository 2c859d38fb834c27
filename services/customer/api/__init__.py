"""The customer service's routes, one module for each resource."""

from services.customer.api import accounts, customers, holders, institutions, referrals, relations, transactions
from services.customer.contract import LOG
from shared.web.internal import internal

ROUTERS = (
    institutions.routes,
    customers.routes,
    relations.routes,
    accounts.routes,
    holders.routes,
    transactions.routes,
    referrals.routes,
    internal(LOG, LOG, "customer_views"),
)
