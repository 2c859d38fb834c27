"""What the routes of the interaction service work with."""

from dataclasses import dataclass, field

from services.directory import Directory
from shared.execute import Executor
from shared.runtime import Service
from shared.vault import Vault
from shared.views import ViewStore


@dataclass
class InteractionService(Service):
    """`directory` knows the customers, who belong to another service. All are there once the service is open."""

    executor: Executor = field(init=False)
    views: ViewStore = field(init=False)
    directory: Directory = field(init=False)
    vault: Vault = field(init=False)
