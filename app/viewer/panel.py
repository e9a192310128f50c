"""The controls: source, depth range, hand, what is shown. They say what the user asks for and do nothing of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.cameras.base import CameraInfo
from app.config import AppConfig, CameraConfig
from app.look import ViewConfig
from app.saved import with_kept
from app.viewer.chooser import SourceChooser
from app.viewer.controls import Choice, Millimetres, Steps, check_box, label, push_button
from app.viewer.keys import hint
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig, lag_ms

WIDTH_PX: Final = 250
SMOOTHING_HZ: Final = (1e6, 16.0, 8.0, 4.0, 2.8, 2.0, 1.4, 1.0, 0.7, 0.5)
"""The least cut-off at each step of the slider: off, then ever calmer."""

_NEAREST_MM: Final = 50
_FARTHEST_MM: Final = 10_000
_FAST_MM_S: Final = 500.0
_NOMINAL_HZ: Final = 30.0  # while there is no source
_SHOWN: Final = {
    "skeleton": ("Skeleton", "Bones and joints of the hand"),
    "box": ("Box", "The cube that the network saw"),
    "outline": ("Outline", "The edge of the hand in the depth image"),
    "cloud": ("Cloud", "The points of the scene; those of the hand stay"),
    "frustum": ("Frustum", "The camera and the edges of what it sees"),
    "grid": ("Grid", "The floor of the 3D view"),
    "follow": ("Follow hand", "The 3D view turns about the hand"),
    "timeline": ("Time line", "The latency of the last seconds"),
}
_VIEWS: Final = {
    "front": "See it from the camera",
    "top": "See it from above",
    "side": "See it from the side",
    "orbit": "See it from above the right",
    "reset": "Both views as they began",
}


class ControlPanel(QtWidgets.QWidget):
    """Shows the settings and says which the user wants; ``set_config`` and its like say nothing."""

    source_chosen = QtCore.pyqtSignal(CameraConfig)
    segment_changed = QtCore.pyqtSignal(SegmentConfig)
    track_changed = QtCore.pyqtSignal(TrackConfig)
    look_changed = QtCore.pyqtSignal(ViewConfig)
    view_asked = QtCore.pyqtSignal(str)
    record_toggled = QtCore.pyqtSignal()
    snapshot_asked = QtCore.pyqtSignal()
    pause_toggled = QtCore.pyqtSignal()

    def __init__(self) -> None:
        """Lay it out, with the defaults and no source."""
        super().__init__()
        self._config = AppConfig()
        self._rate_hz = _NOMINAL_HZ
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH_PX)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        inside = QtWidgets.QWidget()
        inside.setObjectName("sheet")
        self._groups = QtWidgets.QVBoxLayout(inside)
        self._groups.setContentsMargins(12, 4, 12, 10)
        self._groups.setSpacing(6)
        self._add_source()
        self._add_range()
        self._add_hand()
        self._add_view()
        self._groups.addStretch(1)
        scroll.setWidget(inside)
        page = QtWidgets.QVBoxLayout(self)
        page.setContentsMargins(1, 0, 0, 0)  # the line on the left
        page.setSpacing(0)
        page.addWidget(scroll, 1)
        page.addLayout(self._buttons())
        self._write()

    def _caption(self, text: str) -> None:
        self._groups.addSpacing(6)
        self._groups.addWidget(label(text, "group"))

    def _add_source(self) -> None:
        self._caption("Source")
        self.chooser = SourceChooser()
        self.chooser.source_chosen.connect(self.source_chosen)
        self._groups.addWidget(self.chooser)

    def _add_range(self) -> None:
        self._caption("Depth range")
        self.near = Millimetres("Hands are looked for from here on. Lower than the other.")
        self.far = Millimetres("Hands are looked for up to here. Higher than the other.")
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(6)
        for spin, between in ((self.near, "to"), (self.far, "")):
            spin.valueChanged.connect(self._change_range)
            spin.editingFinished.connect(self._give_keys_back)
            row.addWidget(spin, 1)
            if between:
                row.addWidget(label(between, "caption"))
        self._groups.addLayout(row)

    def _add_hand(self) -> None:
        self._caption("Hand")
        self.side = Choice(
            {"": "Auto", "left": "Left", "right": "Right"},
            "Which hand it is. Auto finds out; a side that is said makes finding a hand twice as fast.",
        )
        self.side.chosen.connect(self._change_side)
        self._groups.addWidget(self.side)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(8)
        self.smoothing = Steps(
            len(SMOOTHING_HZ),
            "Smoothing: to the left the joints are as they are seen, to the right a still hand is calm",
        )
        self.smoothing.valueChanged.connect(self._change_smoothing)
        for widget in (label("off", "caption"), self.smoothing, label("calm", "caption")):
            row.addWidget(widget)
        self._groups.addLayout(row)
        self.lag = label("", "caption")
        self.lag.setToolTip("How far the smoothing is behind a steady motion, at the source's frames a second")
        self._groups.addWidget(self.lag)

    def _add_view(self) -> None:
        self._caption("View")
        self.theme = Choice({"dark": "Dark", "light": "Light"}, hint("Colours of the window", "theme"))
        self.scale = Choice({"scene": "Scene", "hand": "Hand"}, hint("What the colours of depth span", "scale"))
        grid = QtWidgets.QGridLayout()
        grid.setSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (text, choice, name) in enumerate((("Window", self.theme, "theme"), ("Colours", self.scale, "scale"))):
            grid.addWidget(label(text, "caption"), row, 0)
            grid.addWidget(choice, row, 1)
            choice.chosen.connect(lambda value, name=name: self._change_look(name, value))
        self._groups.addLayout(grid)
        boxes = QtWidgets.QGridLayout()
        boxes.setSpacing(6)
        self.shown: dict[str, QtWidgets.QCheckBox] = {}
        for number, (name, (text, about)) in enumerate(_SHOWN.items()):
            box = self.shown[name] = check_box(text, hint(about, name))
            box.clicked.connect(lambda on, name=name: self._change_look(name, on))
            boxes.addWidget(box, number // 2, number % 2)
        self._groups.addLayout(boxes)
        views = QtWidgets.QHBoxLayout()
        views.setSpacing(4)
        for name, about in _VIEWS.items():
            button = push_button(name.capitalize(), hint(about, name))
            button.setObjectName("small")
            button.clicked.connect(lambda _, name=name: self.view_asked.emit(name))
            views.addWidget(button, 1)
        self._groups.addLayout(views)
        self._groups.addSpacing(8)
        defaults = push_button("Defaults", "Depth range, hand and view as they are without any setting")
        defaults.clicked.connect(self._restore)
        self._groups.addWidget(defaults)

    def _buttons(self) -> QtWidgets.QLayout:
        self.record = push_button("● Record", hint("Record depth and joints", "record"))
        self.record.setObjectName("record")
        self.record.setCheckable(True)
        self.record.clicked.connect(lambda: self.record_toggled.emit())
        snapshot = push_button("Snapshot", hint("Save the picture and the pose", "snapshot"))
        snapshot.setObjectName("small")
        snapshot.clicked.connect(lambda: self.snapshot_asked.emit())
        self.pause = push_button("Pause", hint("Pause or go on", "pause"))
        self.pause.setObjectName("small")
        self.pause.clicked.connect(lambda: self.pause_toggled.emit())
        row = QtWidgets.QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 10)
        row.setSpacing(6)
        for button in (self.record, snapshot, self.pause):
            row.addWidget(button, 1)
        return row

    # What the program says

    def set_config(self, config: AppConfig) -> None:
        """Show other settings."""
        self._config = config
        self._write()

    def set_source(self, info: CameraInfo | None, config: CameraConfig) -> None:
        """Show which source is open.

        Args:
            info: what it says of itself; None while there is none.
            config: how it was asked for.
        """
        self._rate_hz = info.fps if info else _NOMINAL_HZ
        self.chooser.set_source(info, config)
        self._write()

    def set_recording(self, running: bool) -> None:
        """Show whether a recording runs."""
        self.record.setChecked(running)
        self.record.setText("■ Stop" if running else "● Record")

    def set_paused(self, paused: bool) -> None:
        """Show whether the picture stands still."""
        self.pause.setText("Go on" if paused else "Pause")

    def _write(self) -> None:
        """Put the settings into the controls."""
        segment, track, view = self._config.segment, self._config.track, self._config.view
        quiet = [QtCore.QSignalBlocker(each) for each in (self.near, self.far, self.smoothing)]
        self.near.setRange(_NEAREST_MM, max(round(segment.far_mm) - 1, _NEAREST_MM))
        self.far.setRange(min(round(segment.near_mm) + 1, _FARTHEST_MM), _FARTHEST_MM)
        self.near.setValue(round(segment.near_mm))
        self.far.setValue(round(segment.far_mm))
        self.side.set_value(track.side or "")
        distances = [abs(math.log(each / track.min_cutoff_hz)) for each in SMOOTHING_HZ]
        self.smoothing.setValue(distances.index(min(distances)))
        del quiet
        self.lag.setText(_lag_text(track, self._rate_hz))
        self.theme.set_value(view.theme)
        self.scale.set_value(view.scale)
        for name, box in self.shown.items():
            box.setChecked(getattr(view, name))

    # What the user says

    def _change_range(self) -> None:
        segment = replace(self._config.segment, near_mm=float(self.near.value()), far_mm=float(self.far.value()))
        self.set_config(replace(self._config, segment=segment))
        self.segment_changed.emit(segment)

    def _change_side(self, value: str) -> None:
        self._change_track(replace(self._config.track, side=value or None))  # type: ignore[arg-type]

    def _change_smoothing(self, step: int) -> None:
        self._change_track(replace(self._config.track, min_cutoff_hz=SMOOTHING_HZ[step]))

    def _change_track(self, track: TrackConfig) -> None:
        self.set_config(replace(self._config, track=track))
        self.track_changed.emit(track)

    def _change_look(self, name: str, value: str | bool) -> None:
        changed: dict[str, str | bool] = {name: value}
        view = replace(self._config.view, **changed)  # type: ignore[arg-type]
        self.set_config(replace(self._config, view=view))
        self.look_changed.emit(view)

    def _restore(self) -> None:
        self.set_config(with_kept(self._config, AppConfig()))
        config = self._config
        self.segment_changed.emit(config.segment)
        self.track_changed.emit(config.track)
        self.look_changed.emit(config.view)

    def event(self, event: QtCore.QEvent | None) -> bool:
        """While a control has the focus, Tab goes to the next one, Space presses it, and Esc gives the keys back."""
        if isinstance(event, QtGui.QKeyEvent):
            key, at = event.key(), self.focusWidget()
            is_button = isinstance(at, QtWidgets.QAbstractButton)
            own = key in (QtCore.Qt.Key.Key_Tab, QtCore.Qt.Key.Key_Escape)
            if event.type() == QtCore.QEvent.Type.ShortcutOverride:
                if own or (key == QtCore.Qt.Key.Key_Space and is_button):
                    event.accept()
                    return True
            elif event.type() == QtCore.QEvent.Type.KeyPress and key == QtCore.Qt.Key.Key_Escape and at is not None:
                self._give_keys_back()
                return True
        return super().event(event)

    def _give_keys_back(self) -> None:
        """Give the focus to the window: where nobody has it, the first control takes it at the next activation."""
        if self.focusWidget() is QtWidgets.QApplication.focusWidget() and (window := self.window()) is not None:
            window.setFocus()


def _lag_text(config: TrackConfig, rate_hz: float) -> str:
    if config.min_cutoff_hz >= SMOOTHING_HZ[0]:
        return "no lag: joints as they are seen"
    rest, fast = lag_ms(config, 0.0, rate_hz), lag_ms(config, _FAST_MM_S, rate_hz)
    return f"lag {rest:.0f} ms at rest, {fast:.0f} ms at {_FAST_MM_S / 1e3:g} m/s"
