"""What belongs to the request that is being served, for code that has no other way to know."""

from contextvars import ContextVar

try:
    from opentelemetry import trace
except ImportError:  # the telemetry extra is not installed
    trace = None

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
traceparent: ContextVar[str] = ContextVar("traceparent", default="")


def current_traceparent() -> str:
    """The W3C traceparent to hand on: of the active span where OpenTelemetry runs, else the request's own."""
    span = trace.get_current_span().get_span_context() if trace else None
    if span is None or not span.is_valid:
        return traceparent.get()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"
