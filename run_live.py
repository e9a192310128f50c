"""Follow a hand in depth images, live: ``python run_live.py --help``."""

import sys

from app.main import main

if __name__ == "__main__":
    sys.exit(main())
