"""What schemathesis has to know of our media types. Importing this is enough."""

from typing import Any

import schemathesis
from schemathesis import SerializationContext


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx: SerializationContext, value: Any) -> bytes:
    """Lines as they were generated; anything else as it prints, which is a bad line and must get its verdict."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
