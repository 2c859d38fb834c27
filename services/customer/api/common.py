"""What every route of the customer service shares: id types, its service, and how a command becomes an intent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends

from services.customer import account, balance, customer, institution, referral, routing, transaction
from services.customer.service import CustomerService
from shared import times
from shared.decider import Fact
from shared.execute import Scope, Target
from shared.web import Call, Intent, identifier, serving

Customers = Annotated[CustomerService, Depends(serving("customer"))]
InstitutionId = Annotated[str, identifier("ins")]
CustomerId = Annotated[str, identifier("cus")]
AccountId = Annotated[str, identifier("acc")]
TransactionId = Annotated[str, identifier("txn")]
FactId = Annotated[str, identifier("fct")]
ReferralId = Annotated[str, identifier("ref")]

LOG = "customer"


@dataclass(frozen=True, slots=True)
class Named:
    """A stream that the body names. Out of the caller's scope it looks unknown, as if it did not exist."""

    target: Target


def institution_target(institution_id: str) -> Target:
    return Target(f"institution-{institution_id}", institution.decider, institution.owner)


def customer_target(customer_id: str) -> Target:
    return Target(f"customer-{customer_id}", customer.decider, customer.owner)


def account_target(account_id: str) -> Target:
    return Target(f"account-{account_id}", account.decider, account.owner)


def balance_target(account_id: str) -> Target:
    return Target(f"account-balance-{account_id}", balance.decider)


def transaction_target(transaction_id: str) -> Target:
    return Target(f"transaction-{transaction_id}", transaction.decider, transaction.owner)


def referral_target(referral_id: str) -> Target:
    return Target(f"referral-{referral_id}", referral.decider)


def intent(
    call: Call,
    targets: Sequence[Target | Named | None],
    decide: Callable[..., Iterable[Any]],
    command: Any,
    at: datetime,
    *,
    key: str = "",
) -> Intent:
    """The decision `decide(*states, command)`; a target that is None gives None for a state."""

    def facts(*states: Any) -> list[Fact]:
        loaded = iter(states)
        seen = [None if target is None else _seen(target, next(loaded), call.scope) for target in targets]
        return routing.facts(decide(*seen, command), at)

    return Intent([_read(target) for target in targets if target is not None], facts, key)


def today(call: Call) -> date:
    """The business day of the installation."""
    return times.local_day(call.now, call.edge.zone)


def counterparty(call: Call, name: str | None) -> str | None:
    """A keyed hash: equal for equal counterparties, and nothing else can be told from it."""
    return None if name is None else call.edge.keyring.digest("counterparty", name)


def _read(target: Target | Named) -> Target:
    return Target(target.target.stream, target.target.decider) if isinstance(target, Named) else target


def _seen(target: Target | Named, state: Any, scope: Scope) -> Any:
    if not isinstance(target, Named) or target.target.institution is None:
        return state
    owner = target.target.institution(state)
    return state if owner is None or scope.allows(owner) else target.target.decider.initial
