"""pydantic's findings as our errors: stable codes, JSON pointers, and words that repeat nothing that was sent."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Errors: TypeAlias = list[tuple[str, str, str]]

_CODES: Mapping[str, tuple[str, str]] = {
    "missing": ("missing", "This is required."),
    "extra_forbidden": ("unknown_field", "There is no such field here."),
    "json_invalid": ("invalid_json", "The body is not valid JSON."),
    "string_too_long": ("too_long", "The text is too long."),
    "string_too_short": ("too_short", "The text is too short."),
    "string_pattern_mismatch": ("invalid_format", "The text does not have the form that is expected here."),
    "literal_error": ("not_one_of", "Not one of the values that are allowed here."),
    "enum": ("not_one_of", "Not one of the values that are allowed here."),
    "too_long": ("too_many", "There are too many entries."),
    "too_short": ("too_few", "There are too few entries."),
    "greater_than": ("out_of_range", "The number is out of range."),
    "greater_than_equal": ("out_of_range", "The number is out of range."),
    "less_than": ("out_of_range", "The number is out of range."),
    "less_than_equal": ("out_of_range", "The number is out of range."),
    "finite_number": ("out_of_range", "The number is not finite."),
    "model_attributes_type": ("wrong_type", "An object is expected here."),
    "model_type": ("wrong_type", "An object is expected here."),
    "dict_type": ("wrong_type", "An object is expected here."),
}
_OURS = "guanxi."


def location(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901) into the body; the bare name for a parameter. Unknown names are cut short."""
    where, *rest = tuple(path) or ("",)
    if where in ("query", "path", "header", "cookie"):
        return "/".join(str(part)[:64] for part in rest)
    parts = rest if where == "body" else (where, *rest)
    return "".join("/" + str(part)[:64].replace("~", "~0").replace("/", "~1") for part in parts)


def errors(findings: Iterable[Mapping[str, Any]], limit: int = 20) -> Errors:
    """At most `limit` errors, in the order of the findings."""
    return [_error(finding) for finding, _ in zip(findings, range(limit), strict=False)]


def _error(finding: Mapping[str, Any]) -> tuple[str, str, str]:
    kind = str(finding["type"])
    pointer = location(finding["loc"])
    if kind == "extra_forbidden":
        # The name of an unknown field is something that was sent: only its parent is told.
        pointer = location(finding["loc"][:-1])
    if kind.startswith(_OURS):
        return pointer, kind.removeprefix(_OURS), str(finding["msg"])
    if kind in _CODES:
        return (pointer, *_CODES[kind])
    if kind.endswith(("_type", "_parsing")) or kind in ("is_instance_of", "int_from_float"):
        return pointer, "wrong_type", "The value has the wrong type."
    return pointer, "invalid_value", "The value is not valid here."
