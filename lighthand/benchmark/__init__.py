"""What the networks cost and how fast the program's parts are: ``python -m lighthand.benchmark --help``."""
