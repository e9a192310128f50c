"""The 21 joints of a hand: names, parents, fingers, and the orders of the public data sets."""

from __future__ import annotations

from typing import Final

FINGERS: Final = ("thumb", "index", "middle", "ring", "little")

JOINT_NAMES: Final = (
    "wrist",
    "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip",
    "index_mcp", "index_pip", "index_dip", "index_tip",
    "middle_mcp", "middle_pip", "middle_dip", "middle_tip",
    "ring_mcp", "ring_pip", "ring_dip", "ring_tip",
    "little_mcp", "little_pip", "little_dip", "little_tip",
)  # fmt: skip
"""Order of every joint array in LightHand (that of MediaPipe)."""

JOINTS: Final = len(JOINT_NAMES)

PARENTS: Final = (-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19)
"""Parent of each joint; the wrist has none."""

BONES: Final = tuple((parent, joint) for joint, parent in enumerate(PARENTS) if parent >= 0)
"""(parent, child) of the 20 bones, in the order of the child."""

TIPS: Final = (4, 8, 12, 16, 20)

FINGER_OF_JOINT: Final = (-1, *(finger for finger in range(5) for _ in range(4)))
"""Index into FINGERS of each joint; -1 for the wrist."""

HANDS17_ORDER: Final = (0, 1, 5, 9, 13, 17, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16, 18, 19, 20)
"""``ours[list(HANDS17_ORDER)]`` is in the order of HANDS 2017."""

MSRA_ORDER: Final = (0, *range(5, 21), 1, 2, 3, 4)
"""``ours[list(MSRA_ORDER)]`` is in the order of MSRA15 and of CVAR."""


def inverse_order(order: tuple[int, ...]) -> tuple[int, ...]:
    """Give the order that undoes ``order``: ``x[order][inverse_order(order)]`` is ``x``."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))
