"""Sends stages of actions through the public API: bulk where it exists, bounded side by side where it does not."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from services.cli.actions import ROUTES, Action, BadRow, BulkStage, ChainStage, Stage
from services.cli.client import Api, Verdict
from services.cli.errors import ApiError
from services.cli.report import Report, Tally

LINES = 5_000
REQUESTS = 2
CHAINS = 24
ROUNDS = 6
Item = TypeVar("Item")
Advance = Callable[[Stage, int], None]


def _silent(stage: Stage, done: int) -> None:
    """The progress of a load that nobody watches."""


class Loader:
    """Loads stages in order and counts. `advance(stage, n)` is told of every n actions that are settled."""

    def __init__(self, api: Api, advance: Advance = _silent, *, lines: int = LINES) -> None:
        self._api = api
        self._advance = advance
        self._lines = lines
        self.report = Report()

    async def load(self, stages: Iterable[Stage]) -> Report:
        """Runs every stage. A refused action is counted and the rest goes on; a lost server raises CliError."""
        began = time.monotonic()
        for stage in stages:
            tally = Tally(stage.title)
            self.report.stages.append(tally)
            started = time.monotonic()
            if isinstance(stage, BulkStage):
                await self._bulk(stage, tally)
            else:
                await self._chains(stage, tally)
            tally.seconds = time.monotonic() - started
        self.report.seconds = time.monotonic() - began
        return self.report

    async def _bulk(self, stage: BulkStage, tally: Tally) -> None:
        async def send(chunk: Sequence[Action | BadRow]) -> None:
            await self._chunk(stage, tally, chunk)

        await _bounded(_chunks(stage.actions, self._lines), send, REQUESTS)

    async def _chunk(self, stage: BulkStage, tally: Tally, chunk: Sequence[Action | BadRow]) -> None:
        waiting = [item for item in chunk if isinstance(item, Action)]
        for item in chunk:
            if isinstance(item, BadRow):
                self.report.refuse(tally, item.line, item.code, item.detail)
        self._advance(stage, len(chunk) - len(waiting))
        for round_ in range(ROUNDS):
            last = round_ == ROUNDS - 1
            waiting = [action async for action in self._round(stage, tally, waiting, last)]
            if not waiting:
                return
            # What is retryable waits for another service to learn of a customer: moments, not minutes.
            await asyncio.sleep(0.2 * 2**round_)

    async def _round(
        self, stage: BulkStage, tally: Tally, actions: Sequence[Action], last: bool
    ) -> AsyncIterator[Action]:
        """Sends the actions once, counts those that are settled and yields those to send again."""
        if not actions:
            return
        route = ROUTES[stage.kind]
        lines = [msgspec.json.encode(action.body) for action in actions]
        settled = 0
        async for verdict in self._api.bulk(route.service, route.bulk, lines):
            action = actions[verdict.line - 1]
            if not last and _again(verdict):
                yield action
                continue
            settled += 1
            self._count(tally, action, verdict)
            if settled % 500 == 0:
                self._advance(stage, 500)
        self._advance(stage, settled % 500)

    def _count(self, tally: Tally, action: Action, verdict: Verdict) -> None:
        if verdict.status in ("accepted", "replayed"):
            tally.read += 1
            setattr(tally, verdict.status, getattr(tally, verdict.status) + 1)
        elif verdict.problem is None:
            self.report.refuse(tally, action.line, verdict.status, "not executed")
        else:
            problem = verdict.problem
            self.report.refuse(tally, action.line, *_reason(problem.code, problem.detail, problem.errors))

    async def _chains(self, stage: ChainStage, tally: Tally) -> None:
        async def send(chain: Sequence[Action]) -> None:
            for action in chain:
                await self._single(tally, action)
            self._advance(stage, len(chain))

        await _bounded(iter(stage.chains), send, CHAINS)

    async def _single(self, tally: Tally, action: Action) -> None:
        route = ROUTES[action.kind]
        path = route.path.format(target=action.target)
        for round_ in range(ROUNDS):
            try:
                reply = await self._api.post(route.service, path, action.body, key=_key(action))
            except ApiError as error:
                if error.code == "unknown_customer" and round_ < ROUNDS - 1:
                    await asyncio.sleep(0.2 * 2**round_)
                    continue
                if error.status in (401, 403):
                    raise
                self.report.refuse(tally, action.line, *_reason(error.code, error.detail, error.errors))
                return
            tally.read += 1
            # A creating route answers 200 where the thing was there already, whoever created it.
            if reply.replayed or (route.creates and reply.status == 200):
                tally.replayed += 1
            else:
                tally.accepted += 1
            return


def _key(action: Action) -> str:
    """The idempotency key: as long as the API takes, whatever the action is called."""
    return hashlib.sha256(f"{action.kind}:{action.key}".encode()).hexdigest()


def _again(verdict: Verdict) -> bool:
    return verdict.status == "limit" or (verdict.problem is not None and verdict.problem.retryable)


def _reason(code: str, detail: str, errors: Sequence[dict[str, object]]) -> tuple[str, str]:
    """The most telling code of a problem: its first error's where it has one, with the pointer."""
    if not errors:
        return code, detail
    first = errors[0]
    pointer = str(first.get("pointer") or "")
    text = str(first.get("detail") or detail)
    return str(first.get("code") or code), f"{pointer}: {text}" if pointer else text


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while chunk := list(itertools.islice(source, size)):
        yield chunk


async def _bounded(items: Iterator[Item], send: Callable[[Item], Awaitable[None]], width: int) -> None:
    """Applies `send` to every item, at most `width` at a time; the first failure stops all and is raised."""

    async def worker() -> None:
        for item in items:
            await send(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(worker())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
