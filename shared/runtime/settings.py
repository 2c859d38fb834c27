"""Configuration from the environment (`GUANXI_…`). Development needs none; production refuses what is only for it."""

import ipaddress
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from shared.keyring import Keyring, file_secret
from shared.money import MINOR_UNITS, Rates
from shared.runtime.rates import SHIPPED, read_rates

LOCAL_ISSUER = "guanxi-local"
_SHORTEST = 32


class Settings(BaseSettings):
    """Everything that an installation decides. Paths and URLs only; nothing here is opened or connected.

    `log` and `vault` are `sqlite:///folder` or `postgresql://host/name`; each service has `folder/<service>.db` or the
    database `<name>_<service>`. Left empty, both are the data folder.
    """

    model_config = SettingsConfigDict(env_prefix="GUANXI_", extra="ignore", frozen=True, hide_input_in_errors=True)

    env: Literal["dev", "prod"] = "dev"
    data: Path = Path(".guanxi")
    log: str = ""
    vault: str = ""
    feed: str = Field(default="log", pattern=r"^(log|kafka://[^/\s]+)$")
    secret: SecretStr | None = None
    vault_secret: SecretStr | None = None
    jwks: str = ""
    issuer: str = LOCAL_ISSUER
    audience: str = "guanxi"
    base_currency: str = "CNY"
    rates: Path = SHIPPED
    timezone: str = "Asia/Shanghai"
    topic_prefix: str = Field(default="guanxi", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    partitions: int = Field(default=24, ge=1, le=10_000)
    instance: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Unique: a pod's name.")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    metrics_port: int = Field(default=9464, ge=0, le=65535, description="0 for none.")
    rate_limit: float = Field(default=5000.0, gt=0, description="Requests a second for each client.")
    drain_seconds: float = Field(default=20.0, gt=0)
    pool: int = Field(default=10, ge=1, le=200)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("not a time zone of the IANA database") from None
        return value

    @field_validator("base_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in MINOR_UNITS:
            raise ValueError("not an ISO 4217 currency")
        return value

    @model_validator(mode="after")
    def _fit_for_production(self) -> "Settings":
        if self.env == "prod":
            problems = [*self._weak_secrets(), *self._local_issuer()]
            if problems:
                raise ValueError(f"not fit for production: {'; '.join(problems)}")
        return self

    def log_url(self, service: str) -> str:
        """The database of a service's log and views."""
        return _database(self.log, self.data, service)

    @property
    def vault_url(self) -> str:
        """The database of the vault, apart from the logs'."""
        return _database(self.vault or self.log, self.data, "vault")

    @property
    def kafka(self) -> str | None:
        """`host:port` of the broker, None when services read each other's logs directly."""
        return self.feed.removeprefix("kafka://") if self.feed != "log" else None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of business days."""
        return ZoneInfo(self.timezone)

    @cached_property
    def exchange_rates(self) -> Rates:
        """Units of the base currency for one unit of another, from the day they were valid. Reads the file once."""
        return read_rates(self.rates, self.base_currency)

    @cached_property
    def keyring(self) -> Keyring:
        """Keys of cursors, idempotency and pseudonyms; without a configured secret, one is kept in the data folder."""
        return Keyring(_secret(self.secret, self.data / "secret"))

    @cached_property
    def vault_keyring(self) -> Keyring:
        """Keys of the vault, from a secret of its own."""
        return Keyring(_secret(self.vault_secret, self.data / "vault.secret"))

    @property
    def local_issuer(self) -> bool:
        """Whether this process may mint tokens: in development, when no key set was configured."""
        return self.env == "dev" and not self.jwks

    @property
    def dev_tokens(self) -> bool:
        """Whether anybody who reaches the process may ask for a token: only on loopback."""
        return self.local_issuer and _loopback(self.host)

    def _weak_secrets(self) -> list[str]:
        given = {"GUANXI_SECRET": self.secret, "GUANXI_VAULT_SECRET": self.vault_secret}
        weak = [
            f"{name} must be set to a random value of at least {_SHORTEST} characters"
            for name, value in given.items()
            if value is None or len(value.get_secret_value()) < _SHORTEST or len(set(value.get_secret_value())) < 10
        ]
        if not weak and self.secret == self.vault_secret:
            weak.append("GUANXI_SECRET and GUANXI_VAULT_SECRET must differ")
        return weak

    def _local_issuer(self) -> list[str]:
        problems = []
        if not self.jwks:
            problems.append("GUANXI_JWKS must name the issuer's key set")
        elif _loopback(urlsplit(self.jwks).hostname or ""):
            problems.append("GUANXI_JWKS must not be on loopback")
        elif self.jwks.startswith("http://"):
            problems.append("GUANXI_JWKS must be read over https or from a file")
        if self.issuer == LOCAL_ISSUER or _loopback(urlsplit(self.issuer).hostname or ""):
            problems.append("GUANXI_ISSUER must be the bank's issuer")
        return problems


def _database(base: str, data: Path, service: str) -> str:
    if not base:
        return f"sqlite:///{data}/{service}.db"
    url = make_url(base)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database or data}/{service}.db"
    name = f"{url.database or 'guanxi'}_{service}"
    return url.set(database=name).render_as_string(hide_password=False)


def _secret(given: SecretStr | None, path: Path) -> bytes:
    return given.get_secret_value().encode() if given is not None else file_secret(path)


def _loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
