"""The ROS 2 messages of a recording: their definitions. ``messages`` makes them."""

from __future__ import annotations

from typing import Final

_RULE: Final = "=" * 80

_HEADER: Final = f"""{_RULE}
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
{_RULE}
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""

_GEOMETRY: Final = f"""{_RULE}
MSG: geometry_msgs/Point
float64 x
float64 y
float64 z
{_RULE}
MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z
{_RULE}
MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w
{_RULE}
MSG: geometry_msgs/Pose
geometry_msgs/Point position
geometry_msgs/Quaternion orientation
"""

SCHEMAS: Final = {
    "sensor_msgs/msg/CompressedImage": f"""std_msgs/Header header
string format
uint8[] data
{_HEADER}""",
    "sensor_msgs/msg/Image": f"""std_msgs/Header header
uint32 height
uint32 width
string encoding
uint8 is_bigendian
uint32 step
uint8[] data
{_HEADER}""",
    "sensor_msgs/msg/CameraInfo": f"""std_msgs/Header header
uint32 height
uint32 width
string distortion_model
float64[] d
float64[9] k
float64[9] r
float64[12] p
uint32 binning_x
uint32 binning_y
sensor_msgs/RegionOfInterest roi
{_HEADER}{_RULE}
MSG: sensor_msgs/RegionOfInterest
uint32 x_offset
uint32 y_offset
uint32 height
uint32 width
bool do_rectify
""",
    "lighthand_msgs/msg/FrameInfo": f"""# Beside the depth image of the same stamp. Seconds; NaN where there is none.
std_msgs/Header header
uint64 seq
float64 depth_unit_mm
float64 arrival_s  # when the frame reached the program, on its own monotonic clock
float64 sensor_s  # the camera's stamp
string sensor_clock  # device, system or none
float64 backend_s  # when the driver had it, seconds since 1970
{_HEADER}""",
    "lighthand_msgs/msg/Hands": f"""# What the tracker says of the frame of this seq.
# Stamps: seconds on the clock of arrival_s; NaN where a stage was not reached.
std_msgs/Header header
uint64 seq
uint32 skipped  # frames that came before this one and were passed over
float64 arrival_s
float64 taken_s
float64 segmented_s
float64 estimated_s
float64 tracked_s
Hand[] hands
{_HEADER}{_RULE}
MSG: lighthand_msgs/Hand
uint32 track_id
string side  # left or right
float32 side_probability
float32 presence
float32 score
float32[63] joints_mm  # 21 x (x, y, z), camera space: x right, y down, z forward; smoothed
float32[63] raw_joints_mm  # of this frame alone
float32[21] confidence
uint8[21] hidden  # 1: something stands before the joint
""",
    "lighthand_msgs/msg/Drops": f"""# Frames that are not in this file, from one seq to another, both included.
std_msgs/Header header
uint64 first_seq
uint64 last_seq
uint32 count
string where  # source: lost before the program had them; recorder: the disk was too slow
{_HEADER}""",
    "visualization_msgs/msg/Marker": f"""std_msgs/Header header
string ns
int32 id
int32 type
int32 action
geometry_msgs/Pose pose
geometry_msgs/Vector3 scale
std_msgs/ColorRGBA color
builtin_interfaces/Duration lifetime
bool frame_locked
geometry_msgs/Point[] points
std_msgs/ColorRGBA[] colors
string texture_resource
sensor_msgs/CompressedImage texture
visualization_msgs/UVCoordinate[] uv_coordinates
string text
string mesh_resource
visualization_msgs/MeshFile mesh_file
bool mesh_use_embedded_materials
{_HEADER}{_GEOMETRY}{_RULE}
MSG: std_msgs/ColorRGBA
float32 r
float32 g
float32 b
float32 a
{_RULE}
MSG: builtin_interfaces/Duration
int32 sec
uint32 nanosec
{_RULE}
MSG: sensor_msgs/CompressedImage
std_msgs/Header header
string format
uint8[] data
{_RULE}
MSG: visualization_msgs/UVCoordinate
float32 u
float32 v
{_RULE}
MSG: visualization_msgs/MeshFile
string filename
uint8[] data
""",
}
"""By type; what a file holds describes itself."""

DEPTH: Final = "/depth"
CAMERA: Final = "/camera_info"
FRAME: Final = "/frame"
HANDS: Final = "/hands"
TRUTH: Final = "/truth"
DROPS: Final = "/drops"
IMAGE: Final = "/depth/image"
MARKERS: Final = "/hands/markers"

TOPICS: Final = {
    DEPTH: "sensor_msgs/msg/CompressedImage",
    CAMERA: "sensor_msgs/msg/CameraInfo",
    FRAME: "lighthand_msgs/msg/FrameInfo",
    HANDS: "lighthand_msgs/msg/Hands",
    TRUTH: "lighthand_msgs/msg/Hands",
    DROPS: "lighthand_msgs/msg/Drops",
    IMAGE: "sensor_msgs/msg/Image",
    MARKERS: "visualization_msgs/msg/Marker",
}
"""The type of each topic."""
