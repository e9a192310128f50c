"""The one family of exceptions that LightHand raises on purpose.

A message says what failed, on which device, file or value, what was expected and what to do.
"""


class LightHandError(Exception):
    """Base of every error that LightHand raises on purpose; its text is meant for the user."""


class ConfigError(LightHandError):
    """A setting is unknown, of the wrong type or out of range."""


class SourceError(LightHandError):
    """A camera or a recording cannot be opened, or gave a frame that cannot be used."""


class WeightsError(LightHandError):
    """Weights are missing, damaged, or do not belong to the configured network."""


class DataError(LightHandError):
    """A data set, an asset or an annotation is missing or damaged."""
