"""The paper's network: one idea a file."""

from lighthand.network.net import HandNet, NetOutput, NetworkConfig

__all__ = ["HandNet", "NetOutput", "NetworkConfig"]
