"""JSON as it is read at the edge: valid UTF-8, finite numbers, bounded depth, and no text that a database refuses."""

import json
from typing import Any

import msgspec

from shared.web.problems import Problem

DEPTH = 32
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def parse(body: bytes) -> Any:
    """The value. Raises `Problem`: 400 for what is not JSON, 422 for text that cannot be kept."""
    if body.count(b"[") + body.count(b"{") > DEPTH:
        check_depth(body)
    try:
        value = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refusal(body) from None
    if b"\\u0000" in body and (pointer := _find(value)) is not None:
        raise _unkeepable(pointer)
    return value


def canonical(value: Any) -> bytes:
    """One spelling for equal values, for fingerprints."""
    return msgspec.json.encode(value, order="sorted")


def check_depth(body: bytes) -> None:
    """Raises `Problem` for nesting deeper than `DEPTH`. Braces within texts are skipped."""
    depth = 0
    inside = escaped = False
    for byte in body:
        if inside:
            inside = escaped or byte != 0x22
            escaped = not escaped and byte == 0x5C
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            if depth > DEPTH:
                raise Problem(422, "too_deep", f"The body is nested deeper than {DEPTH} levels.")
        elif byte in b"]}":
            depth -= 1


def _refusal(body: bytes) -> Problem:
    """Half a surrogate pair is valid JSON to some writers, so it gets a better answer than broken JSON."""
    try:
        pointer = _find(json.loads(body)) if b"\\u" in body else None
    except (ValueError, RecursionError):
        pointer = None
    if pointer is not None:
        return _unkeepable(pointer)
    return Problem(400, "invalid_json", "The body is not valid JSON in UTF-8 with finite numbers.")


def _unkeepable(pointer: str) -> Problem:
    detail = "The text holds U+0000 or half a surrogate pair."
    return Problem(422, "invalid_text", detail, [(pointer, "invalid_text", detail)])


def unkeepable(text: str) -> bool:
    """Whether no database would take the text as it is."""
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _find(value: Any, pointer: str = "") -> str | None:
    """The pointer of the first text that cannot be kept. A bad name is told by its parent's pointer."""
    if isinstance(value, str):
        return pointer if unkeepable(value) else None
    if isinstance(value, dict):
        for name, member in value.items():
            if unkeepable(name):
                return pointer
            if (found := _find(member, f"{pointer}/{name[:64].replace('~', '~0').replace('/', '~1')}")) is not None:
                return found
    if isinstance(value, list):
        for index, member in enumerate(value):
            if (found := _find(member, f"{pointer}/{index}")) is not None:
                return found
    return None
