"""What the routes about accounts take and answer."""

from datetime import date
from typing import Self

from pydantic import model_validator

from services.customer.api.common import AccountId, CustomerId, InstitutionId
from services.customer.contract import BalanceSource, Investment, Product
from shared.web import (
    Body,
    Currency,
    Day,
    Integer,
    Line,
    MoneyIn,
    MoneyOut,
    OccurredAt,
    ReferenceIn,
    SignedMoneyIn,
    View,
    failure,
)
from shared.web.resources import ReferenceOut


class InvestmentIn(Body):
    """Terms of a holding with a price; `expected_return` in basis points a year."""

    amount: MoneyIn
    price: MoneyIn | None = None
    expected_return: Integer | None = None
    take_profit: MoneyIn | None = None
    stop_loss: MoneyIn | None = None

    @property
    def currencies(self) -> set[str]:
        """The currencies that are used."""
        return {given.currency for given in (self.amount, self.price, self.take_profit, self.stop_loss) if given}

    @property
    def value(self) -> Investment:
        """As events keep it."""
        return Investment(
            amount_minor=self.amount.minor,
            price_minor=_minor(self.price),
            expected_return=self.expected_return,
            take_profit_minor=_minor(self.take_profit),
            stop_loss_minor=_minor(self.stop_loss),
        )


class AccountIn(Body):
    """`since` is when the account began, wherever it was kept then; all amounts are in `currency`."""

    customer_id: CustomerId
    product: Product
    currency: Currency
    since: Day
    institution_id: InstitutionId | None = None
    opening_balance: SignedMoneyIn | None = None
    balance_source: BalanceSource = "transactions"
    maturity_date: Day | None = None
    investment: InvestmentIn | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None

    @model_validator(mode="after")
    def one_currency(self) -> Self:
        """Refuse an amount in another currency than the account's."""
        used = self.investment.currencies if self.investment else set[str]()
        if self.opening_balance:
            used = used | {self.opening_balance.currency}
        if used - {self.currency}:
            raise failure("wrong_currency", "An amount is not in the account's currency.")
        return self


class AccountClosureIn(Body):
    effective: Day
    occurred_at: OccurredAt | None = None


class HolderIn(Body):
    customer_id: CustomerId
    since: Day
    occurred_at: OccurredAt | None = None


class HolderLineIn(HolderIn):
    account_id: AccountId


class HolderRemovalIn(Body):
    customer_id: CustomerId
    effective: Day
    occurred_at: OccurredAt | None = None


class StandingOrderIn(Body):
    """`counterparty` is kept as a keyed hash only."""

    amount: MoneyIn
    counterparty: Line | None = None
    purpose: Line | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class StandingOrderLineIn(StandingOrderIn):
    account_id: AccountId


class BalanceIn(Body):
    """The closing booked balance of a day."""

    date: Day
    balance: SignedMoneyIn
    occurred_at: OccurredAt | None = None


class BalanceOut(View):
    date: date
    balance: MoneyOut


class HolderOut(View):
    customer_id: CustomerId
    since: date


class StandingOrderOut(View):
    id: str
    amount: MoneyOut
    purpose: str | None
    reference: ReferenceOut | None


class AccountOut(View):
    """`balance` counts, from the account's own source; `running` is the opening balance and all transactions."""

    id: AccountId
    customer_id: CustomerId
    institution_id: InstitutionId
    product: Product
    currency: str
    since: date
    balance_source: BalanceSource
    opening_balance: MoneyOut
    balance: MoneyOut
    running: MoneyOut
    transactions: int
    version: int
    reported: BalanceOut | None
    maturity_date: date | None
    closed: date | None
    reference: ReferenceOut | None
    holders: list[HolderOut]
    standing_orders: list[StandingOrderOut]


def _minor(money: MoneyIn | None) -> int | None:
    return money.minor if money else None
