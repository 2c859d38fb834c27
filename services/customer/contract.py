"""The customer service's published language. Amounts are integers in the minor unit of their currency (ISO 4217)."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from shared.envelope import Reference, Sealed

Kind = Literal["personal", "enterprise", "public_body", "peer_institution", "group"]
Tier = Literal["gold", "key", "quasi_key", "ordinary", "marginal"]
Product = Literal[
    "demand_deposit",
    "term_deposit",
    "fixed_asset_loan",
    "working_capital_loan",
    "real_estate_loan",
    "consumer_loan",
    "card",
    "fund",
    "wealth_product",
    "insurance",
    "bond",
    "precious_metal",
    "bill_discount",
    "guarantee",
]
CreditDebit = Literal["CRDT", "DBIT"]
External = Literal["in", "out", "none"]
Initiator = Literal["customer", "bank", "standing_order"]
BalanceSource = Literal["transactions", "recorded"]
CoverageRole = Literal["relationship_manager", "product_manager", "industry_manager", "risk_manager"]
InstitutionLevel = Literal["head_office", "branch", "sub_branch"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of every event: immutable, and silent about fields that hold their default."""


# Institutions: keyed by the institution's own id.


class InstitutionRegistered(Event, frozen=True):
    institution_id: str
    name: str
    level: InstitutionLevel
    parent_id: str | None = None
    reference: Reference | None = None


class InstitutionRenamed(Event, frozen=True):
    institution_id: str
    name: str


class InstitutionMoved(Event, frozen=True):
    institution_id: str
    parent_id: str
    effective: date


class InstitutionClosed(Event, frozen=True):
    institution_id: str
    effective: date


# Customers: keyed by the customer.


class CustomerRegistered(Event, frozen=True):
    customer_id: str
    kind: Kind
    institution_id: str
    name: Sealed
    contact: dict[str, Sealed] = {}
    birth_date: Sealed | None = None
    reference: Reference | None = None
    identity_number: Sealed | None = None


class CustomerProfileUpdated(Event, frozen=True):
    customer_id: str
    name: Sealed | None = None
    contact: dict[str, Sealed] = {}
    birth_date: Sealed | None = None
    identity_number: Sealed | None = None


class CustomerTransferred(Event, frozen=True):
    customer_id: str
    institution_id: str
    effective: date


class DossierFactAdded(Event, frozen=True):
    customer_id: str
    fact_id: str
    topic: str
    value: Sealed
    purpose: str
    interaction_id: str | None = None


class DossierFactWithdrawn(Event, frozen=True):
    customer_id: str
    fact_id: str


class CoverageAssigned(Event, frozen=True):
    customer_id: str
    role: CoverageRole
    employee_id: str


class CoverageTransferred(Event, frozen=True):
    customer_id: str
    role: CoverageRole
    employee_id: str
    previous_employee_id: str


class TierChanged(Event, frozen=True):
    """`rule` and `rule_version` name the published rule, `inputs` what it was applied to."""

    customer_id: str
    tier: Tier
    rule: str
    rule_version: str
    inputs: dict[str, Any] = {}


class ServiceElementWeighted(Event, frozen=True):
    """What matters to this customer: element → weight, any non-negative scale."""

    customer_id: str
    weights: dict[str, int]


class CustomerMerged(Event, frozen=True):
    """On the survivor's key: `absorbed_id` is now assessed together with it."""

    customer_id: str
    absorbed_id: str


class CustomerAbsorbed(Event, frozen=True):
    """On the absorbed customer's key."""

    customer_id: str
    survivor_id: str


class CustomerUnmerged(Event, frozen=True):
    """On both keys: the merge is withdrawn."""

    customer_id: str
    other_id: str


class CustomerErasureRequested(Event, frozen=True):
    customer_id: str


class CustomerErased(Event, frozen=True):
    customer_id: str


class ReferralRecorded(Event, frozen=True):
    """On the referrer's key."""

    referral_id: str
    referrer_id: str
    referred_id: str | None = None


class CustomerReferred(Event, frozen=True):
    """On the new customer's key."""

    customer_id: str
    referral_id: str
    referrer_id: str


class ReferralConverted(Event, frozen=True):
    """On the referrer's key."""

    referral_id: str
    referrer_id: str


class ReferralLapsed(Event, frozen=True):
    """On the referrer's key."""

    referral_id: str
    referrer_id: str


# Accounts: keyed by the primary holder at the time.


class Investment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Terms of a holding with a price. Amounts and prices in minor units; `expected_return` in basis points a year."""

    amount_minor: int
    price_minor: int | None = None
    expected_return: int | None = None
    take_profit_minor: int | None = None
    stop_loss_minor: int | None = None


class AccountOpened(Event, frozen=True):
    """`since` is when the account began, wherever it was kept then; `opening_balance_minor` is booked on that day."""

    account_id: str
    customer_id: str
    product: Product
    currency: str
    institution_id: str
    since: date
    opening_balance_minor: int = 0
    balance_source: BalanceSource = "transactions"
    maturity_date: date | None = None
    investment: Investment | None = None
    reference: Reference | None = None


class AccountClosed(Event, frozen=True):
    account_id: str
    customer_id: str
    product: Product
    effective: date


class AccountHolderAdded(Event, frozen=True):
    """On the co-holder's key."""

    account_id: str
    customer_id: str
    product: Product
    since: date


class AccountHolderRemoved(Event, frozen=True):
    """On the co-holder's key."""

    account_id: str
    customer_id: str
    product: Product
    effective: date


class StandingOrderSet(Event, frozen=True):
    """Amount in minor units of `currency`; `counterparty` is a keyed hash."""

    standing_order_id: str
    account_id: str
    customer_id: str
    amount_minor: int
    currency: str
    counterparty: str | None = None
    purpose: str | None = None
    reference: Reference | None = None


class BalanceEffect(msgspec.Struct, frozen=True):
    """What a recorded balance changes on a day, so that a fold never has to look up its neighbours."""

    date: date
    change_minor: int


class BalanceRecorded(Event, frozen=True):
    """The closing booked balance of a day, with its effects on that day and on the next known one."""

    account_id: str
    customer_id: str
    date: date
    balance_minor: int
    currency: str
    effects: tuple[BalanceEffect, ...] = ()


# Transactions: keyed by the primary holder at posting time.


class BankTransactionCode(msgspec.Struct, frozen=True, omit_defaults=True):
    """ISO 20022 bank transaction code."""

    domain: str
    family: str
    sub_family: str = ""


class TransactionPosted(Event, frozen=True):
    """`base_amount_minor` is in the installation's base currency at the booking date's rate."""

    transaction_id: str
    account_id: str
    customer_id: str
    institution_id: str
    reference: Reference
    credit_debit_indicator: CreditDebit
    amount_minor: int
    currency: str
    base_amount_minor: int
    booking_date: date
    value_date: date
    initiated_by: Initiator
    channel: str = ""
    external: External = "none"
    purchase: bool = False
    feeds_balance: bool = True
    bank_transaction_code: BankTransactionCode | None = None
    counterparty: str | None = None


class OriginalTransaction(msgspec.Struct, frozen=True):
    """The event that a reversal takes back, whole, so that any fold can subtract it without a look-up."""

    occurred_at: datetime
    data: TransactionPosted
    type: str = "transaction.posted"
    schema: int = 1


class TransactionReversed(Event, frozen=True):
    """A retracting event: the posting was wrong."""

    transaction_id: str
    account_id: str
    customer_id: str
    reason: str
    original: OriginalTransaction


LOG = "customer"
EVENTS: tuple[tuple[str, int, type, str], ...] = (
    ("institution.registered", 1, InstitutionRegistered, "customer"),
    ("institution.renamed", 1, InstitutionRenamed, "customer"),
    ("institution.moved", 1, InstitutionMoved, "customer"),
    ("institution.closed", 1, InstitutionClosed, "customer"),
    ("customer.registered", 1, CustomerRegistered, "customer"),
    ("customer.profile-updated", 1, CustomerProfileUpdated, "customer"),
    ("customer.transferred", 1, CustomerTransferred, "customer"),
    ("dossier-fact.added", 1, DossierFactAdded, "customer"),
    ("dossier-fact.withdrawn", 1, DossierFactWithdrawn, "customer"),
    ("coverage.assigned", 1, CoverageAssigned, "customer"),
    ("coverage.transferred", 1, CoverageTransferred, "customer"),
    ("tier.changed", 1, TierChanged, "customer"),
    ("service-element.weighted", 1, ServiceElementWeighted, "customer"),
    ("customer.merged", 1, CustomerMerged, "customer"),
    ("customer.absorbed", 1, CustomerAbsorbed, "customer"),
    ("customer.unmerged", 1, CustomerUnmerged, "customer"),
    ("customer.erasure-requested", 1, CustomerErasureRequested, "customer"),
    ("customer.erased", 1, CustomerErased, "customer"),
    ("referral.recorded", 1, ReferralRecorded, "customer"),
    ("customer.referred", 1, CustomerReferred, "customer"),
    ("referral.converted", 1, ReferralConverted, "customer"),
    ("referral.lapsed", 1, ReferralLapsed, "customer"),
    ("account.opened", 1, AccountOpened, "customer"),
    ("account.closed", 1, AccountClosed, "customer"),
    ("account.holder-added", 1, AccountHolderAdded, "customer"),
    ("account.holder-removed", 1, AccountHolderRemoved, "customer"),
    ("standing-order.set", 1, StandingOrderSet, "customer"),
    ("balance.recorded", 1, BalanceRecorded, "transaction"),
    ("transaction.posted", 1, TransactionPosted, "transaction"),
    ("transaction.reversed", 1, TransactionReversed, "transaction"),
)
UPCASTERS: dict[tuple[str, int], Any] = {}
