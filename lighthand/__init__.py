"""LightHand: a depth image in, a 3D hand out."""
