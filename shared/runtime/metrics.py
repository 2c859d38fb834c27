"""Prometheus metrics on a port of their own. Labels are bounded: route templates and statuses, never ids."""

import logging
from collections.abc import Callable, Iterable, Mapping
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.types import Scope

_log = logging.getLogger("guanxi.metrics")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry for one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("method", "route", "status")
        self._seconds = Histogram(
            "http_server_request_duration_seconds", "Time to answer.", labels, buckets=_BUCKETS, registry=self.registry
        )
        self.crashes = Counter("guanxi_component_crashes_total", "Crashes.", ("component",), registry=self.registry)
        self._watched: dict[str, _Watched] = {}
        self._server: WSGIServer | None = None

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """One answered request; an address that no route knows is one label value."""
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._seconds.labels(method, route, f"{status // 100}xx").observe(seconds)

    def watch(self, name: str, documentation: str, labels: Mapping[str, str], read: Callable[[], float]) -> None:
        """A gauge that is read when it is scraped. The name begins with `guanxi_`; several may share it."""
        if name not in self._watched:
            self._watched[name] = _Watched(name, documentation)
            self.registry.register(self._watched[name])
        self._watched[name].samples.append((dict(labels), read))

    def serve(self, host: str, port: int, *, required: bool) -> None:
        """Answer scrapes in a thread of its own. A port that is taken is an error only where it is `required`."""
        try:
            self._server, _ = start_http_server(port, host, self.registry)
        except OSError:
            if required:
                raise
            _log.warning("no metrics: port %s is taken (GUANXI_METRICS_PORT)", port)

    def close(self) -> None:
        """Stop answering scrapes."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Watched(Collector):
    def __init__(self, name: str, documentation: str) -> None:
        self.name = name
        self.documentation = documentation
        self.samples: list[tuple[dict[str, str], Callable[[], float]]] = []

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(self.name, self.documentation)]

    def collect(self) -> Iterable[Metric]:
        labels = sorted({label for sample, _ in self.samples for label in sample})
        family = GaugeMetricFamily(self.name, self.documentation, labels=labels)
        for sample, read in self.samples:
            family.add_metric([sample.get(label, "") for label in labels], read())
        return [family]
