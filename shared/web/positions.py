"""Positions as callers see them: `customer/transaction:1842` is a channel (log/topic) and how far it was written."""

import re
from dataclasses import dataclass

from shared.web.problems import invalid

_TOKEN = re.compile(r"([a-z][a-z0-9-]{0,31}/[a-z][a-z0-9-]{0,31}):([0-9]{1,18})", re.ASCII)
LIMIT = 16


@dataclass(frozen=True, slots=True)
class Position:
    """`channel` has been written up to and including `position`."""

    channel: str
    position: int

    def __str__(self) -> str:
        return f"{self.channel}:{self.position}"


def parse_positions(text: str | None) -> tuple[Position, ...]:
    """The tokens of `min_position`, comma-separated. Raises `Problem` 422 `invalid_position`."""
    if not text:
        return ()
    tokens = text.split(",")
    matches = [_TOKEN.fullmatch(token.strip()) for token in tokens[: LIMIT + 1]]
    if len(tokens) > LIMIT or not all(matches):
        raise invalid("invalid_position", "Positions look like customer/transaction:1842.", "min_position")
    return tuple(Position(match[1], int(match[2])) for match in matches if match)
