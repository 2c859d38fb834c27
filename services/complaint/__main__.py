"""python -m services.complaint"""

from services.complaint.app import create_app
from shared.runtime import Settings, serve

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
