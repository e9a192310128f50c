"""Open3D's window: the scene as points in camera space, hands as solid bones and joints. ``pip install`` brings it."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.cameras.base import CameraInfo
from app.viewer.colours import BACKGROUND, depth_image, finger_colour
from app.viewer.display import missing_display
from app.viewer.faces import live_hands, stale_after_s
from app.viewer.scale import SCENE
from lighthand.errors import SourceError
from lighthand.geometry import unproject
from lighthand.skeleton import BONES, JOINTS
from lighthand.types import Frame, HandRegion, Intrinsics, Result, TrackedHand

Doubles = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int32]

POINTS: Final = 20_000
"""Points of the scene at most."""

_SIZE: Final = (1280, 720)
_EYE_MM: Final = (110.0, -60.0, -180.0)  # where the view starts: behind the camera, so that the camera is seen
_TARGET_MM: Final = (0.0, 0.0, 1500.0)  # what it looks at
_SEEN_MM: Final = (300.0, 1500.0)  # between these distances all that the camera sees is in view at the start
_SHARE: Final = 0.98  # of the window that this takes
_FRUSTUM_MM: Final = 50.0
_BONE_MM, _JOINT_MM = 3.5, 5.5  # radii
_SIDES, _RINGS = 10, 6  # of a bone; of a joint
_SCENE, _HIDDEN = 0.7, 0.4  # brightness of points outside the hand's cube; of joints behind something


class Open3DWindow:
    """A window of Open3D's. Drag turns the view, the wheel zooms, Q and Esc close it."""

    def __init__(self, info: CameraInfo) -> None:
        """Open the window, which takes a second or two; the view starts behind the camera and holds all that it sees.

        Args:
            info: of the open camera.

        Raises:
            SourceError: there is no display, or it has no OpenGL.
        """
        if (fault := _display_fault()) is not None:
            raise SourceError(f"Open3D's window: no display{fault}. Start it on a desktop, or use --headless.")
        import open3d as o3d

        self._o3d: Any = o3d
        o3d.utility.set_verbosity_level(o3d.utility.VerbosityLevel.Error)
        self._window: Any = o3d.visualization.Visualizer()
        self._open = self._window.create_window(f"LightHand: {info.model}, {info.serial}", *_SIZE)
        if not self._open:
            raise SourceError(
                "Open3D's window does not open: it needs OpenGL 3.3 or newer. Bring the graphics driver up to date, "
                "or leave --viewer out for the program's own window."
            )
        self._camera = info.intrinsics
        self._stale_s = stale_after_s(info)
        self._rays = _Rays(info.intrinsics)
        self._last: Result | None = None
        self._cloud = o3d.geometry.PointCloud()
        self._hands: list[Any] = []
        look = self._window.get_render_option()
        look.background_color = np.array(BACKGROUND) / 255
        look.point_size = 3.0
        self._draw()

    def show(self, result: Result) -> bool:
        """Show the newest result; one that is too old to be live without its hands.

        Returns:
            False once the user has closed the window.
        """
        if not self._open:
            return False
        hands = live_hands(result, time.perf_counter())
        points, colours = self._rays.cloud(result.frame, [hand.region for hand in hands])
        self._cloud.points = self._o3d.utility.Vector3dVector(points)
        self._cloud.colors = self._o3d.utility.Vector3dVector(colours)
        if self._last is None and len(points):
            self._begin()
            self._last = result
        elif self._last is not None:
            self._window.update_geometry(self._cloud)
            self._last = result
        self._put(hands)
        return self._draw()

    def poll(self) -> bool:
        """Stay alive while no result comes; hands that are no longer live disappear.

        Returns:
            False once the user has closed the window.
        """
        if self._last is not None and not live_hands(self._last, time.perf_counter(), self._stale_s):
            self._put(())
        return self._draw()

    def close(self) -> None:
        """Take the window off the screen. Safe twice."""
        if self._open:
            self._open = False
            self._window.destroy_window()

    def _draw(self) -> bool:
        """Take the user's input and draw."""
        if self._open and self._window.poll_events():
            self._window.update_renderer()
        else:
            self.close()
        return self._open

    def _begin(self) -> None:
        """Add what is drawn, now that there is something to look at and to turn about."""
        self._window.add_geometry(self._cloud)
        self._window.add_geometry(self._frustum(), reset_bounding_box=False)
        width, height = _SIZE
        view = self._o3d.camera.PinholeCameraParameters()
        view.extrinsic = _look(np.array(_EYE_MM), np.array(_TARGET_MM))
        shown = np.vstack([self._seen_mm(z_mm) for z_mm in (0.0, _FRUSTUM_MM, *_SEEN_MM)])
        places = shown @ view.extrinsic[:3, :3].T + view.extrinsic[:3, 3]
        focal_px = _SHARE * float((np.array(_SIZE) / 2 * places[:, 2:] / np.abs(places[:, :2])).min())
        view.intrinsic = self._o3d.camera.PinholeCameraIntrinsic(
            width, height, focal_px, focal_px, width / 2 - 0.5, height / 2 - 0.5
        )
        self._window.get_view_control().convert_from_pinhole_camera_parameters(view, allow_arbitrary=True)

    def _seen_mm(self, z_mm: float) -> Doubles:
        """Give the corners of what the camera sees at a distance, (4, 3)."""
        w, h = self._camera.width - 0.5, self._camera.height - 0.5
        corners = [(u, v, z_mm) for u, v in ((-0.5, -0.5), (w, -0.5), (w, h), (-0.5, h))]
        return unproject(corners, self._camera).astype(np.float64)

    def _frustum(self) -> Any:
        """Draw the camera as a pyramid of the directions that it sees."""
        points = np.vstack([np.zeros(3), self._seen_mm(_FRUSTUM_MM)])
        lines = np.array([(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (4, 1)], np.int32)
        frustum = self._o3d.geometry.LineSet(
            self._o3d.utility.Vector3dVector(points), self._o3d.utility.Vector2iVector(lines)
        )
        frustum.paint_uniform_color((0.6, 0.63, 0.68))
        return frustum

    def _put(self, hands: tuple[TrackedHand, ...]) -> None:
        """Move a solid skeleton to each hand; add and remove where their number has changed."""
        vector = self._o3d.utility.Vector3dVector
        while len(self._hands) > len(hands):
            self._window.remove_geometry(self._hands.pop(), reset_bounding_box=False)
        for number, hand in enumerate(hands):
            new = number == len(self._hands)
            if new:
                mesh = self._o3d.geometry.TriangleMesh()
                mesh.triangles = self._o3d.utility.Vector3iVector(_TRIANGLES)
                self._hands.append(mesh)
            mesh = self._hands[number]
            vertices, normals = solid(hand.joints_mm)
            mesh.vertices, mesh.vertex_normals = vector(vertices), vector(normals)
            mesh.vertex_colors = vector(_COLOURS * np.where(hand.pose.hidden, _HIDDEN, 1.0)[_JOINT_OF_VERTEX, None])
            if new:
                self._window.add_geometry(mesh, reset_bounding_box=False)
            else:
                self._window.update_geometry(mesh)


class _Rays:
    """Every so many pixels' direction, so that a frame's points are one product."""

    def __init__(self, camera: Intrinsics) -> None:
        self._step = math.ceil(math.sqrt(camera.width * camera.height / POINTS))
        v, u = np.mgrid[0 : camera.height : self._step, 0 : camera.width : self._step]
        self._rays = unproject(np.stack([u, v, np.ones_like(u)], axis=-1), camera)

    def cloud(self, frame: Frame, regions: list[HandRegion]) -> tuple[Doubles, Doubles]:
        """Give the points that have a colour, (n, 3) mm, and their RGB, 0 to 1: bright within the regions."""
        z = frame.depth[:: self._step, :: self._step] * np.float32(frame.depth_unit_mm)
        seen = (z > 0) & (z < SCENE.far_mm)
        points = self._rays[seen] * z[seen, None]
        bright = np.zeros(len(points), bool)
        for region in regions:
            bright |= (np.abs(points - region.centre_mm) < region.cube_mm / 2).all(axis=1)
        colours = depth_image(frame)[:: self._step, :: self._step][seen] / 255
        return points.astype(np.float64), colours * np.where(bright | (not regions), 1.0, _SCENE)[:, None]


def _display_fault() -> str | None:
    """Say why no window can be opened, where Open3D would draw one that nobody sees; None where it can."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return " (DISPLAY is not set)"
    return missing_display()


def _look(eye_mm: Doubles, target_mm: Doubles) -> Doubles:
    """Give the (4, 4) matrix from camera space into that of a view at ``eye_mm`` that looks at ``target_mm``."""
    forward = (target_mm - eye_mm) / np.linalg.norm(target_mm - eye_mm)
    right: Doubles = np.cross((0.0, 1.0, 0.0), forward)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = right, np.cross(forward, right), forward
    matrix[:3, 3] = -matrix[:3, :3] @ eye_mm
    return matrix


def _sphere() -> tuple[Doubles, Faces]:
    """Give a unit sphere: _RINGS + 1 rings of _SIDES vertices, the first and last of which are its poles."""
    rise, turn = np.linspace(0, np.pi, _RINGS + 1)[:, None], np.arange(_SIDES) * (2 * np.pi / _SIDES)
    points = [np.sin(rise) * np.cos(turn), np.sin(rise) * np.sin(turn), np.cos(rise) * np.ones(_SIDES)]
    return np.stack(points, axis=-1).reshape(-1, 3), np.concatenate([_band(ring * _SIDES) for ring in range(_RINGS)])


def _band(start: int) -> Faces:
    """Join two rings of _SIDES vertices, the second numbered after the first, so that the outside is in front."""
    here = np.arange(_SIDES, dtype=np.int32)
    after = (here + 1) % _SIDES
    lower, upper = here + _SIDES, after + _SIDES
    return np.concatenate([np.stack([here, lower, after], 1), np.stack([after, lower, upper], 1)]) + np.int32(start)


_SPHERE, _SPHERE_FACES = _sphere()
_CHILDREN: Final = np.array([child for _, child in BONES])
_PARENTS: Final = np.array([parent for parent, _ in BONES])
_JOINT_OF_VERTEX: Final = np.concatenate([np.repeat(np.arange(JOINTS), len(_SPHERE)), np.repeat(_CHILDREN, 2 * _SIDES)])
_COLOURS: Final = np.array([finger_colour(joint) for joint in range(JOINTS)], np.float64)[_JOINT_OF_VERTEX] / 255
_TRIANGLES: Final = np.concatenate(
    [_SPHERE_FACES + joint * len(_SPHERE) for joint in range(JOINTS)]
    + [_band(JOINTS * len(_SPHERE) + bone * 2 * _SIDES) for bone in range(len(BONES))]
)


def solid(joints_mm: npt.NDArray[np.float32]) -> tuple[Doubles, Doubles]:
    """Give a hand a body: a ball a joint, then a tube a bone, always in the same order.

    Args:
        joints_mm: (21, 3), camera space.

    Returns:
        Vertices in mm and outward normals of length 1, (n, 3) each.
    """
    joints = joints_mm.astype(np.float64)
    start, end = joints[_PARENTS], joints[_CHILDREN]
    along = (end - start) / np.maximum(np.linalg.norm(end - start, axis=1, keepdims=True), 1e-6)
    across = np.cross(along, np.eye(3)[np.argmin(np.abs(along), axis=1)])  # the axis that is least parallel
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    third = np.cross(across, along)
    turn = np.arange(_SIDES)[:, None] * (2 * np.pi / _SIDES)
    out = across[:, None] * np.cos(turn) + third[:, None] * np.sin(turn)  # (bones, sides, 3)
    tubes = np.stack([start[:, None] + out * _BONE_MM, end[:, None] + out * _BONE_MM], axis=1)
    balls = joints[:, None] + _SPHERE * _JOINT_MM
    normals = [np.tile(_SPHERE, (JOINTS, 1)), np.repeat(out[:, None], 2, axis=1).reshape(-1, 3)]
    return np.concatenate([balls.reshape(-1, 3), tubes.reshape(-1, 3)]), np.concatenate(normals)
