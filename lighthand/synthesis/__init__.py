"""Labelled depth without a camera: hand model, poses, views, renderer, sensor noise."""
