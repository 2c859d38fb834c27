"""What belongs to the request that is being served, for code that has no other way to know."""

from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
traceparent: ContextVar[str] = ContextVar("traceparent", default="")
