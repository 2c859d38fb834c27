"""Who a command is about and which institution it belongs to, for many commands at once."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.directory.reader import Directory
from services.directory.views import CustomerEntry, InstitutionEntry
from shared.auth import Scope
from shared.decider import Rejected


class Subject(Protocol):
    """A request body that names a customer, an institution, or both."""

    @property
    def customer_id(self) -> str | None: ...

    @property
    def institution_id(self) -> str | None: ...


async def admit(directory: Directory, bodies: Sequence[Subject], scope: Scope) -> list[str | Rejected]:
    """The institution of each: the one it names, else the customer's home.

    Rejected: unknown_customer (retryable), customer_erased, unknown_institution, institution_closed,
    institution_required.
    """
    customers = await directory.customers({body.customer_id for body in bodies if body.customer_id})
    institutions = await directory.institutions({body.institution_id for body in bodies if body.institution_id})
    return [_admitted(body, customers, institutions, scope) for body in bodies]


def _admitted(
    body: Subject, customers: Mapping[str, CustomerEntry], institutions: Mapping[str, InstitutionEntry], scope: Scope
) -> str | Rejected:
    try:
        home = None if body.customer_id is None else _home(customers.get(body.customer_id), scope)
        if body.institution_id is not None:
            return _place(institutions.get(body.institution_id), scope)
    except Rejected as rejected:
        return rejected
    return home or Rejected("institution_required", "Without a customer an institution is required.", "/institution_id")


def _home(entry: CustomerEntry | None, scope: Scope) -> str:
    if entry is None or not scope.allows(entry.institution_id):
        # Whoever may not see the customer learns no more than that nobody is known here.
        raise Rejected("unknown_customer", "No such customer is known here.", "/customer_id", retryable=True)
    if entry.erased:
        raise Rejected("customer_erased", "The customer was erased.", "/customer_id", kind="gone")
    return entry.institution_id


def _place(entry: InstitutionEntry | None, scope: Scope) -> str:
    if entry is None or not scope.allows(entry.institution_id):
        raise Rejected("unknown_institution", "No such institution.", "/institution_id", retryable=True)
    if entry.closed:
        raise Rejected("institution_closed", "The institution is closed.", "/institution_id")
    return entry.institution_id
