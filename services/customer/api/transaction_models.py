"""What the routes about transactions take and answer."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from services.customer.api.common import AccountId, TransactionId
from services.customer.contract import BankTransactionCode, CreditDebit, External, Initiator
from shared.web import Body, Day, Flag, Line, MoneyIn, MoneyOut, OccurredAt, ReferenceIn, View
from shared.web.resources import ReferenceOut

CodePart = Annotated[str, StringConstraints(pattern=r"^[A-Z]{4}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$|^$")]


class TransactionCodeIn(Body):
    """ISO 20022 bank transaction code."""

    domain: CodePart = Field(examples=["PMNT"])
    family: CodePart = Field(examples=["ICDT"])
    sub_family: CodePart | None = None

    @property
    def value(self) -> BankTransactionCode:
        """As events keep it."""
        return BankTransactionCode(self.domain, self.family, self.sub_family or "")


class TransactionIn(Body):
    """`reference` is the source system's own and makes sending it twice harmless; `counterparty` is kept hashed."""

    reference: ReferenceIn
    account_id: AccountId
    credit_debit_indicator: CreditDebit
    amount: MoneyIn
    booking_date: Day
    initiated_by: Initiator
    value_date: Day | None = None
    channel: Channel = ""
    external: External = "none"
    purchase: Flag = False
    bank_transaction_code: TransactionCodeIn | None = None
    counterparty: Line | None = None
    occurred_at: OccurredAt | None = None


class ReversalIn(Body):
    reason: Line
    occurred_at: OccurredAt | None = None


class TransactionCodeOut(View):
    domain: str
    family: str
    sub_family: str


class TransactionOut(View):
    """`base_amount` is in the installation's base currency; `reversed_because` is absent while it stands."""

    id: TransactionId
    account_id: AccountId
    reference: ReferenceOut | None
    credit_debit_indicator: CreditDebit
    amount: MoneyOut
    base_amount: MoneyOut
    booking_date: date
    value_date: date
    initiated_by: Initiator
    channel: str
    external: External
    purchase: bool
    bank_transaction_code: TransactionCodeOut | None
    occurred_at: datetime
    recorded_at: datetime
    version: int
    reversed_because: str | None
