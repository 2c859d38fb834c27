"""Bases and field types of request and answer bodies. Every text is capped; nothing is guessed from a wrong type."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints, ValidationInfo
from pydantic import WithJsonSchema as Schema
from pydantic_core import PydanticCustomError

from shared import times
from shared.envelope import Reference
from shared.money import MINOR_UNITS, MoneyError, format_amount, parse_amount


def failure(code: str, detail: str) -> PydanticCustomError:
    """What a validator raises so that `code` arrives in the problem. `detail` repeats nothing that was sent."""
    return PydanticCustomError(f"guanxi.{code}", detail)  # type: ignore[arg-type]


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class View(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0, le=1_000_000_000)]
Integer = Annotated[int, Strict(), Field(ge=-(2**53), le=2**53)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


def identifier(prefix: str) -> Any:
    """The type of an id, for example `CustomerId = Annotated[str, identifier("cus")]`. Fits bodies and paths."""
    return StringConstraints(pattern=rf"^{prefix}_[0-9a-f]{{32}}$", max_length=len(prefix) + 33)


def _dated(accepts: type[date]) -> Callable[[Any], datetime | date]:
    def validate(value: Any) -> datetime | date:
        if isinstance(value, date):
            return value
        try:
            if not isinstance(value, str) or len(value) > 40:
                raise ValueError
            parsed = times.parse(value)
        except (ValueError, OverflowError):
            raise failure("invalid_date", "Not a date or an RFC 3339 instant with its offset.") from None
        if accepts is date and isinstance(parsed, datetime):
            raise failure("invalid_date", "A date alone is expected, like 2026-01-31.")
        day = parsed.date() if isinstance(parsed, datetime) else parsed
        if not times.EARLIEST <= day <= date(2200, 1, 1):
            raise failure("date_out_of_range", "The date is out of range.")
        return parsed

    return validate


Day = Annotated[date, BeforeValidator(_dated(date)), Schema({"type": "string", "format": "date"})]
"""A calendar day."""

OccurredAt = Annotated[
    datetime | date,
    BeforeValidator(_dated(datetime)),
    Schema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}),
]
"""When it happened: an instant with its offset, or a day. `Call.occurred_at` makes an instant of it."""


class ReferenceIn(Body):
    """What another system calls the same thing. The id is derived from it, so sending it twice changes nothing."""

    system: Code = Field(examples=["core"])
    id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")] = Field(
        examples=["4711"]
    )

    @property
    def value(self) -> Reference:
        """As events keep it."""
        return Reference(self.system, self.id)


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in MINOR_UNITS:
        raise failure("unknown_currency", "Not an ISO 4217 currency code.")
    return value


Currency = Annotated[str, BeforeValidator(_currency), Schema({"type": "string", "enum": sorted(MINOR_UNITS)})]


def _amount(signed: bool) -> Callable[[Any, ValidationInfo], str]:
    def validate(value: Any, info: ValidationInfo) -> str:
        if not isinstance(value, str):
            raise failure("wrong_type", "An amount is a decimal number in a string, like 12.50.")
        try:
            minor = parse_amount(value, info.data.get("currency", "CNY"))
        except MoneyError as error:
            raise failure(error.code, error.detail) from None
        if minor < 0 and not signed:
            raise failure("negative_amount", "The amount must not be negative.")
        return value

    return validate


_UNSIGNED = Schema({"type": "string", "pattern": r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2}0*)?$"})
_SIGNED = Schema({"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2}0*)?$"})


class MoneyIn(Body):
    """An amount that is not negative."""

    currency: Currency = Field(examples=["CNY"])
    amount: Annotated[str, BeforeValidator(_amount(False)), _UNSIGNED] = Field(examples=["12.50"])

    @property
    def minor(self) -> int:
        """In minor units."""
        return parse_amount(self.amount, self.currency)


class SignedMoneyIn(Body):
    """An amount that may be negative: a balance."""

    currency: Currency = Field(examples=["CNY"])
    amount: Annotated[str, BeforeValidator(_amount(True)), _SIGNED] = Field(examples=["-12.50"])

    @property
    def minor(self) -> int:
        """In minor units."""
        return parse_amount(self.amount, self.currency)


class MoneyOut(View):
    """An amount in an answer."""

    amount: str = Field(examples=["12.50"])
    currency: str = Field(examples=["CNY"])

    @classmethod
    def of(cls, minor: int, currency: str) -> "MoneyOut":
        """From minor units."""
        return cls(amount=format_amount(minor, currency), currency=currency)


class Receipt(View):
    """What a command did. `position` can be given as `min_position` to a read that must show it."""

    id: str = Field(description="The resource that the command was about.")
    version: int = Field(description="Its version now, which is its ETag.")
    position: str = Field(examples=["customer/transaction:1842"])


Item = TypeVar("Item")


class Page(View, Generic[Item]):
    """Some rows of a list; `next_cursor` asks for the following ones."""

    items: list[Item]
    next_cursor: str | None = None
