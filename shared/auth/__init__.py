"""Who is calling, what the caller may do, and for which institutions."""

from shared.auth.principal import WHOLE_BANK, Principal, Scope
from shared.auth.roles import ROLES, SCOPES
from shared.auth.tokens import InvalidToken, Verifier

__all__ = ["ROLES", "SCOPES", "WHOLE_BANK", "InvalidToken", "Principal", "Scope", "Verifier"]
