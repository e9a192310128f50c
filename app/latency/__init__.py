"""What the program says of time: a row a frame in a CSV, a table and a picture of it, live figures for the window."""

from app.latency.columns import COLUMNS, STAGES, STAMPS
from app.latency.live import LiveFigures
from app.latency.log import FrameLog

__all__ = ["COLUMNS", "STAGES", "STAMPS", "FrameLog", "LiveFigures"]
