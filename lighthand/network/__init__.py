"""The paper's network: one idea a file."""

from lighthand.network.net import FAST, PAPER, HandNet, NetOutput, NetworkConfig

__all__ = ["FAST", "PAPER", "HandNet", "NetOutput", "NetworkConfig"]
