"""Creating topics: once, twice, and against what is already there."""

import pytest

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from shared.codec import Codec
from shared.topics import DEAD_LETTER, Topics, TopicsDiffer, create_topics, partition_count, short_names

pytestmark = pytest.mark.kafka
SHORTS = [*short_names(Codec([customer, interaction, complaint])), DEAD_LETTER]


def test_the_contracts_name_the_topics() -> None:
    assert SHORTS == ["customer", "transaction", "interaction", "complaint", "dead-letter"]
    assert Topics().name("transaction") == "guanxi.transaction.v1"


async def test_topics_are_created_once(kafka_bootstrap: str, topic_prefix: str) -> None:
    names = Topics(topic_prefix).names(SHORTS)
    assert sorted(await create_topics(kafka_bootstrap, names, 6)) == sorted(names)
    assert await create_topics(kafka_bootstrap, names, 6) == []
    assert await partition_count(kafka_bootstrap, names) == 6


async def test_another_number_of_partitions_is_refused(kafka_bootstrap: str, topic_prefix: str) -> None:
    names = Topics(topic_prefix).names(["customer"])
    await create_topics(kafka_bootstrap, names, 3)
    with pytest.raises(TopicsDiffer):
        await create_topics(kafka_bootstrap, names, 6)


async def test_a_missing_topic_is_noticed(kafka_bootstrap: str, topic_prefix: str) -> None:
    with pytest.raises(TopicsDiffer, match="missing"):
        await partition_count(kafka_bootstrap, Topics(topic_prefix).names(["customer"]))
    await create_topics(kafka_bootstrap, Topics(topic_prefix).names(["customer"]), 3)
    await create_topics(kafka_bootstrap, Topics(topic_prefix).names(["complaint"]), 6)
    with pytest.raises(TopicsDiffer, match="different"):
        await partition_count(kafka_bootstrap, Topics(topic_prefix).names(["customer", "complaint"]))
