"""Spans without addresses: a path or a query may hold an identity number or a telephone."""

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

HIDDEN = "[hidden]"
TELLING = ("url.path", "url.query", "url.full", "http.request.method_original", "user_agent.original")
"""Attributes with whatever the client sent; `http.route` says which route was meant."""


class DiscreetSpans(SpanProcessor):
    """Hides what the client sent as soon as a span begins, so that no exporter ever sees it."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        given = span.attributes or {}
        span.set_attributes({name: HIDDEN for name in TELLING if name in given})
