"""The ArcadeDB server of a local store: a child process on loopback, shared by every process that opens the folder."""
