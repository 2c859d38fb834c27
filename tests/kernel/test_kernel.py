"""A whole service on the kernel: log, group commit, views under a lease, on both databases."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, Security

from shared.auth import WHOLE_BANK
from shared.envelope import Envelope
from shared.projection import Index, Projection, View
from shared.runtime import Service, Settings, host
from shared.runtime.kernel import Kernel
from shared.runtime.metrics import Metrics
from shared.runtime.resources import InUse, Resources
from shared.web import Call, Read, Receipt, call, found, read, router, serving
from support.notes import NotesContract, WriteNote, Written, writing


def _text(row: Written | None, id: str, envelope: Envelope) -> Written | None:  # noqa: A002
    return envelope.data if isinstance(envelope.data, Written) else row


NOTES = View(
    "notes", Written, lambda envelope: [envelope.key], _text, lambda row: Index(institution=row.institution_id)
)
VIEWS = Projection("note_views", 1, (NOTES,))
routes = router(tags=["notes"])


class NotesOnKernel(Service):
    kernel: Kernel

    async def open(self, resources: Resources) -> None:
        self.kernel = await Kernel.open("notes", [NotesContract()], resources)
        self.executor = self.kernel.executor
        self.views = await self.kernel.own_views(VIEWS)
        self.kernel.give(self)


Notes = Annotated[NotesOnKernel, Depends(serving("notes"))]


@routes.post("/v1/notes", status_code=201)
async def write_note(
    body: WriteNote, call: Annotated[Call, Security(call, scopes=["customers:write"])], notes: Notes
) -> Receipt:
    return await call.run(notes.executor, writing(body, call), topic="note")


@routes.get("/v1/notes/{note_id}")
async def get_note(
    note_id: str, read: Annotated[Read, Security(read, scopes=["customers:read"])], notes: Notes
) -> dict[str, str]:
    await read.fresh(notes.views)
    return {"text": found(await notes.views.get(NOTES, note_id, read.scope)).text}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: Any, tmp_path: Path) -> Settings:
    log = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return OneDatabase(data=tmp_path, log=log, metrics_port=0)


class OneDatabase(Settings):
    """Tests have one database of their own, and no right to make others."""

    def log_url(self, service: str) -> str:
        return self.log or super().log_url(service)


async def test_a_service_on_the_kernel_reads_its_writes(settings: Settings) -> None:
    app = host([NotesOnKernel("notes", [routes])], settings)
    headers = {"Authorization": f"Bearer {app.state.issuer.mint('teller')}"}
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers)
    async with app.router.lifespan_context(app), client as http:
        written = await asyncio.gather(*(http.post("/v1/notes", json={"text": f"note {n}"}) for n in range(40)))
        receipts = [answer.json() for answer in written]
        assert sorted(int(each["position"].rpartition(":")[2]) for each in receipts) == list(range(1, 41))
        reads = await asyncio.gather(
            *(http.get(f"/v1/notes/{each['id']}?min_position={each['position']}") for each in receipts)
        )
        assert [each.json()["text"] for each in reads] == [f"note {n}" for n in range(40)]
        assert (await http.get("/readyz")).status_code == 200


async def test_what_was_accepted_is_there_after_a_restart(settings: Settings) -> None:
    for expected in (0, 1, 2):
        service = NotesOnKernel("notes", [routes])
        app = host([service], settings)
        headers = {"Authorization": f"Bearer {app.state.issuer.mint('teller')}"}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers)
        async with app.router.lifespan_context(app), client as http:
            assert await service.kernel.log.head() == expected
            answer = await http.post("/v1/notes", json={"text": "again"})
            assert answer.status_code == 201
            receipt = answer.json()
            fresh = await http.get(f"/v1/notes/{receipt['id']}", params={"min_position": receipt["position"]})
            assert fresh.status_code == 200
            assert len((await service.views.list(NOTES, WHOLE_BANK))[0]) == expected + 1


async def test_one_process_per_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    first, second = (Resources(settings, Metrics()) for _ in range(2))
    await first.own("notes")
    with pytest.raises(InUse):
        await second.own("notes")
    await first.close()
    await second.own("notes")
    await second.close()
