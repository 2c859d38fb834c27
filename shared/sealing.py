"""Sealing the optional texts of many commands in one go."""

from collections.abc import Sequence

from shared.envelope import Sealed
from shared.vault import Erased, Plain, Vault


async def seal_each(vault: Vault, plain: Sequence[Plain | None]) -> list[Sealed | Erased | None]:
    """The sealed values in order, None where there was nothing to seal."""
    sealed = iter(await vault.seal_many([each for each in plain if each is not None]))
    return [None if each is None else next(sealed) for each in plain]
