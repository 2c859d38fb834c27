"""A tiny real service, notes in a memory log, to test the web conventions without a bank around them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Depends, FastAPI, Response, Security

from shared import identifiers
from shared.auth import Verifier
from shared.auth.issuer import LocalIssuer
from shared.codec import Codec
from shared.committer import Committer
from shared.decider import Decider, Fact, Rejected
from shared.execute import Executor, Target
from shared.keyring import Keyring
from shared.log_memory import MemoryEventLog
from shared.web import (
    Body,
    BulkLines,
    Call,
    Count,
    Cursor,
    Day,
    Edge,
    Intent,
    Limit,
    Line,
    MoneyIn,
    OccurredAt,
    Page,
    Read,
    Receipt,
    ReferenceIn,
    View,
    browse,
    bulk,
    bulk_route,
    call,
    etag,
    found,
    handlers,
    identifier,
    openapi,
    problems,
    read,
    router,
    serving,
)
from shared.web.middleware import EdgeMiddleware


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    note_id: str
    text: str
    institution_id: str
    amount_minor: int = 0


class Archived(msgspec.Struct, frozen=True):
    note_id: str


class NotesContract:
    def __init__(self) -> None:
        self.LOG = "notes"
        self.EVENTS = (("note.written", 1, Written, "note"), ("note.archived", 1, Archived, "note"))
        self.UPCASTERS: dict[tuple[str, int], Any] = {}


class Note(msgspec.Struct, frozen=True):
    text: str = ""
    institution_id: str | None = None
    archived: bool = False


def evolve(state: Note, event: Any) -> Note:
    match event:
        case Written(_, text, institution_id):
            return Note(text, institution_id)
        case Archived():
            return msgspec.structs.replace(state, archived=True)
    return state


DECIDER = Decider(Note(), evolve)
NoteId = Annotated[str, identifier("nte")]
routes = router(tags=["notes"])


class WriteNote(Body):
    reference: ReferenceIn | None = None
    text: Line
    institution_id: Line = "ins_a"
    pages: Count = 1
    due: Day | None = None
    amount: MoneyIn | None = None
    occurred_at: OccurredAt | None = None


class NoteOut(View):
    id: str
    text: str
    archived: bool


@dataclass
class Notes:
    log: MemoryEventLog
    executor: Executor
    codec: Codec
    crash: list[Exception] = field(default_factory=list)

    async def wait(self, channel: str, position: int, seconds: float) -> bool:
        return channel == "notes/note" and await self.log.head() >= position

    async def get(self, note_id: str) -> tuple[Note, int]:
        (loaded,) = await self.log.load([f"note-{note_id}"])
        return DECIDER.fold(self.codec.decode(record) for record in loaded.records), loaded.version


NotesService = Annotated[Notes, Depends(serving("notes"))]
Write = Annotated[Call, Security(call, scopes=["customers:write"])]
ReadNotes = Annotated[Read, Security(read, scopes=["customers:read"])]
Browse = Annotated[Read, Security(browse, scopes=["customers:read"])]


def target(note_id: str) -> Target:
    return Target(f"note-{note_id}", DECIDER, lambda state: state.institution_id)


def writing(body: WriteNote, call: Call) -> Intent:
    reference = body.reference.value if body.reference else None
    note_id = identifiers.derived("nte", reference.system, reference.id) if reference else identifiers.new("nte")
    at = call.occurred_at(body.occurred_at)
    stream = f"note-{note_id}"

    def decide(state: Note) -> list[Fact]:
        if body.text == "forbidden":
            raise Rejected("forbidden_text", "This text is not allowed.", "/text")
        if state.institution_id:
            raise Rejected("already_written", "The note exists.", kind="conflict")
        return [Fact(stream, note_id, Written(note_id, body.text, body.institution_id), at)]

    return Intent([target(note_id)], decide, key=call.reference_key("note", reference))


@routes.post("/v1/notes", status_code=201, summary="Write a note", responses=problems(409))
async def write_note(body: WriteNote, call: Write, notes: NotesService) -> Receipt:
    return await call.run(notes.executor, writing(body, call), topic="note")


@routes.post("/v1/notes/bulk", summary="Write notes", responses=problems(), **bulk_route(WriteNote))
async def write_notes(lines: BulkLines, call: Write, notes: NotesService) -> Response:
    async def prepare(bodies: Sequence[WriteNote]) -> list[Intent | Rejected]:
        return [
            Rejected("unknown_text", "Unknown.", "/text", retryable=True)
            if body.text == "unknown"
            else writing(body, call)
            for body in bodies
        ]

    return await bulk(call, lines, notes.executor, WriteNote, prepare, topic="note")


def archiving(note_id: str, call: Call) -> Intent:
    def decide(state: Note) -> list[Fact]:
        if not state.institution_id:
            raise Rejected("not_found", "No such note.", kind="not_found")
        if state.archived:
            return []
        return [Fact(f"note-{note_id}", note_id, Archived(note_id), call.now)]

    return Intent([target(note_id)], decide)


@routes.post("/v1/notes/{note_id}/archival", status_code=201, summary="Archive a note", responses=problems(404, 412))
async def archive_note(note_id: NoteId, call: Write, notes: NotesService) -> Receipt:
    return await call.run(notes.executor, archiving(note_id, call), topic="note")


@routes.patch("/v1/notes/{note_id}", summary="Archive by patch", responses=problems(404, 412, 428))
async def patch_note(note_id: NoteId, call: Write, notes: NotesService) -> Receipt:
    return await call.run(notes.executor, archiving(note_id, call), topic="note")


@routes.get("/v1/notes/{note_id}", summary="Read a note", responses=problems(404))
async def get_note(note_id: NoteId, read: ReadNotes, notes: NotesService, response: Response) -> NoteOut:
    await read.fresh(notes)
    note, version = await notes.get(note_id)
    seen = found(note if note.institution_id and read.scope.allows(note.institution_id) else None)
    response.headers["ETag"] = etag(version)
    return NoteOut(id=note_id, text=seen.text, archived=seen.archived)


@routes.get("/v1/notes", summary="List notes", responses=problems())
async def list_notes(read: Browse, notes: NotesService, limit: Limit = 50, cursor: Cursor = None) -> Page[NoteOut]:
    records = await notes.log.read(int(read.after or 0), limit)
    items = [NoteOut(id=record.key, text="", archived=False) for record in records]
    return Page(items=items, next_cursor=read.next_cursor(records[-1].position if len(records) == limit else None))


@routes.get("/v1/crash", summary="Raise what the test wants", responses=problems())
async def crash(read: Browse, notes: NotesService) -> None:
    raise notes.crash.pop()


class NotesApp:
    """The application with an issuer to mint tokens with."""

    def __init__(self, issuer: LocalIssuer, keyring: Keyring) -> None:
        codec = Codec([NotesContract()])
        log = MemoryEventLog("notes")
        self.committer = Committer(log)
        self.service = Notes(log, Executor(log, codec, self.committer), codec)
        self.issuer = issuer
        self.app = FastAPI(title="Notes", lifespan=self._lifespan)
        self.app.include_router(routes)
        self.app.state.services = {"notes": self.service}
        self.app.state.edge = Edge(Verifier(issuer, "guanxi-test", "guanxi"), keyring, ZoneInfo("Asia/Shanghai"))
        handlers.install(self.app)
        self.app.add_middleware(EdgeMiddleware)
        self.app.openapi = lambda: openapi.document(self.app)  # type: ignore[method-assign]

    def token(self, role: str = "teller", **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.mint(role, **claims)}"}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.committer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        async with self.running():
            yield
