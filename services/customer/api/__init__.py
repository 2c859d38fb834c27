"""The customer service's routes, one module for each resource."""

from services.customer.api import accounts, customers, holders, institutions, referrals, relations, transactions

ROUTERS = (
    institutions.routes,
    customers.routes,
    relations.routes,
    accounts.routes,
    holders.routes,
    transactions.routes,
    referrals.routes,
)
