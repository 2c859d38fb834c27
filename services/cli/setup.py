"""`guanxi migrate` and `guanxi topics`: what a database and a broker need before services start; safe to repeat."""

import asyncio

from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from services.cli.errors import CliError
from services.cli.options import run, settings
from services.cli.output import out
from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from services.scoring import contract as scoring
from shared.database import Database
from shared.migrations import migrate as migrate_database
from shared.runtime.settings import Settings
from shared.topics import DEAD_LETTER, Topics, TopicsDiffer, create_topics

STORES = ("customer", "interaction", "complaint", "scoring")


def stores(given: Settings) -> dict[str, str]:
    """Store → database URL, the vault included."""
    return {**{name: given.log_url(name) for name in STORES}, "vault": given.vault_url}


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
    for name, url in stores(settings()).items():
        database = Database.open(url)
        try:
            await migrate_database(database)
        except (SQLAlchemyError, OSError) as error:
            raise CliError(f"the {name} database cannot be migrated: {_reason(error)}") from error
        finally:
            await database.close()
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
