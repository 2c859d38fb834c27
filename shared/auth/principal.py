"""The caller of a request and the institutions that exist for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `institution` is the root of what it may see; None is the whole bank."""

    subject: str
    role: str
    scopes: frozenset[str]
    institution: str | None = None
    client: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The institutions whose rows exist for a caller; None is the whole bank."""

    institutions: frozenset[str] | None = frozenset()

    def allows(self, institution_id: str) -> bool:
        """Whether a row of this institution exists for the caller."""
        return self.institutions is None or institution_id in self.institutions


WHOLE_BANK = Scope(None)
"""For the system's own readers. A route never uses it: a caller's scope comes from its token."""
