"""python -m services.scoring [api|worker]: both in one process unless one is named."""

import sys
from typing import cast, get_args

from services.scoring.app import Role, create_app
from shared.runtime import Settings, serve

if __name__ == "__main__":
    role = sys.argv[1] if len(sys.argv) > 1 else "all"
    if role not in get_args(Role):
        sys.exit(f"python -m services.scoring [{'|'.join(get_args(Role))}]")
    settings = Settings()
    serve(create_app(settings, cast(Role, role)), settings)
