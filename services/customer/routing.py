"""On which stream an event is written, and which one key it concerns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.customer import contract as c
from shared.decider import Fact

_INSTITUTION = ("institution", "institution_id", "institution_id")
_CUSTOMER = ("customer", "customer_id", "customer_id")
_REFERRAL = ("referral", "referral_id", "referrer_id")
_ACCOUNT = ("account", "account_id", "customer_id")
_BALANCE = ("account-balance", "account_id", "customer_id")
_TRANSACTION = ("transaction", "transaction_id", "customer_id")

ROUTES: dict[type, tuple[str, str, str]] = {
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
"""Event → (stream's prefix, field with the stream's id, field with the key)."""


def facts(events: Iterable[Any], occurred_at: datetime) -> list[Fact]:
    """The events of one decision as facts, all of the same moment."""
    return [_fact(event, occurred_at) for event in events]


def _fact(event: Any, occurred_at: datetime) -> Fact:
    prefix, stream_id, key = ROUTES[type(event)]
    return Fact(f"{prefix}-{getattr(event, stream_id)}", getattr(event, key), event, occurred_at)
