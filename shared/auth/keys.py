"""Public keys by id, from a JWKS file or URL. A stranger's key id never makes us ask more than every 30 seconds."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import jwt

REFRESH = 30.0
MAX_AGE = 3600.0
TIMEOUT = 5.0


def _parsed(text: str) -> dict[str, jwt.PyJWK]:
    """The usable keys of a set by id. Raises ValueError for what is no set; a key we cannot use hides no other."""
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JSON Web Key Set")
    keys: dict[str, jwt.PyJWK] = {}
    for member in document["keys"]:
        with suppress(jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
            key = jwt.PyJWK(member)
            if key.key_id:
                keys[key.key_id] = key
    return keys


class JwksKeys:
    """A key set that is read when a key is missing or the set is old, at most every `REFRESH` seconds."""

    def __init__(self, source: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """The key of that id, or None; a key set that cannot be read leaves the last good one in place."""
        age = self._clock() - self._asked
        if age > MAX_AGE or (kid not in self._keys and age > REFRESH):
            await self._refresh()
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        async with self._lock:
            if self._clock() - self._asked <= REFRESH:
                return
            self._asked = self._clock()
            try:
                self._keys = _parsed(await self._read())
            except (httpx.HTTPError, OSError, ValueError):
                return

    async def _read(self) -> str:
        if not self._source.startswith(("http://", "https://")):
            path = Path(self._source.removeprefix("file://"))
            return await asyncio.to_thread(path.read_text, encoding="utf-8")
        async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client:
            answer = await client.get(self._source)
            answer.raise_for_status()
            return answer.text
