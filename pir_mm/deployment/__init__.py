"""Run an exported model: search without torch, which takes seconds to import."""
