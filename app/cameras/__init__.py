"""Sources of depth frames: ``base`` is the interface, one file a source."""
