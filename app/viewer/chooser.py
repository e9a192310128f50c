"""Where frames come from, to be chosen: what is plugged in, the rendered hand, a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtWidgets

from app.cameras.base import CameraInfo, Device, Kind
from app.config import CameraConfig
from app.sources import DRIVERS, devices_of
from lighthand.errors import SourceError

_FILES: Final = "Recordings (*.mcap *.npz *.npy *.bag *.db3 *.oni *.mkv);;All files (*)"
_DRIVERS_CHOICE: Final = "driver's choice"


class SourceChooser(QtWidgets.QWidget):
    """Two lists, of sources and of a device's modes; devices are asked for when the button is clicked."""

    chosen = QtCore.pyqtSignal(CameraConfig)
    """The user wants another source."""

    def __init__(self) -> None:
        """List what needs no asking."""
        super().__init__()
        self._devices: list[Device] = []
        self.sources = QtWidgets.QComboBox()
        self.sources.setToolTip("Where frames come from")
        self.sources.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.sources.activated.connect(self._choose)
        self.modes = QtWidgets.QComboBox()
        self.modes.setToolTip("Size and rate of the camera's images")
        self.modes.activated.connect(self._choose_mode)
        self.look = QtWidgets.QToolButton()
        self.look.setText("⟳")
        self.look.setToolTip("Look for cameras; takes up to a second")
        self.look.clicked.connect(self.find)
        first = QtWidgets.QHBoxLayout()
        first.addWidget(self.sources, 1)
        first.addWidget(self.look)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addWidget(self.modes)
        self._list("", [])

    def show_source(self, info: CameraInfo, config: CameraConfig) -> None:
        """Name the source that plays.

        Args:
            info: what it says of itself.
            config: what was asked for.
        """
        self.sources.setItemText(0, f"{info.model}, {info.serial}")
        self.sources.setCurrentIndex(0)
        self.sources.setToolTip(f"{info.model}, {info.serial}, {info.link}")
        lens = info.intrinsics
        self._list_modes(next((d for d in self._devices if d.serial == info.serial), None))
        self.modes.setItemText(0, f"{lens.width}x{lens.height}@{info.fps:g}")
        self.modes.setEnabled(config.is_device)

    def find(self) -> None:
        """Ask every driver what is plugged in; the window waits meanwhile."""
        QtWidgets.QApplication.setOverrideCursor(QtCore.Qt.CursorShape.WaitCursor)
        missing: list[tuple[str, str]] = []
        self._devices = []
        try:
            for kind in DRIVERS:
                try:
                    self._devices += devices_of(kind)
                except SourceError as error:
                    missing.append((kind, str(error)))
        finally:
            QtWidgets.QApplication.restoreOverrideCursor()
        self._list(self.sources.itemText(0), missing)

    def _list(self, current: str, missing: list[tuple[str, str]]) -> None:
        """Fill the list of sources: what plays, devices, the rendered hand, a file; then what cannot be asked."""
        self.sources.clear()
        self.sources.addItem(current or "no source yet", None)
        for device in self._devices:
            self.sources.addItem(f"{device.model}, {device.serial}", device)
            if not device.modes:
                self._disable(device.note)
        self.sources.addItem("Rendered hand", "synthetic")
        self.sources.addItem("Open a recording…", "replay")
        for kind, why in missing:
            self.sources.addItem(f"{kind}: not available", None)
            self._disable(why)
        self._list_modes(None)

    def _disable(self, why: str) -> None:
        """Let the last entry be read, not chosen."""
        last = self.sources.count() - 1
        self.sources.setItemData(last, why, QtCore.Qt.ItemDataRole.ToolTipRole)
        item = self.sources.model().item(last)  # type: ignore[union-attr]
        item.setEnabled(False)

    def _list_modes(self, device: Device | None) -> None:
        self.modes.clear()
        self.modes.addItem(_DRIVERS_CHOICE, None)
        for mode in device.modes if device else ():
            self.modes.addItem(str(mode), (device, mode))
        self.modes.setEnabled(device is not None)

    def _choose(self, index: int) -> None:
        what = self.sources.itemData(index)
        if isinstance(what, Device):
            self.chosen.emit(_of(what))
        elif what == "synthetic":
            self.chosen.emit(CameraConfig(kind="synthetic"))
        elif what == "replay":
            path, _ = QtWidgets.QFileDialog.getOpenFileName(self, "Open a recording", "recordings", _FILES)
            self.sources.setCurrentIndex(0)
            if path:
                self.chosen.emit(CameraConfig(kind="replay", source=Path(path)))

    def _choose_mode(self, index: int) -> None:
        if what := self.modes.itemData(index):
            device, mode = what
            self.chosen.emit(_of(device, mode.width, mode.height, mode.fps))


def _of(device: Device, width: int | None = None, height: int | None = None, fps: int | None = None) -> CameraConfig:
    kind: Kind = device.kind  # type: ignore[assignment]
    return CameraConfig(kind=kind, serial=device.serial or None, width=width, height=height, fps=fps)
