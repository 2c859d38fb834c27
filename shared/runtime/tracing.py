"""OpenTelemetry, where it is installed and OTEL_EXPORTER_OTLP_ENDPOINT says where to send spans; else nothing."""

import os
from collections.abc import Mapping
from typing import Any

FLUSH_MILLISECONDS = 5_000
OFF: Mapping[str, Any] = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
ON: Mapping[str, Any] = {**OFF, "tracing": True}
"""FastAPI's own spans. Its log records stay off: they repeat exception messages and rejected input."""


def configure(service: str) -> Mapping[str, Any]:
    """Set up the exporter if there is one to set up; FastAPI's `telemetry` argument."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return OFF
    try:
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        from shared.runtime.discreet_spans import DiscreetSpans  # noqa: PLC0415
    except ImportError:
        return OFF
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(DiscreetSpans())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return ON


def flush() -> None:
    """Send the spans that are still held: a process that ends by a signal runs no exit handlers."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    try:
        from opentelemetry import trace  # noqa: PLC0415
    except ImportError:
        return
    force = getattr(trace.get_tracer_provider(), "force_flush", None)
    if force:
        force(FLUSH_MILLISECONDS)
