"""What the routes about customers take and answer."""

from datetime import date, datetime

from pydantic import Field, model_validator

from services.customer.api.common import AccountId, CustomerId, FactId, InstitutionId
from services.customer.contract import CoverageRole, Kind, Tier
from shared.web import Body, Code, Count, Day, Flag, Line, OccurredAt, ReferenceIn, Text, View, failure
from shared.web.resources import ReferenceOut

PHONE = r"^\+?[0-9][0-9 ()/.-]{2,30}$"


class ContactIn(Body):
    """How the customer is reached. Everything in it is sealed."""

    phone: str | None = Field(default=None, pattern=PHONE, max_length=32, examples=["+86 21 5555 0100"])
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)
    address: Line | None = None
    postal_code: Line | None = None
    city: Line | None = None
    country: Line | None = None

    def given(self) -> dict[str, str]:
        """Field → value of what is given."""
        return self.model_dump(exclude_none=True)


class CustomerIn(Body):
    """`allow_duplicate` registers although the phone or identity number is another customer's already."""

    kind: Kind
    institution_id: InstitutionId
    name: Line
    contact: ContactIn | None = None
    birth_date: Day | None = None
    identity_number: Code | None = None
    reference: ReferenceIn | None = None
    allow_duplicate: Flag = False
    occurred_at: OccurredAt | None = None


class ProfileIn(Body):
    """What is given replaces what was known."""

    name: Line | None = None
    contact: ContactIn | None = None
    birth_date: Day | None = None
    identity_number: Code | None = None
    occurred_at: OccurredAt | None = None

    @model_validator(mode="after")
    def something(self) -> "ProfileIn":
        """Refuse a change of nothing."""
        if not self.model_fields_set - {"occurred_at"}:
            raise failure("nothing_to_change", "Nothing is given that could change.")
        return self


class FactIn(Body):
    """Something learned about the customer; the value is sealed."""

    topic: Code
    value: Text
    purpose: Line
    interaction_id: Code | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class CoverageIn(Body):
    role: CoverageRole
    employee_id: Code
    occurred_at: OccurredAt | None = None


class WeightsIn(Body):
    """Element of service quality → weight."""

    weights: dict[Code, Count] = Field(max_length=20, examples=[{"empathy": 3, "reliability": 2}])
    occurred_at: OccurredAt | None = None


class TierIn(Body):
    """A tier that somebody assigned, with what it was based on."""

    tier: Tier
    rule_version: Code = "1"
    inputs: dict[Code, int | str] = Field(default={}, max_length=50)
    occurred_at: OccurredAt | None = None


class TransferIn(Body):
    institution_id: InstitutionId
    effective: Day
    occurred_at: OccurredAt | None = None


class MergeIn(Body):
    absorbed_id: CustomerId
    occurred_at: OccurredAt | None = None


class FactOut(View):
    """`value` is null without the scope customers:pii."""

    id: FactId
    topic: str
    purpose: str
    interaction_id: str | None
    learned_at: datetime
    value: str | None = None


class HoldingOut(View):
    account_id: AccountId
    product: str
    role: str
    since: date
    until: date | None


class ReferralOut(View):
    id: str
    referred_id: str | None
    outcome: str


class PersonalOut(View):
    """Personal values; null as a whole without the scope customers:pii, one by one where they were erased."""

    contact: dict[str, str]
    name: str | None = None
    birth_date: str | None = None
    identity_number: str | None = None


class CustomerOut(View):
    id: CustomerId
    kind: Kind
    institution_id: InstitutionId
    registered_at: datetime
    version: int
    reference: ReferenceOut | None = None
    personal: PersonalOut | None = None
    tier: str | None = None
    coverage: dict[str, str]
    element_weights: dict[str, int]
    dossier: list[FactOut]
    holdings: list[HoldingOut]
    referrals: list[ReferralOut]
    referrer_id: str | None = None
    absorbed_ids: list[str]
    survivor_id: str | None = None
    erased: bool = False
