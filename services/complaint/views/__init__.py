"""What the complaint service's readers ask, folded from its own log."""

from services.complaint.views.complaints import COMPLAINTS
from services.complaint.views.praise import PRAISE
from shared.projection import Projection

VIEWS = Projection("complaint_views", 1, (COMPLAINTS, PRAISE))
