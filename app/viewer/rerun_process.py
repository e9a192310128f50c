"""Rerun's viewer as a process of its own, or its server where there is no screen, bound to this computer.

``rerun.spawn`` and ``rerun.serve_grpc`` listen on every network interface; Rerun's program does as it is told.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.cameras.base import MissingSdkError
from lighthand.errors import SourceError

_HOST: Final = "127.0.0.1"
_PORT: Final = 9876  # where Rerun's own tools look
_VIEWER_MEMORY, _SERVER_MEMORY = "1GB", "250MB"  # then the oldest frames go
_START_S, _END_S = 10.0, 2.0  # patience
_LOOK_S: Final = 0.5  # a viewer takes connections before it looks for graphics, and ends where it finds none
_REMEDY: Final = "Install it anew: pip install --force-reinstall rerun-sdk"
_QUIET: Final = {
    "CI": "1",  # with which Rerun collects no analytics
    "RERUN_APP_ONLY": "true",  # nor asks about them
    "TELEMETRY_ENABLED": "false",
    "RUST_LOG": "error",
}


class RerunProcess:
    """Listens on 127.0.0.1 alone, keeps so much and no more, tells nobody of its use."""

    def __init__(self, program: str, *, window: bool) -> None:
        """Start it and wait until it takes connections.

        Args:
            program: as ``find_program`` gives it.
            window: the viewer; else the server, which other viewers can look at.

        Raises:
            SourceError: no port is free, or it does not start.
        """
        self.window = window
        port = _free_port()
        self.url = f"rerun+http://{_HOST}:{port}/proxy"
        words = [program, "--bind", _HOST, "--port", str(port), "--server-memory-limit", _SERVER_MEMORY]
        words += ["--memory-limit", _VIEWER_MEMORY, "--hide-welcome-screen"] if window else ["--serve-grpc"]
        environment = {name: value for name, value in os.environ.items() if name != "FORCE_RERUN_ANALYTICS"} | _QUIET
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        try:
            self._process = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._errors
            )
        except OSError as error:
            self._errors.close()
            raise SourceError(f"Rerun: {program} does not start ({error.strerror}). {_REMEDY}") from error
        try:
            self._wait(port)
        except SourceError:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended: 0 by its user, more by an error, less by a signal; None while it runs."""
        return self._process.poll()

    def _wait(self, port: int) -> None:
        """Wait until it takes connections; a viewer may end before, and is then found ended."""
        end_s = time.perf_counter() + _START_S
        while self.code is None:
            with socket.socket() as probe:
                if probe.connect_ex((_HOST, port)) == 0:
                    break
            if time.perf_counter() > end_s:
                raise SourceError(f"Rerun: its program takes no connection within {_START_S:g} s. Try again.")
            time.sleep(0.02)
        if self.window:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_S)
        elif self.code is not None:
            raise SourceError(f"Rerun: its program ended at its start ({self.last_words()}). {_REMEDY}")

    def last_words(self) -> str:
        """Give the last line that it wrote of errors."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def end(self) -> None:
        """End it, by force where it does not obey. Safe twice."""
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def find_program(folder: Path) -> str:
    """Find Rerun's program in its module's folder, on Linux, macOS and Windows.

    Raises:
        MissingSdkError: it is not there.
    """
    found = shutil.which("rerun", path=os.pathsep.join(map(str, (folder, folder / "Rerun.app/Contents/MacOS"))))
    if found is None:
        raise MissingSdkError(f"Rerun's program is not in {folder}. {_REMEDY}")
    return found


def _free_port() -> int:
    """Give Rerun's usual port, or another where that is taken: there, it would hand over to the one who has it."""
    for port in (_PORT, 0):
        with socket.socket() as probe:
            if os.name == "posix":  # a connection that has just ended there does not matter
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SourceError(f"Rerun: no port is free on {_HOST}. Close programs that listen there.")
