"""What the command line told about the server."""

compressing = False
