"""Values with checked invariants, each in a module of its own: some need no torch."""
