"""The load generator, a process of its own: `python -m tests.bench.traffic JOB` does a job and prints what it saw.

A job is a MessagePack file: `kind` (closed, steady or listen) and what that function takes.
"""

import asyncio
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from tests.bench.client import Connection, connect

_MESSAGE = re.compile(rb"^id: ?\d", re.MULTILINE)

PATIENCE = 60.0


async def closed(port: int, requests: list[bytes], connections: int, warm: float, seconds: float) -> dict[str, Any]:
    """Each connection asks again as soon as it was answered, until the time or the requests are over."""
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    waiting = iter(requests)
    begin = time.perf_counter() + warm
    end = begin + seconds

    async def keep(connection: Connection) -> None:
        for request in waiting:
            started = time.perf_counter()
            if started > end:
                return
            status, _ = await connection.ask(request)
            if begin <= started:
                statuses[status] += 1
                latencies.append(time.perf_counter() - started)

    everyone = await asyncio.gather(*(connect(port) for _ in range(connections)))
    await asyncio.gather(*(keep(connection) for connection in everyone))
    spent = min(time.perf_counter(), end + 1) - begin
    return {"rate": len(latencies) / spent, "statuses": dict(statuses), **_quantiles(latencies)}


async def steady(
    write: int, read: int, posts: list[tuple[bytes, str]], token: str, per_second: float, warm: int
) -> dict[str, Any]:
    """Post at a fixed rate whatever the answers do, and ask for each score that holds what was posted."""
    writers, readers = asyncio.Queue[Connection](), asyncio.Queue[Connection]()
    for _ in range(64):
        writers.put_nowait(await connect(write))
        readers.put_nowait(await connect(read))
    latencies: list[float] = []
    accepted: list[float] = []
    statuses: Counter[int] = Counter()

    async def through(pool: asyncio.Queue[Connection], request: bytes) -> tuple[int, bytes]:
        connection = await pool.get()
        try:
            return await connection.ask(request)
        finally:
            pool.put_nowait(connection)

    async def one(number: int, due: float) -> None:
        post, customer = posts[number]
        status, body = await through(writers, post)
        answered = time.perf_counter()
        if status == 201:
            position = msgspec.json.decode(body)["position"]
            ask = f"GET /v1/relationships/{customer}?min_position={position} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            status = 503
            # Not there yet after the service's patience: asked again, and as late as it is.
            while status == 503 and time.perf_counter() < due + PATIENCE:
                status, _ = await through(readers, f"{ask}authorization: Bearer {token}\r\n\r\n".encode())
        if number >= warm:
            statuses[status] += 1
            latencies.append(time.perf_counter() - due)
            accepted.append(answered - due)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(len(posts)):
            due = start + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(number, due))
    return {"statuses": dict(statuses), **_quantiles(latencies), "accepted_p50_ms": _quantiles(accepted)["p50_ms"]}


async def listen(port: int, request: bytes, subscribers: int, messages: int, patience: float) -> dict[str, Any]:
    """Subscribe so often, say `ready`, and count what each subscriber gets."""
    received = [0] * subscribers
    closed_early = 0
    ready = asyncio.Semaphore(0)

    async def one(number: int) -> None:
        nonlocal closed_early
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await reader.readuntil(b"retry:")
        ready.release()
        try:
            while received[number] < messages:
                data = await reader.readuntil(b"\n\n")
                received[number] += len(_MESSAGE.findall(data))
        except asyncio.IncompleteReadError:
            closed_early += 1
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()

    listening = []
    for number in range(subscribers):
        listening.append(asyncio.create_task(one(number)))
        if number % 100 == 99:
            await asyncio.sleep(0.02)
    for _ in range(subscribers):
        await ready.acquire()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    started = time.perf_counter()
    _, late = await asyncio.wait(listening, timeout=patience)
    for task in late:
        task.cancel()
    expected = subscribers * messages
    return {
        "received": sum(received),
        "missed": expected - sum(received),
        "closed_early": closed_early,
        "seconds": time.perf_counter() - started,
    }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else (seconds or [0.0]) * 99
    return {"p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000}


async def _main(job: dict[str, Any]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = await {"closed": closed, "steady": steady, "listen": listen}[job.pop("kind")](**job)
    return result | {"client_cpu": round((time.process_time() - cpu) / (time.perf_counter() - wall), 3)}


if __name__ == "__main__":
    said = uvloop.run(_main(msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes())))
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
