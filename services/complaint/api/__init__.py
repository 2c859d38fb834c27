"""The HTTP routes of the complaint service."""

from services.complaint.api import complaints, praise, reading, steps
from services.complaint.contract import LOG
from shared.web.internal import internal

ROUTERS = (
    complaints.routes,
    steps.routes,
    reading.routes,
    praise.routes,
    internal(LOG, LOG, "complaint_views", "complaint_directory"),
)
