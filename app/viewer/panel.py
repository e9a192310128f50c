"""The controls: source, depth range, hand, view, and what is saved. Signals say what the user wants."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from PyQt6 import QtCore, QtWidgets

from app.cameras.base import CameraInfo
from app.config import AppConfig, CameraConfig
from app.look import Scale, ThemeName, ViewConfig
from app.saved import with_kept
from app.viewer.chooser import SourceChooser
from app.viewer.keys import BY_ACTION, hint
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig, lag_ms
from lighthand.types import Side

WIDTH: Final = 262
OFF_HZ: Final = 1000.0
"""Cut-off of the smoothing where it is off: a lag of 0.2 ms."""

_CUTOFFS_HZ: Final = (OFF_HZ, 16.0, 8.0, 4.0, 2.0, 1.0, 0.5)  # the slider's places, from off to calm
_NEAREST_MM, _FARTHEST_MM, _STEP_MM = 50, 10_000, 50
_MOVING_MM_S: Final = 500.0
_SIDES: Final[tuple[tuple[str, Side | None], ...]] = (("auto", None), ("left", "left"), ("right", "right"))
_THEMES: Final[tuple[tuple[str, ThemeName], ...]] = (("dark", "dark"), ("light", "light"))
_SCALES: Final[tuple[tuple[str, Scale], ...]] = (("scene", "scene"), ("hand", "hand"))
_SWITCHES: Final = ("skeleton", "box", "outline", "cloud", "frustum", "grid", "follow", "timeline")
_VIEWS: Final = ("front", "top", "side", "orbit", "reset")


class ControlPanel(QtWidgets.QScrollArea):
    """Shows the settings that can be changed while the program runs; changes nothing itself."""

    source_chosen = QtCore.pyqtSignal(CameraConfig)
    segment_changed = QtCore.pyqtSignal(SegmentConfig)
    track_changed = QtCore.pyqtSignal(TrackConfig)
    look_changed = QtCore.pyqtSignal(ViewConfig)
    view_asked = QtCore.pyqtSignal(str)
    record_toggled = QtCore.pyqtSignal()
    snapshot_asked = QtCore.pyqtSignal()
    pause_toggled = QtCore.pyqtSignal()

    def __init__(self) -> None:
        """Lay out the controls, with the defaults in them."""
        super().__init__()
        self._config = AppConfig()
        self._fps = 30.0
        self.setFixedWidth(WIDTH)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        page = QtWidgets.QWidget()
        page.setObjectName("panel")
        self.setWidget(page)
        self._rows = QtWidgets.QVBoxLayout(page)
        self._rows.setContentsMargins(14, 10, 14, 12)
        self._rows.setSpacing(6)
        self._add_source()
        self._add_hand()
        self._add_view()
        self._rows.addStretch(1)
        self.set_config(self._config)

    def _add_source(self) -> None:
        self._caption("Source")
        self.chooser = SourceChooser()
        self.chooser.chosen.connect(self.source_chosen)
        self._rows.addWidget(self.chooser)
        self.record = _button("Record", hint("Record depth and joints", "record"), self.record_toggled.emit)
        self.snapshot = _button("Snapshot", hint("Save picture, frame and pose", "snapshot"), self.snapshot_asked.emit)
        self.pause = _button("Pause", hint("Hold the picture, or the recording", "pause"), self.pause_toggled.emit)
        self.record.setObjectName("record")
        self.record.setCheckable(True)
        self.pause.setCheckable(True)
        self._row(self.record, self.snapshot, self.pause)

    def _add_hand(self) -> None:
        self._caption("Look for hands between")
        self.near, self.far = _distance("least depth of a hand"), _distance("greatest depth of a hand")
        self.near.valueChanged.connect(self._change_range)
        self.far.valueChanged.connect(self._change_range)
        self._row(self.near, self.far)
        self._caption("Hand")
        self.side = _choice(_SIDES, "Left or right hand; auto lets the network vote", self._change_track)
        self._row(QtWidgets.QLabel("side"), self.side)
        self.smoothing = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, len(_CUTOFFS_HZ) - 1)
        self.smoothing.setPageStep(1)
        self.smoothing.setToolTip("Smoothing, from off to calm: a calmer hand lags more")
        self.smoothing.valueChanged.connect(self._change_track)
        self._row(QtWidgets.QLabel("smoothing"), self.smoothing)
        self.lag = QtWidgets.QLabel()
        self.lag.setObjectName("caption")
        self._rows.addWidget(self.lag)

    def _add_view(self) -> None:
        self._caption("View")
        self.theme = _choice(_THEMES, hint("Colours of the window", "theme"), self._change_look)
        self.scale = _choice(_SCALES, hint("What the colours of depth are spread over", "scale"), self._change_look)
        self._row(QtWidgets.QLabel("theme"), self.theme)
        self._row(QtWidgets.QLabel("colours"), self.scale)
        grid = QtWidgets.QGridLayout()
        grid.setVerticalSpacing(3)
        self.switches: dict[str, QtWidgets.QCheckBox] = {}
        for number, name in enumerate(_SWITCHES):
            box = self.switches[name] = QtWidgets.QCheckBox(name)
            box.setToolTip(hint(BY_ACTION[name].text.capitalize(), name))
            box.toggled.connect(self._change_look)
            grid.addWidget(box, number // 2, number % 2)
        self._rows.addLayout(grid)
        self._caption("3D view from")
        self.views = {name: _button(name, hint(BY_ACTION[name].text.capitalize(), name)) for name in _VIEWS}
        for name, button in self.views.items():
            button.clicked.connect(lambda _, name=name: self.view_asked.emit(name))
        self._row(*list(self.views.values())[:3])
        self._row(*list(self.views.values())[3:])
        self.defaults = _button("Defaults", "Depth range, side, smoothing and view as they come", self._restore)
        self._rows.addSpacing(6)
        self._rows.addWidget(self.defaults)

    # What is shown

    def set_config(self, config: AppConfig) -> None:
        """Show these settings; nothing is said of it."""
        self._config = config
        segment, track, look = config.segment, config.track, config.view
        nearest = min(range(len(_CUTOFFS_HZ)), key=lambda place: abs(_CUTOFFS_HZ[place] - track.min_cutoff_hz))
        blocked = [QtCore.QSignalBlocker(each) for each in (self.near, self.far, self.side, self.smoothing)]
        blocked += [QtCore.QSignalBlocker(each) for each in (self.theme, self.scale, *self.switches.values())]
        self.near.setRange(_NEAREST_MM, round(segment.far_mm) - 1)
        self.far.setRange(round(segment.near_mm) + 1, _FARTHEST_MM)
        self.near.setValue(round(segment.near_mm))
        self.far.setValue(round(segment.far_mm))
        self.side.setCurrentIndex([side for _, side in _SIDES].index(track.side))
        self.smoothing.setValue(nearest)
        self.theme.setCurrentIndex([name for _, name in _THEMES].index(look.theme))
        self.scale.setCurrentIndex([name for _, name in _SCALES].index(look.scale))
        for name, box in self.switches.items():
            box.setChecked(getattr(look, name))
        for each in blocked:
            each.unblock()
        rest_ms, moving_ms = (lag_ms(track, speed, self._fps) for speed in (0.0, _MOVING_MM_S))
        off = track.min_cutoff_hz >= OFF_HZ
        self.lag.setText("off, no lag" if off else f"lag {rest_ms:.0f} ms at rest, {moving_ms:.0f} ms at 0.5 m/s")

    def set_source(self, info: CameraInfo, config: CameraConfig) -> None:
        """Name the source that plays."""
        self.chooser.show_source(info, config)
        self._fps = info.fps
        self.set_config(self._config)

    def set_recording(self, active: bool) -> None:
        """Show whether a recording runs."""
        self.record.setChecked(active)
        self.record.setText("Stop" if active else "Record")

    def set_paused(self, paused: bool) -> None:
        """Show whether the picture is held."""
        self.pause.setChecked(paused)

    # What the user does

    def _change_range(self) -> None:
        self.segment_changed.emit(
            replace(self._config.segment, near_mm=float(self.near.value()), far_mm=float(self.far.value()))
        )

    def _change_track(self) -> None:
        place = self.smoothing.value()
        track = replace(self._config.track, side=self.side.currentData(), min_cutoff_hz=_CUTOFFS_HZ[place])
        self.track_changed.emit(track)

    def _change_look(self) -> None:
        self.look_changed.emit(
            replace(
                self._config.view,
                theme=self.theme.currentData(),
                scale=self.scale.currentData(),
                **{name: box.isChecked() for name, box in self.switches.items()},
            )
        )

    def _restore(self) -> None:
        plain = with_kept(self._config, AppConfig())
        self.segment_changed.emit(plain.segment)
        self.track_changed.emit(plain.track)
        self.look_changed.emit(plain.view)

    # How it is laid out

    def _caption(self, text: str) -> None:
        label = QtWidgets.QLabel(text)
        label.setObjectName("caption")
        self._rows.addSpacing(5)
        self._rows.addWidget(label)

    def _row(self, *widgets: QtWidgets.QWidget) -> None:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(6)
        for widget in widgets:
            row.addWidget(widget, 0 if isinstance(widget, QtWidgets.QLabel) else 1)
        self._rows.addLayout(row)


def _button(text: str, tip: str, act: object = None) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(text)
    button.setToolTip(tip)
    if act is not None:
        button.clicked.connect(lambda: cast("QtCore.pyqtBoundSignal", act)())
    return button


def _distance(tip: str) -> QtWidgets.QSpinBox:
    box = QtWidgets.QSpinBox()
    box.setRange(_NEAREST_MM, _FARTHEST_MM)
    box.setSingleStep(_STEP_MM)
    box.setSuffix(" mm")
    box.setKeyboardTracking(False)
    box.setToolTip(tip.capitalize())
    return box


def _choice(entries: tuple[tuple[str, object], ...], tip: str, act: object) -> QtWidgets.QComboBox:
    combo = QtWidgets.QComboBox()
    for text, value in entries:
        combo.addItem(text, value)
    combo.setToolTip(tip)
    combo.currentIndexChanged.connect(act)
    return combo
