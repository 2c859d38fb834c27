"""A notes application and a client that talks to it in process."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.auth.issuer import LocalIssuer
from shared.keyring import Keyring
from support.notes import NotesApp


@pytest.fixture
def issuer(tmp_path: Path) -> LocalIssuer:
    return LocalIssuer.in_folder(tmp_path, "guanxi-test", "guanxi")


@pytest.fixture
async def notes(issuer: LocalIssuer) -> AsyncIterator[NotesApp]:
    application = NotesApp(issuer, Keyring(b"a secret of a test, long enough"))
    async with application.running():
        yield application


@pytest.fixture
async def http(notes: NotesApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(notes.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=notes.token()) as client:
        yield client


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
