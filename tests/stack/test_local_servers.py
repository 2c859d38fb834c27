"""The local servers are real, keep port and data over restarts, and go away when told."""

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import Kafka, Postgres, Unavailable
from deploy.local import jars as kafka_jars
from deploy.local import kafka as local_kafka


@pytest.mark.postgres
async def test_a_killed_postgres_comes_back_on_its_port_with_its_data(own_postgres: Postgres) -> None:
    connection = await asyncpg.connect(own_postgres.url)
    await connection.execute("create table kept as select 42 as answer")
    await connection.close()

    own_postgres.kill()
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(own_postgres.url)
    own_postgres.start()

    connection = await asyncpg.connect(own_postgres.url)
    assert await connection.fetchval("select answer from kept") == 42
    await connection.close()


@pytest.mark.postgres
async def test_a_paused_postgres_does_not_answer_until_it_is_resumed(own_postgres: Postgres) -> None:
    connection = await asyncpg.connect(own_postgres.url)
    own_postgres.pause()
    with pytest.raises(TimeoutError):
        await connection.fetchval("select 1", timeout=0.3)
    own_postgres.resume()
    again = await asyncpg.connect(own_postgres.url)
    assert await again.fetchval("select 1") == 1
    await again.close()
    connection.terminate()


@pytest.mark.postgres
async def test_every_test_has_a_database_of_its_own(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    assert await connection.fetchval("select count(*) from pg_class where relkind = 'r' and relname = 'kept'") == 0
    await connection.close()


@pytest.mark.kafka
async def test_a_stopped_broker_comes_back_on_its_port_with_its_topics(own_kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 3, 1)])
    await admin.close()

    own_kafka.kill()
    assert not own_kafka.answers()
    own_kafka.start()

    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    await admin.start()
    assert "kept" in await admin.list_topics()
    await admin.close()


def test_what_is_missing_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(Unavailable, match="Java is not installed"):
        local_kafka.java()
    with pytest.raises(Unavailable, match="Maven"):
        kafka_jars.jars()
