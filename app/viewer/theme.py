"""The window's colours, dark and light, and the style sheet made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.look import ThemeName

Colour = tuple[int, int, int]


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


def style_sheet(theme: Theme) -> str:
    """Give the style of every widget of the window; object names: page, panel, state, figure, caption, card, banner."""
    page, panel, line, text, muted, accent = map(
        css, (theme.page, theme.panel, theme.line, theme.text, theme.muted, theme.accent)
    )
    return f"""
QWidget {{ color: {text}; font-size: 14px; }}
QSplitter::handle {{ background: {line}; width: 2px; }}
QWidget#page {{ background: {page}; }}
QWidget#panel {{ background: {panel}; }}
QLabel#state {{ font-size: 16px; font-weight: 600; }}
QLabel#figure {{ font-size: 19px; font-weight: 600; }}
QLabel#caption {{ color: {muted}; font-size: 12px; }}
QLabel#card {{ background: {css(theme.panel, 0.88)}; border-radius: 6px; padding: 5px 10px; font-weight: 600; }}
QLabel#banner {{ background: {css(theme.panel, 0.94)}; border: 1px solid {line}; border-radius: 10px;
                 padding: 18px 28px; font-size: 16px; }}
QToolTip {{ background: {panel}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QPushButton, QToolButton, QComboBox {{ background: {page}; border: 1px solid {line}; border-radius: 5px;
                                       padding: 4px 9px; min-height: 18px; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ border-color: {accent}; }}
QPushButton:checked, QToolButton:checked {{ background: {accent}; color: {page}; border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled, QCheckBox:disabled {{ color: {muted}; }}
QComboBox QAbstractItemView {{ background: {panel}; color: {text}; selection-background-color: {accent};
                               selection-color: {page}; }}
"""
