"""The scopes that routes ask for, and which of them each role brings."""

from collections.abc import Mapping

SCOPES: Mapping[str, str] = {
    "institutions:write": "Register, move, rename and close institutions.",
    "customers:read": "Read customers and their accounts, personal values masked.",
    "customers:write": "Register and change customers.",
    "customers:pii": "Read personal values.",
    "accounts:write": "Open, change and close accounts and record balances.",
    "transactions:write": "Post and reverse transactions.",
    "interactions:read": "Read contacts, promises and ratings.",
    "interactions:write": "Record, correct and void contacts.",
    "promises:write": "Make, renegotiate, keep and release promises.",
    "ratings:write": "Record ratings.",
    "complaints:read": "Read complaints and their deadlines.",
    "complaints:write": "Receive and handle complaints.",
    "complaints:decide": "Decide complaints.",
    "scores:read": "Read relationship assessments.",
    "policies:write": "Publish scoring policies.",
    "log:read": "Read event logs and projections, sealed values included.",
    "admin": "Operate the system.",
}

_READ = {"customers:read", "interactions:read", "complaints:read", "scores:read"}
_CONTACT = _READ | {"customers:pii", "interactions:write", "promises:write", "ratings:write", "complaints:write"}

ROLES: Mapping[str, frozenset[str]] = {
    "teller": frozenset(_CONTACT | {"customers:write", "accounts:write", "transactions:write"}),
    "call_agent": frozenset(_CONTACT),
    "relationship_manager": frozenset(_CONTACT | {"customers:write"}),
    "complaint_officer": frozenset(_CONTACT | {"complaints:decide"}),
    "branch_manager": frozenset(_CONTACT | {"customers:write", "accounts:write", "complaints:decide"}),
    "analyst": frozenset(_READ),
    "core_banking": frozenset(
        _READ
        | {
            "institutions:write",
            "customers:write",
            "accounts:write",
            "transactions:write",
            "interactions:write",
            "promises:write",
            "ratings:write",
            "complaints:write",
        }
    ),
    "service": frozenset({"log:read"}),
    "operator": frozenset(_READ | {"log:read", "admin"}),
    "admin": frozenset(SCOPES),
}
