"""The live program: cameras, threads, log, windows. ``app.main`` builds it all."""
