"""Pictures of a Result: in a window, or as files."""
