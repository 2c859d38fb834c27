"""Structured logs: JSON in production, lines in development, personal values and tokens in neither."""

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from shared.web import context

HIDDEN = "[hidden]"
PERSONAL = frozenset(
    {
        "address", "authorization", "birth_date", "body", "contact", "cookie", "email", "family_name", "given_name",
        "identity_number", "mobile", "name_in_clear", "notes", "password", "phone", "secret", "text", "token", "value",
    }
)  # fmt: skip
"""Names of fields whose values never reach a log, at any depth."""

_PATTERNS = (
    re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"),
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(r"(?<=//)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"[^\s<>\"'=:,;()\[\]]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?<![\w.-])\+?\d(?:[ \-]?\d){9,18}[\dXx]?(?![\w.-])"),
)


def mask(text: str) -> str:
    """The text without tokens, passwords in URLs, e-mail addresses, and numbers as long as telephones and cards."""
    for pattern in _PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def redact(_: Any, __: str, event: EventDict) -> EventDict:
    """structlog processor: hides personal fields by name, and what looks personal in every text."""
    return {str(name): _redacted(str(name), value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if name.lower() in PERSONAL:
        return HIDDEN
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {str(key): _redacted(str(key), member) for key, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", member) for member in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value))


def _identify(_: Any, __: str, event: EventDict) -> EventDict:
    for name, variable in (("correlation_id", context.correlation_id), ("trace_id", context.trace_id)):
        if value := variable.get():
            event[name] = value
    return event


class Seldom(logging.Filter):
    """Lets each of aiokafka's complaints through once in so many seconds: while a broker is away it makes a hundred a
    second, and an hour of them would fill a disk.
    """

    def __init__(self, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        complaint, now = (record.name, str(record.msg)), self._clock()
        if now - self._last.get(complaint, float("-inf")) < self._seconds:
            return False
        self._last[complaint] = now
        return True


def configure(*, json: bool, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records through one chain to `stream`, or to standard error."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _identify,
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "httpx", "httpcore", "alembic", "asyncio"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    for own in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(own).handlers = []
        logging.getLogger(own).propagate = own != "uvicorn.access"
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
