"""One way to read, write, find and name what lies on disk."""
