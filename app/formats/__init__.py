"""What a recording is on the disk: one file a format."""
