"""Where records go whose key cannot be read: nobody can say whom they concern, so no key can be parked for them."""

import logging

from aiokafka import AIOKafkaProducer, ConsumerRecord

from shared.topics import DEAD_LETTER, Topics

_log = logging.getLogger("guanxi.dead-letters")


class DeadLetters:
    """Copies records to the dead-letter topic, with the place they came from in the headers."""

    def __init__(self, bootstrap: str, topics: Topics) -> None:
        self.count = 0
        self._bootstrap = bootstrap
        self._topic = topics.name(DEAD_LETTER)
        self._producer: AIOKafkaProducer | None = None

    async def put(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Return when it is acknowledged. Raises Kafka's errors; the same record may come again then."""
        producer = await self._running()
        place = f"{record.topic}/{record.partition}/{record.offset}"
        headers = [*record.headers, ("guanxi-origin", place.encode())]
        await producer.send_and_wait(self._topic, record.value or b"", key=record.key, headers=headers)
        self.count += 1
        _log.error("a record without a readable key was put aside: %s", place)

    async def stop(self) -> None:
        """Disconnect; idempotent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True)
            await producer.start()
            self._producer = producer
        return self._producer
