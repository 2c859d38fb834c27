"""`guanxi migrate` and `guanxi topics`: what a database and a broker need before services start; safe to repeat."""

import asyncio
from collections.abc import Awaitable

from aiokafka.errors import KafkaError
from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from services.cli.errors import CliError
from services.cli.options import run, settings
from services.cli.output import out
from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from services.scoring import contract as scoring
from shared.runtime.metrics import Metrics
from shared.runtime.resources import Resources
from shared.topics import DEAD_LETTER, Topics, TopicsDiffer, create_topics

STORES = {customer.LOG: "customer", interaction.LOG: "interaction", complaint.LOG: "complaint", scoring.LOG: "scoring"}
"""Each log and the service in whose database it lies."""


def short_topics() -> list[str]:
    """Every topic that the contracts publish to, and the dead letters'."""
    events = (*customer.EVENTS, *interaction.EVENTS, *complaint.EVENTS, *scoring.EVENTS)
    return [*dict.fromkeys(topic for *_, topic in events), DEAD_LETTER]


def migrate() -> None:
    """Bring every database that GUANXI_LOG and GUANXI_VAULT name to the current schema."""
    run(_migrate())


def topics() -> None:
    """Create the Kafka topics that are missing, with GUANXI_PARTITIONS partitions each."""
    run(_topics())


async def _migrate() -> None:
    resources = Resources(settings(), Metrics())
    try:
        for log, service in STORES.items():
            await _prepared(service, resources.log(log, store=service))
        await _prepared("vault", resources.vault())
    finally:
        await resources.close()


async def _prepared(name: str, opened: Awaitable[object]) -> None:
    try:
        await opened
    except (SQLAlchemyError, PostgresError, OSError) as error:
        raise CliError(f"the {name} database cannot be migrated: {_reason(error)}") from error
    out.print(f"{name}: migrated")


async def _topics() -> None:
    given = settings()
    if given.kafka is None:
        raise CliError("GUANXI_FEED names no broker: kafka://host:port")
    names = Topics(given.topic_prefix).names(short_topics())
    try:
        async with asyncio.timeout(60):
            created = await create_topics(given.kafka, names, given.partitions)
    except TopicsDiffer as error:
        raise CliError(str(error)) from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise CliError(f"the broker at {given.kafka} does not answer: {_reason(error)}") from error
    for name in names:
        out.print(f"{name}: {'created' if name in created else 'there already'}")


def _reason(error: BaseException) -> str:
    """The first line: drivers add statements and addresses below it."""
    return (str(error).splitlines() or [type(error).__name__])[0] or type(error).__name__
