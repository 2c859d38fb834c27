"""Which running Guanxi a command talks to."""

import msgspec

from services.cli.errors import CliError

DEFAULT_URL = "http://127.0.0.1:8000"
SERVICES = ("customer", "interaction", "complaint", "scoring")


class Connection(msgspec.Struct, frozen=True):
    """Base URLs by service, and the token; None means: ask the development endpoint for one."""

    urls: dict[str, str]
    token: str | None = None

    def base(self, service: str) -> str:
        """The base URL of a service, without a trailing slash."""
        if service not in self.urls:
            raise CliError(f"no URL is known for the {service} service: add {service}=URL to --url or GUANXI_URL")
        return self.urls[service]


def connect(url: str | None, token: str | None) -> Connection:
    """Reads `URL`, or `customer=URL,interaction=URL,…`. Raises CliError when it is neither."""
    return Connection(_urls((url or DEFAULT_URL).strip()), token or None)


def _urls(text: str) -> dict[str, str]:
    if "=" not in text.split("://", 1)[0]:
        return dict.fromkeys(SERVICES, _checked(text))
    urls: dict[str, str] = {}
    for part in text.split(","):
        name, _, url = part.strip().partition("=")
        if name not in SERVICES:
            raise CliError(f"--url names services {', '.join(SERVICES)}, as in customer=http://host:port")
        urls[name] = _checked(url)
    return urls


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise CliError("--url must start with http:// or https://")
    return url.rstrip("/")
