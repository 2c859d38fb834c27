"""On which stream each of the customer service's events is written, and which one key it concerns."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.customer import contract as c
from shared import routes
from shared.decider import Fact
from shared.routes import Route

_INSTITUTION = Route("institution", "institution_id", ("institution_id",))
_CUSTOMER = Route("customer", "customer_id")
_REFERRAL = Route("referral", "referral_id", ("referrer_id",))
_ACCOUNT = Route("account", "account_id")
_BALANCE = Route("account-balance", "account_id")
_TRANSACTION = Route("transaction", "transaction_id")

ROUTES: Mapping[type[Any], Route] = {
    c.InstitutionRegistered: _INSTITUTION,
    c.InstitutionRenamed: _INSTITUTION,
    c.InstitutionMoved: _INSTITUTION,
    c.InstitutionClosed: _INSTITUTION,
    c.CustomerRegistered: _CUSTOMER,
    c.CustomerProfileUpdated: _CUSTOMER,
    c.CustomerTransferred: _CUSTOMER,
    c.DossierFactAdded: _CUSTOMER,
    c.DossierFactWithdrawn: _CUSTOMER,
    c.CoverageAssigned: _CUSTOMER,
    c.CoverageTransferred: _CUSTOMER,
    c.TierChanged: _CUSTOMER,
    c.ServiceElementWeighted: _CUSTOMER,
    c.CustomerMerged: _CUSTOMER,
    c.CustomerAbsorbed: _CUSTOMER,
    c.CustomerUnmerged: _CUSTOMER,
    c.CustomerErasureRequested: _CUSTOMER,
    c.CustomerErased: _CUSTOMER,
    c.ReferralRecorded: _REFERRAL,
    c.CustomerReferred: _CUSTOMER,
    c.ReferralConverted: _REFERRAL,
    c.ReferralLapsed: _REFERRAL,
    c.AccountOpened: _ACCOUNT,
    c.AccountClosed: _ACCOUNT,
    c.AccountHolderAdded: _ACCOUNT,
    c.AccountHolderRemoved: _ACCOUNT,
    c.StandingOrderSet: _ACCOUNT,
    c.BalanceRecorded: _BALANCE,
    c.TransactionPosted: _TRANSACTION,
    c.TransactionReversed: _TRANSACTION,
}


def facts(events: Iterable[Any], occurred_at: datetime) -> list[Fact]:
    """The events of one decision as facts."""
    return routes.facts(ROUTES, events, occurred_at)
