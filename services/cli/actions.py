"""What a generator or an import wants done: neutral actions, and the public endpoint that each kind goes to."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec


class Route(msgspec.Struct, frozen=True):
    """Where one kind of action goes. `bulk` is its NDJSON endpoint, empty where there is none.

    `creates` tells that the single endpoint answers 201 when something new has come to be.
    """

    service: str
    path: str
    bulk: str = ""
    creates: bool = False


ROUTES: dict[str, Route] = {
    "institution": Route("customer", "/v1/institutions", creates=True),
    "customer": Route("customer", "/v1/customers", "/v1/customers/bulk"),
    "coverage": Route("customer", "/v1/customers/{target}/coverage"),
    "tier": Route("customer", "/v1/customers/{target}/tier"),
    "dossier_fact": Route("customer", "/v1/customers/{target}/dossier-facts", creates=True),
    "account": Route("customer", "/v1/accounts", "/v1/accounts/bulk"),
    "account_closure": Route("customer", "/v1/accounts/{target}/closure"),
    "account_holder": Route("customer", "/v1/accounts/{target}/holders", "/v1/accounts/holders/bulk"),
    "standing_order": Route("customer", "/v1/accounts/{target}/standing-orders", "/v1/accounts/standing-orders/bulk"),
    "transaction": Route("customer", "/v1/transactions", "/v1/transactions/bulk"),
    "interaction": Route("interaction", "/v1/interactions", "/v1/interactions/bulk"),
    "rating": Route("interaction", "/v1/ratings", "/v1/ratings/bulk"),
    "promise": Route("interaction", "/v1/promises", creates=True),
    "promise_kept": Route("interaction", "/v1/promises/{target}/fulfilment"),
    "complaint": Route("complaint", "/v1/complaints", "/v1/complaints/bulk", creates=True),
    "complaint_acknowledged": Route("complaint", "/v1/complaints/{target}/acknowledgements"),
    "complaint_assessed": Route("complaint", "/v1/complaints/{target}/assessments"),
    "complaint_assigned": Route("complaint", "/v1/complaints/{target}/assignments"),
    "complaint_noted": Route("complaint", "/v1/complaints/{target}/investigation-notes"),
    "complaint_decided": Route("complaint", "/v1/complaints/{target}/decisions"),
    "complaint_communicated": Route("complaint", "/v1/complaints/{target}/communications"),
    "complaint_confirmed": Route("complaint", "/v1/complaints/{target}/confirmations"),
    "complaint_closed": Route("complaint", "/v1/complaints/{target}/closure"),
    "praise": Route("complaint", "/v1/praise", creates=True),
}


class Action(msgspec.Struct, frozen=True):
    """One command. `key` names it within its kind for ever, so that sending it twice does it once.

    `target` is the id in the path where the route has one; `line` is the line of the source file, 0 for none.
    """

    kind: str
    key: str
    body: dict[str, Any]
    target: str = ""
    line: int = 0


class BadRow(msgspec.Struct, frozen=True):
    """A row of a source file that no command can be made of. The value itself is never repeated."""

    line: int
    code: str
    detail: str


class BulkStage(msgspec.Struct, frozen=True):
    """Actions of one kind that may go together in any order. `total` is the expected count, None when unknown."""

    title: str
    kind: str
    actions: Iterable[Action | BadRow]
    total: int | None = None


class ChainStage(msgspec.Struct, frozen=True):
    """Short chains of actions: in order within a chain, side by side across chains."""

    title: str
    chains: Sequence[Sequence[Action]]


Stage = BulkStage | ChainStage


def singles(title: str, actions: Iterable[Action]) -> ChainStage:
    """A stage of actions that do not depend on each other and have no bulk endpoint."""
    return ChainStage(title, [[action] for action in actions])
