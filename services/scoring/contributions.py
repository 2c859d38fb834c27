"""What moved the score, in whole 1/10,000 points that add up exactly, at every level of the explanation."""

import math
from collections.abc import Sequence

import msgspec

POINT = 10_000
FULL = 100 * POINT


class Share(msgspec.Struct, frozen=True):
    """A line before rounding. `weight` is in units of the bond (0 to 1, signed).

    `entity` is an account, promise or complaint, or `element:source` of ratings; `day` dates the line; a `prior` line
    rests on no event of the customer.
    """

    kind: str
    weight: float
    entity: str = ""
    day: int | None = None
    prior: bool = False


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an explanation; `points` in 1/10,000 point."""

    kind: str
    points: int
    entity: str = ""
    day: int | None = None
    prior: bool = False


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers that sum to `total` and differ from `shares` by less than one each: the largest remainder.

    `shares` may be signed and should sum to about `total`; ties go to the earlier share. With no shares there is
    nothing to give the total to, and the answer is empty.
    """
    if not shares:
        return []
    whole = [math.floor(share) for share in shares]
    everyone, rest = divmod(total - sum(whole), len(shares))
    if rest:
        remainders = [floor - share for floor, share in zip(whole, shares, strict=True)]
        for i in sorted(range(len(shares)), key=remainders.__getitem__)[:rest]:
            whole[i] += 1
    return [number + everyone for number in whole] if everyone else whole


def lines(points: int, unit: float, shares: Sequence[Share]) -> tuple[Line, ...]:
    """The bond's points on its lines; `unit` is what one whole bond is worth, in 1/10,000 point."""
    ordered = sorted(shares, key=_order)
    if not ordered and points:
        ordered = [Share("prior", 0.0, prior=True)]
    given = apportion(points, [share.weight * unit for share in ordered])
    return tuple(
        Line(share.kind, number, share.entity, share.day, share.prior)
        for share, number in zip(ordered, given, strict=True)
    )


def _order(share: Share) -> tuple[str, str, int]:
    return (share.kind, share.entity, share.day or 0)
