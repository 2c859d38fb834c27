"""What the interaction service's readers ask, folded from its own log."""

from services.interaction.views.interactions import INTERACTIONS
from services.interaction.views.promises import PROMISES
from services.interaction.views.ratings import RATINGS
from shared.projection import Projection

VIEWS = Projection("interaction_views", 1, (INTERACTIONS, PROMISES, RATINGS))
