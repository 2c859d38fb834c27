"""What passes by itself: a broker or a database that cannot be reached for a while."""

from aiokafka.errors import KafkaError

from shared.database import unavailable
from shared.log import LogUnavailable


def passing(error: BaseException) -> bool:
    """Whether trying again later may help although nothing here changes."""
    return isinstance(error, KafkaError | LogUnavailable | TimeoutError) or unavailable(error)
