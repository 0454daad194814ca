"""Pictures that a paper needs, one file a kind; each imports what only it draws with."""
