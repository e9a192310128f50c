"""Recorded depth with annotations, one file a data set, one record type. Nothing here trains what ships."""
