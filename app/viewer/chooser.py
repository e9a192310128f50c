"""The choice of the source: what is plugged in and its modes, the rendered hand, a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.cameras.base import CameraInfo, Device
from app.config import CameraConfig
from app.sources import ABOUT, DRIVERS, devices_of
from lighthand.errors import SourceError

_KINDS: Final = "Recordings (*.mcap *.bag *.db3 *.oni *.mkv *.npz *.npy);;Folders, by one of their images (*.png *.bin)"
_IMAGES: Final = (".png", ".bin")
_UNDESCRIBED: Final = (".npy", ".oni")
"""Files, beside folders, that may need a camera description."""

_OPEN: Final = "open"
_DIALOG: Final = (860, 520)  # so wide that no column of Qt's own file dialog is cut


class _Asking(QtWidgets.QComboBox):
    """A choice that is filled when it is opened; the wheel passes over it."""

    opening = QtCore.pyqtSignal()

    def __init__(self) -> None:
        """Begin empty, as wide as it is made, not as its longest entry."""
        super().__init__()
        self.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setItemDelegate(QtWidgets.QStyledItemDelegate(self))  # the only one that heeds the style sheet
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)

    def showPopup(self) -> None:
        """Fill the list, then show it."""
        self.opening.emit()
        view = self.view()
        assert view is not None
        view.setMinimumWidth(min(view.sizeHintForColumn(0) + 24, 420))
        super().showPopup()

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:
        """Cut a long name with an ellipsis."""
        option, painter = QtWidgets.QStyleOptionComboBox(), QtWidgets.QStylePainter(self)
        self.initStyleOption(option)
        room = painter.style().subControlRect(  # type: ignore[union-attr]
            QtWidgets.QStyle.ComplexControl.CC_ComboBox,
            option,
            QtWidgets.QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        cut = self.fontMetrics().elidedText(option.currentText, QtCore.Qt.TextElideMode.ElideRight, room.width() - 4)
        option.currentText = cut
        painter.drawComplexControl(QtWidgets.QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Leave the wheel to what scrolls."""
        if event is not None:
            event.ignore()

    def add(self, text: str, data: object, remark: str = "", *, enabled: bool = True) -> None:
        """Add an entry; its tooltip is the remark."""
        self.addItem(text, data)
        self.setItemData(self.count() - 1, remark, QtCore.Qt.ItemDataRole.ToolTipRole)
        model = self.model()
        assert isinstance(model, QtGui.QStandardItemModel)
        item = model.item(self.count() - 1)
        assert item is not None
        item.setEnabled(enabled)


class SourceChooser(QtWidgets.QWidget):
    """Two lists: the source, and the mode of a device. Drivers are asked when a list is opened, never before."""

    source_chosen = QtCore.pyqtSignal(CameraConfig)

    def __init__(self) -> None:
        """Begin with no source."""
        super().__init__()
        self._info: CameraInfo | None = None
        self._config = CameraConfig()
        self._devices: list[Device] = []
        self._refused: list[tuple[str, str]] = []  # a driver's name, and what to do about it
        self.sources = _Asking()
        self.sources.opening.connect(self.ask)
        self.sources.activated.connect(self._choose_source)
        self.modes = _Asking()
        self.modes.opening.connect(self._ask_once)
        self.modes.activated.connect(self._choose_mode)
        refresh = QtWidgets.QToolButton()
        refresh.setText("↻")
        refresh.setToolTip("Look again for what is plugged in.")
        refresh.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        refresh.clicked.connect(self.ask)
        layout = QtWidgets.QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.sources, 0, 0)
        layout.addWidget(refresh, 0, 1)
        layout.addWidget(self.modes, 1, 0, 1, 2)
        layout.setColumnStretch(0, 1)
        self._fill()

    def set_source(self, info: CameraInfo | None, config: CameraConfig) -> None:
        """Show which source is open.

        Args:
            info: what it says of itself; None while there is none.
            config: how it was asked for.
        """
        self._info, self._config = info, config
        self._fill()

    def ask(self) -> None:
        """Ask every driver what is plugged in; that may take some tenths of a second."""
        self._devices, self._refused = [], []
        QtWidgets.QApplication.setOverrideCursor(QtCore.Qt.CursorShape.WaitCursor)
        try:
            for kind in DRIVERS:
                try:
                    self._devices += devices_of(kind)
                except SourceError as error:
                    self._refused.append((ABOUT[kind].partition(":")[0], str(error)))
        finally:
            QtWidgets.QApplication.restoreOverrideCursor()
        self._fill()

    def _ask_once(self) -> None:
        if not self._devices:
            self.ask()

    def _fill(self) -> None:
        """Write both lists anew; what is open stands first."""
        self.sources.clear()
        own = self._own_device()
        if self._info is None:
            self.sources.add("No source", self._config)
        elif self._info.link != "rendered":
            source = self._config.source
            recording = source.name if source else self._info.serial
            name = _name(self._info.model, self._info.serial) if self._info.live else recording
            self.sources.add(name, self._config, own.note if own else f"{self._info.model}, {self._info.link}")
        for device in self._devices:
            if device is not own:
                text = _name(device.model, device.serial)
                self.sources.add(text, self._asked_for(device), device.note, enabled=bool(device.modes))
        self.sources.add("Rendered hand", CameraConfig(kind="synthetic", seed=self._config.seed), "needs no camera")
        self.sources.add("Open a recording…", _OPEN)
        for name, remedy in self._refused:
            self.sources.add(f"{name}: not available", None, remedy, enabled=False)
        self._show_own()
        self._fill_modes(own)
        self.sources.setToolTip(f"{self.sources.currentText()}: where frames come from. Opened, it asks for devices.")
        self.modes.setToolTip(f"{self.modes.currentText()}: size of the depth images and frames a second.")

    def _show_own(self) -> None:
        is_hand = self._info is not None and self._info.link == "rendered"
        self.sources.setCurrentIndex(self.sources.findText("Rendered hand") if is_hand else 0)

    def _fill_modes(self, own: Device | None) -> None:
        self.modes.clear()
        size = f"{self._info.intrinsics.width}x{self._info.intrinsics.height}@{self._info.fps:g}" if self._info else "–"
        live = self._info is not None and self._info.live
        self.modes.setEnabled(live)
        if not live:
            self.modes.add(size, None)
            return
        self.modes.add(f"driver's: {size}" if self._config.fps is None else "driver's choice", (None,) * 3)
        for mode in sorted(own.modes if own else (), reverse=True):
            self.modes.add(str(mode), (mode.width, mode.height, mode.fps))
        wanted = (self._config.width, self._config.height, self._config.fps)
        if wanted != (None,) * 3 and self.modes.findData(wanted) < 0:
            self.modes.add(size, wanted)
        self.modes.setCurrentIndex(max(self.modes.findData(wanted), 0))

    def _own_device(self) -> Device | None:
        """Give the listed device that is open."""
        if self._info is None or not self._info.live:
            return None
        return next((device for device in self._devices if device.serial == self._info.serial), None)

    def _asked_for(self, device: Device, mode: tuple[int | None, ...] = (None,) * 3) -> CameraConfig:
        """Say how to open a device; what the same driver was told otherwise stays."""
        kind = "openni" if self._config.kind == "kinect" else self._config.kind
        base = self._config if kind == device.kind else CameraConfig()
        size: dict[str, object] = dict(zip(("width", "height", "fps"), mode, strict=True))
        changed: dict[str, object] = {"kind": device.kind, "serial": device.serial or None, **size}
        return replace(base, **changed)  # type: ignore[arg-type]

    def _choose_source(self, index: int) -> None:
        chosen = self.sources.itemData(index)
        self._show_own()  # until it is open
        if chosen == _OPEN:
            if (path := self._ask_path()) is None:
                return
            same = self._config.kind == "replay"
            chosen = replace(self._config, source=path) if same else CameraConfig(kind="replay", source=path)
            if not (path.is_dir() or path.suffix.lower() in _UNDESCRIBED):
                chosen = replace(chosen, intrinsics=None)
        self.source_chosen.emit(chosen)

    def _choose_mode(self, index: int) -> None:
        mode, own = self.modes.itemData(index), self._own_device()
        if own is not None:
            self.source_chosen.emit(self._asked_for(own, mode))

    def _ask_path(self) -> Path | None:
        """Let the user choose a recording; an image stands for its folder."""
        folder = self._config.source.parent if self._config.source else Path("recordings")
        dialog = QtWidgets.QFileDialog(self, "Open a recording", str(folder), _KINDS)
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        table = dialog.findChild(QtWidgets.QTreeView)
        if table is not None and (header := table.header()) is not None:  # it is Qt's, not the desktop's
            header.setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
            dialog.resize(*_DIALOG)
        chosen = dialog.exec()
        dialog.deleteLater()
        if not chosen:
            return None
        path = Path(dialog.selectedFiles()[0])
        return path.parent if path.suffix in _IMAGES else path


def _name(model: str, serial: str) -> str:
    return f"{model} · {serial}" if serial and serial != model else model
