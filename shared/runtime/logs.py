"""Structured logs: JSON in production, lines in development, personal values and tokens in neither."""

import logging
import re
import sys
from collections.abc import Mapping
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
