"""Plans of the scene classes, by theme."""
