"""The host: lifecycle, health, metrics, tokens, crashes."""

import asyncio
import itertools
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError
from fastapi import FastAPI

from shared.codec import SchemaTooNew
from shared.log import LogUnavailable
from shared.runtime import Running, Service, Settings, host
from shared.runtime.resources import Resources
from shared.runtime.supervisor import Supervisor
from shared.web.openapi import unscoped


class Recorded(Service):
    """Writes down what happens to it."""

    def __init__(self, name: str, story: list[str]) -> None:
        super().__init__(name)
        self.story = story
        self.components = [Running(f"{name}-loop", self._loop)]
        self.checks = {"database": self._check}
        self.ready = True

    async def open(self, resources: Resources) -> None:
        self.story.append(f"open {self.name}")

    async def close(self) -> None:
        self.story.append(f"close {self.name}")

    async def _check(self) -> bool:
        return self.ready

    async def _loop(self) -> None:
        self.story.append(f"run {self.name}")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            self.story.append(f"drained {self.name}")


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(data=tmp_path, **{"metrics_port": 0, **values})


@asynccontextmanager
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        yield http


async def test_services_open_run_drain_and_close_in_order(tmp_path: Path) -> None:
    story: list[str] = []
    app = host([Recorded("a", story), Recorded("b", story)], settings(tmp_path))
    async with client(app) as http:
        assert (await http.get("/livez")).json() == {"status": "ok"}
        await asyncio.sleep(0.01)
        story.append("served")
    assert story[:2] == ["open a", "open b"]
    assert set(story[2:4]) == {"run a", "run b"}
    assert story[4] == "served"
    assert set(story[5:7]) == {"drained a", "drained b"}
    assert story[7:] == ["close b", "close a"]


async def test_readiness_names_what_is_not_ready_and_liveness_does_not_ask(tmp_path: Path) -> None:
    service = Recorded("a", [])
    app = host([service], settings(tmp_path))
    async with client(app) as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]) == (200, {"a.database": "ok"})
        service.ready = False
        app.state.health._known = (float("-inf"), {})
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]) == (503, {"a.database": "not ready"})
        assert (await http.get("/livez")).status_code == 200


async def test_checks_run_at_most_once_a_second(tmp_path: Path) -> None:
    asked = 0

    async def check() -> None:
        nonlocal asked
        asked += 1

    service = Recorded("a", [])
    service.checks = {"counted": check}
    async with client(host([service], settings(tmp_path))) as http:
        await asyncio.gather(*(http.get("/readyz") for _ in range(20)))
    assert asked == 1


async def test_a_failing_check_never_tells_what_it_said(tmp_path: Path) -> None:
    async def check() -> None:
        raise OSError("postgresql://user:password@host/db")

    service = Recorded("a", [])
    service.checks = {"database": check}
    async with client(host([service], settings(tmp_path))) as http:
        answer = await http.get("/readyz")
    assert "password" not in answer.text
    assert answer.json()["checks"] == {"a.database": "OSError"}


async def test_development_on_loopback_hands_out_tokens(tmp_path: Path) -> None:
    app = host([Recorded("a", [])], settings(tmp_path))
    async with client(app) as http:
        answer = await http.post("/v1/dev/tokens", json={"role": "teller", "institution": "ins_1"})
        principal = await app.state.edge.verifier.verify(answer.json()["access_token"])
        assert (principal.role, principal.institution) == ("teller", "ins_1")
        refused = await http.post("/v1/dev/tokens", json={"role": "emperor"})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/role")


@pytest.mark.parametrize("values", [{"host": "0.0.0.0"}, {"jwks": "jwks.json", "issuer": "https://id.bank.test"}])
async def test_nobody_else_hands_out_tokens(tmp_path: Path, values: dict[str, Any]) -> None:
    async with client(host([Recorded("a", [])], settings(tmp_path, **values))) as http:
        assert (await http.post("/v1/dev/tokens", json={"role": "teller"})).status_code == 404


async def test_every_route_of_a_bare_host_is_public_on_purpose(tmp_path: Path) -> None:
    assert unscoped(host([Recorded("a", [])], settings(tmp_path))) == []


async def test_metrics_have_their_own_port_and_bounded_labels(tmp_path: Path, unused_port: int) -> None:
    app = host([Recorded("a", [])], settings(tmp_path, metrics_port=unused_port))
    app.state.metrics.watch("guanxi_answer", "A test.", {"of": "everything"}, lambda: 42.0)
    async with client(app) as http:
        await http.get("/livez")
        await http.get("/v1/customers/cus_made_up")
        url = f"http://127.0.0.1:{unused_port}/metrics"
        text = (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode()
    assert 'guanxi_answer{of="everything"} 42.0' in text
    assert 'route="/livez"' in text
    assert 'route="unmatched"' in text
    assert "cus_made_up" not in text


class Crashing:
    """A component that crashes as often as it is told to, then works."""

    def __init__(self, crashes: int, error: Callable[[], Exception] = lambda: ValueError("broken")) -> None:
        self.name = "crashing"
        self.starts = 0
        self.working = asyncio.Event()
        self._crashes = crashes
        self._error = error

    async def run(self) -> None:
        self.starts += 1
        if self.starts <= self._crashes:
            raise self._error()
        self.working.set()
        await asyncio.Event().wait()


async def test_a_component_that_crashes_twice_is_started_again() -> None:
    component, gave_up = Crashing(2), asyncio.Event()
    supervisor = Supervisor([component], gave_up.set, pause=0.001)
    supervisor.start()
    await asyncio.wait_for(component.working.wait(), 5)
    await supervisor.stop(1)
    assert component.starts == 3
    assert not gave_up.is_set()
    assert supervisor.failure is None


async def test_a_component_that_keeps_crashing_takes_the_process_down_loudly() -> None:
    component, gave_up = Crashing(1000), asyncio.Event()
    neighbour = Crashing(0)
    supervisor = Supervisor([component, neighbour], gave_up.set, pause=0.001)
    supervisor.start()
    await asyncio.wait_for(gave_up.wait(), 5)
    assert component.starts == 6
    assert neighbour.working.is_set()
    assert isinstance(supervisor.failure, ValueError)
    await supervisor.stop(1)


async def test_an_outage_of_broker_or_database_is_waited_out_however_long_it_takes() -> None:
    outages = [LogUnavailable("away"), KafkaConnectionError("away"), ConnectionRefusedError("away"), TimeoutError()]
    turns = itertools.cycle(outages)
    component, gave_up = Crashing(5 * len(outages), lambda: next(turns)), asyncio.Event()
    supervisor = Supervisor([component], gave_up.set, pause=0.00001)
    supervisor.start()
    await asyncio.wait_for(component.working.wait(), 5)
    await supervisor.stop(1)
    assert not gave_up.is_set()
    assert supervisor.failure is None


async def test_events_from_newer_code_are_not_retried() -> None:
    component, gave_up = Crashing(1000, lambda: SchemaTooNew("upgrade")), asyncio.Event()
    supervisor = Supervisor([component], gave_up.set, pause=0.001)
    supervisor.start()
    await asyncio.wait_for(gave_up.wait(), 5)
    assert component.starts == 1
    await supervisor.stop(1)
