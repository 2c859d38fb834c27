"""Ranks by which what is still there is listed before what is gone, and can be asked for alone."""

PRESENT = "0-present"
FIRST_PRESENT, LAST_PRESENT = f"{PRESENT}:", f"{PRESENT};"
"""Bounds of the ranks of what is still there."""


def rank(identity: str, *, gone: bool) -> str:
    """The rank of a row."""
    return f"{'1-gone' if gone else PRESENT}:{identity}"
