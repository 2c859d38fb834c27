"""A publication as a server-sent event."""

from shared import wire
from shared.codec import Codec
from shared.envelope import Envelope
from shared.folding import to_record


def message(codec: Codec, envelope: Envelope) -> bytes:
    """Id is the position, event the type, data the CloudEvent as it is on Kafka: one document for all consumers."""
    document = wire.encode(to_record(codec, envelope)).value
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (envelope.position, envelope.type.encode(), document)
