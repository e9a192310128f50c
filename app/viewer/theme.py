"""The window's colours, dark and light, and the style sheet made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.look import ThemeName

Colour = tuple[int, int, int]

_ASSETS: Final = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class Theme:
    """RGB colours.

    Attributes:
        page: behind everything, and where nothing was measured.
        panel: of what lies on the page.
        line: borders, grids, axes.
        text: to be read.
        muted: captions.
        accent: what is chosen.
        good: of a state that is well.
        warn: of a state to look at.
        bad: of an error, and of a running recording.
    """

    page: Colour
    panel: Colour
    line: Colour
    text: Colour
    muted: Colour
    accent: Colour
    good: Colour
    warn: Colour
    bad: Colour


THEMES: Final[dict[ThemeName, Theme]] = {
    "dark": Theme(
        page=(18, 20, 24), panel=(28, 31, 37), line=(58, 63, 72), text=(226, 230, 236), muted=(150, 158, 170),
        accent=(84, 160, 255), good=(111, 220, 140), warn=(255, 180, 84), bad=(255, 107, 107),
    ),
    "light": Theme(
        page=(238, 240, 244), panel=(255, 255, 255), line=(200, 205, 213), text=(30, 34, 40), muted=(96, 104, 116),
        accent=(24, 104, 219), good=(22, 132, 60), warn=(176, 98, 0), bad=(200, 40, 40),
    ),
}  # fmt: skip


def css(colour: Colour, opacity: float = 1.0) -> str:
    """Write a colour as style sheets and rich text take it."""
    return f"rgba({colour[0]}, {colour[1]}, {colour[2]}, {round(255 * opacity)})"


def _image(name: str) -> str:
    return f'url("{(_ASSETS / name).with_suffix(".svg").as_posix()}")'


def style_sheet(theme: Theme) -> str:
    """Give the style of every widget of the window.

    Object names: page, panel, strip, sheet, state, figure, caption, group, card, banner, small, record, veil, help,
        key, does.
    """
    page, panel, line, text, muted, accent, bad = map(
        css, (theme.page, theme.panel, theme.line, theme.text, theme.muted, theme.accent, theme.bad)
    )
    return f"""
QWidget {{ color: {text}; font-size: 14px; }}
QSplitter::handle {{ background: {page}; border-left: 1px solid {line}; width: 5px; }}
QWidget#page {{ background: {page}; }}
QWidget#panel {{ background: {panel}; border-left: 1px solid {line}; }}
QWidget#strip {{ background: {panel}; }}
QScrollArea, QWidget#sheet {{ background: {panel}; border: none; }}
QDialog, QMenu, QAbstractItemView {{ background: {panel}; }}
QLabel#state {{ font-size: 16px; font-weight: 600; }}
QLabel#figure {{ font-size: 19px; font-weight: 600; }}
QLabel#caption {{ color: {muted}; font-size: 12px; }}
QLabel#group {{ color: {muted}; font-size: 13px; font-weight: 600; }}
QLabel#card {{ background: {css(theme.panel, 0.88)}; border-radius: 6px; padding: 5px 10px; font-weight: 600; }}
QLabel#banner {{ background: {panel}; border: 1px solid {line}; padding: 18px 28px; }}
QWidget#veil {{ background: {page}; }}
QScrollArea#help {{ border: 1px solid {line}; }}
QLabel#key {{ background: {page}; border: 1px solid {line}; border-radius: 4px; padding: 0 6px; font-size: 12px;
              font-weight: 600; }}
QLabel#does {{ font-size: 13px; }}
QToolTip {{ background: {panel}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QPushButton, QToolButton, QComboBox, QSpinBox, QLineEdit {{ background: {page}; border: 1px solid {line};
    border-radius: 5px; padding: 3px 6px; min-height: 18px; selection-background-color: {accent};
    selection-color: {page}; }}
QPushButton#small, QPushButton#record {{ font-size: 12px; padding: 3px 0; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover, QSpinBox:hover {{ border-color: {accent}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QSpinBox:focus, QLineEdit:focus {{ border-color: {accent}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {line}; }}
QPushButton:checked, QToolButton:checked {{ background: {accent}; color: {page}; border-color: {accent}; }}
QPushButton#record:checked {{ background: {bad}; border-color: {bad}; }}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled, QCheckBox:disabled {{ color: {muted}; }}
QComboBox QAbstractItemView {{ border: 1px solid {line}; background: {panel}; color: {text};
                               selection-background-color: {accent};
                               selection-color: {page}; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView::item {{ min-height: 24px; padding: 0 4px; }}
QComboBox QAbstractItemView::item:disabled {{ color: {muted}; }}
QComboBox, QSpinBox {{ font-size: 13px; }}
QSpinBox {{ padding: 3px 0 3px 5px; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QSpinBox::up-button, QSpinBox::down-button {{ border: none; background: transparent; width: 16px; }}
QComboBox::down-arrow, QSpinBox::down-arrow {{ image: {_image("down")}; width: 10px; height: 6px; }}
QSpinBox::up-arrow {{ image: {_image("up")}; width: 10px; height: 6px; }}
QCheckBox {{ spacing: 7px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {line}; border-radius: 4px; background: {page}; }}
QCheckBox::indicator:hover, QCheckBox:focus::indicator {{ border-color: {accent}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; image: {_image("tick")}; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {line}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {accent}; }}
QSlider::handle:horizontal {{ width: 14px; margin: -5px 0; border-radius: 7px; background: {accent}; }}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {text}; }}
QScrollBar:vertical {{ width: 8px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 8px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
