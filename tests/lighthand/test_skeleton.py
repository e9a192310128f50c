from __future__ import annotations

import numpy as np
import pytest

from lighthand.skeleton import (
    BONES,
    FINGER_OF_JOINT,
    FINGERS,
    HANDS17_ORDER,
    JOINT_NAMES,
    JOINTS,
    MSRA_ORDER,
    PARENTS,
    TIPS,
    inverse_order,
)


def test_every_joint_leads_to_the_wrist():
    assert JOINTS == len(JOINT_NAMES) == len(PARENTS) == len(set(JOINT_NAMES)) == 21
    assert PARENTS[0] == -1
    for joint in range(1, JOINTS):
        assert 0 <= PARENTS[joint] < joint


def test_bones_and_tips():
    assert [child for _, child in BONES] == list(range(1, JOINTS))
    assert {joint for joint in range(JOINTS) if joint not in PARENTS} == set(TIPS)
    assert all(JOINT_NAMES[tip].endswith("_tip") for tip in TIPS)


def test_fingers():
    for joint in range(1, JOINTS):
        assert JOINT_NAMES[joint].startswith(FINGERS[FINGER_OF_JOINT[joint]])
    assert FINGER_OF_JOINT[0] == -1


@pytest.mark.parametrize("order", [HANDS17_ORDER, MSRA_ORDER])
def test_orders_are_permutations_and_invert(order):
    assert sorted(order) == list(range(JOINTS))
    joints = np.arange(JOINTS)
    assert (joints[list(order)][list(inverse_order(order))] == joints).all()
    assert (joints[list(inverse_order(order))][list(order)] == joints).all()


def test_orders_name_what_the_data_sets_say():
    names = [JOINT_NAMES[joint] for joint in MSRA_ORDER]
    assert names[:5] == ["wrist", "index_mcp", "index_pip", "index_dip", "index_tip"]
    assert names[-4:] == ["thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip"]
    names = [JOINT_NAMES[joint] for joint in HANDS17_ORDER]
    assert names[:6] == ["wrist", "thumb_cmc", "index_mcp", "middle_mcp", "ring_mcp", "little_mcp"]
    assert names[6:12] == ["thumb_mcp", "thumb_ip", "thumb_tip", "index_pip", "index_dip", "index_tip"]
