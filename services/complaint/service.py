"""What the routes of the complaint service work with."""

from dataclasses import dataclass

from services.directory import Directory
from shared.execute import Executor
from shared.vault import Vault
from shared.views import ViewStore


@dataclass(frozen=True, slots=True)
class ComplaintService:
    """`directory` knows the customers, who belong to another service."""

    executor: Executor
    views: ViewStore
    directory: Directory
    vault: Vault
