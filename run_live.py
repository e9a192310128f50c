"""Follow a hand in depth images, live: ``python run_live.py --help``."""

import os
import signal
import sys

if __name__ == "__main__":
    # ^C while the libraries load: some of them would make another error of a KeyboardInterrupt.
    before = signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
    from app.main import main

    signal.signal(signal.SIGINT, before)
    status = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is saved and said: a late ^C changes nothing
    sys.exit(status)
