"""The mathematics: pure functions of tensors and arrays."""
