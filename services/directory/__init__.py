"""What a service knows of customers and institutions it does not own: projected from the customer service's topic."""

from services.directory.admission import admit
from services.directory.reader import Directory
from services.directory.views import directory

__all__ = ["Directory", "admit", "directory"]
