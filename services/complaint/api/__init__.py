"""The HTTP routes of the complaint service."""

from services.complaint.api import complaints, praise, reading, steps

ROUTERS = (complaints.routes, steps.routes, reading.routes, praise.routes)
