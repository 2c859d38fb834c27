"""What goes wrong between the command line and a running Guanxi, said in one line each."""

from typing import Any


class CliError(Exception):
    """A failure with a message for the person at the keyboard; it never needs a traceback."""


class Unreachable(CliError):
    """Nothing answers at the address."""

    def __init__(self, url: str) -> None:
        super().__init__(f"nothing answers at {url}: start Guanxi with `guanxi up`, or name another with --url")


class ApiError(CliError):
    """The API answered with a problem. `code` is the stable one of RFC 9457's problem document."""

    def __init__(self, status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(_sentence(status, code, detail, errors or []))
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or []


class BadFile(CliError):
    """A file that cannot be read as what it should be. `line` counts from 1, header included; 0 = the whole file."""

    def __init__(self, path: str, detail: str, line: int = 0) -> None:
        super().__init__(f"{path}: line {line}: {detail}" if line else f"{path}: {detail}")


def _sentence(status: int, code: str, detail: str, errors: list[dict[str, Any]]) -> str:
    if status == 401:
        return "the token is missing, expired or not of this Guanxi: give another with --token or GUANXI_TOKEN"
    if status == 403:
        return f"the token's role may not do this ({code})"
    if errors:
        first = errors[0]
        return f"{first.get('pointer') or code}: {first.get('detail') or detail} ({status} {first.get('code') or code})"
    return f"{detail or 'the request was refused'} ({status} {code})"
