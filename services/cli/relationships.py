"""`guanxi top` and `guanxi show`: scores, with their reasons."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from services.cli.client import Api
from services.cli.errors import ApiError, CliError
from services.cli.explanation import score, tree
from services.cli.options import Json, Token, Url, api, run
from services.cli.output import emit, out, table
from services.cli.signals import reason
from shared.identifiers import derived

REASONS = 3
CUSTOMER = re.compile(r"cus_[0-9a-f]{32}")


class Order(StrEnum):
    """How a ranking is sorted; `change` has the steepest falls first."""

    STRENGTH = "strength"
    CHANGE = "change"


def top(
    *,
    order: Annotated[
        Order, typer.Option(help="strength: strongest first; change: steepest fall first.")
    ] = Order.STRENGTH,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other end first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    institution: Annotated[str | None, typer.Option(help="Id of the institution whose customers to rank.")] = None,
    json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Rank relationships, with what carries and what weakens each."""

    async def work() -> None:
        async with api(url, token) as session:
            found = await ranking(session, order, limit, institution, reverse=reverse)
            if json:
                emit(found)
            else:
                out.print(await rendered(session, "", found))

    run(work())


def show(
    customer: Annotated[str, typer.Argument(help="Customer id, or system:reference, or a phone or identity number.")],
    *,
    as_of: Annotated[str | None, typer.Option(help="A past day or instant: what was the relationship then?")] = None,
    known_at: Annotated[str | None, typer.Option(help="A past instant: what did the bank know then?")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every line and event, not only the largest.")] = False,
    json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show one relationship and explain every point of it."""

    async def work() -> None:
        async with api(url, token) as session:
            found, explained = await _one(session, customer, {"as_of": as_of, "known_at": known_at})
            if json:
                emit({"relationship": found, "explanation": explained})
            else:
                name = (await names(session, [found["customer_id"]]))[0]
                out.print(tree(found, explained, name, everything=everything))

    run(work())


async def ranking(
    session: Api, order: str, limit: int, institution: str | None = None, *, reverse: bool = False
) -> list[dict[str, Any]]:
    """The first of a ranking, as the API answers them."""
    params = {"order": str(order), "limit": limit, "institution": institution, "reverse": True if reverse else None}
    return (await session.get("scoring", "/v1/relationships", params))["items"]


async def rendered(session: Api, title: str, found: Sequence[Mapping[str, Any]]) -> Any:
    """A ranking as a table, with the customers' names where the token may read them."""
    known = await names(session, [each["customer_id"] for each in found])
    rows = [(*score(each), name or each["customer_id"], why(each)) for each, name in zip(found, known, strict=True)]
    return table(title, ("strength", "band", "30 days", "customer", "why"), rows, right=(0, 2), whole=(3,))


async def names(session: Api, ids: Sequence[str]) -> list[str]:
    """The customers' names, empty where they cannot be read."""
    gate = asyncio.Semaphore(16)

    async def one(customer: str) -> str:
        async with gate:
            try:
                return (await session.get("customer", f"/v1/customers/{customer}"))["personal"].get("name") or ""
            except (ApiError, KeyError, TypeError):
                return ""

    return list(await asyncio.gather(*(one(each) for each in ids)))


def why(relationship: Mapping[str, Any]) -> str:
    """In a few words: what needs somebody today, complaints that weigh, then the bonds.

    Of the bonds those that give most to a close relationship, or are missed most in another.
    """
    signals = relationship["signals"]
    said = [reason(each) for each in signals[:REASONS]]
    if not any(each["name"] == "complaint_overdue" for each in signals):
        episodes = relationship["satisfaction"]["episodes"]
        said += [f"{each['severity']} complaint {each['outcome']}" for each in episodes if each["factor"] < 0.9]
    bonds = relationship["bonds"]
    given = sorted(bonds, key=lambda bond: -bond["points"])
    missing = sorted(bonds, key=lambda bond: bond["points"] - 100 * bond["weight"])
    carried = {"close": 2, "sporadic": 0}.get(relationship["band"], 1)
    said += [f"+{bond['points']:.0f} {bond['name']}" for bond in given[:carried]]
    said += [f"-{100 * bond['weight'] - bond['points']:.0f} {bond['name']}" for bond in missing[: 2 - carried]]
    return "; ".join(said)


async def _one(session: Api, customer: str, params: Mapping[str, str | None]) -> tuple[dict[str, Any], dict[str, Any]]:
    identity = await _identity(session, customer)
    path = f"/v1/relationships/{identity}"
    try:
        return await session.get("scoring", path, params), await session.get("scoring", f"{path}/explanation", params)
    except ApiError as error:
        if error.status == 404:
            raise CliError("no such customer, or not one that this token may see") from None
        raise


async def _identity(session: Api, customer: str) -> str:
    if customer.startswith("cus_"):
        if not CUSTOMER.fullmatch(customer):
            raise CliError("a customer id is cus_ and 32 hexadecimal digits")
        return customer
    system, colon, reference = customer.partition(":")
    if colon and reference:
        return derived("cus", system, reference)
    found = (await session.get("customer", "/v1/customers", {"q": customer}))["items"]
    if len(found) != 1:
        raise CliError("no such customer, or not one that this token may see" if not found else "several customers fit")
    return found[0]["id"]
