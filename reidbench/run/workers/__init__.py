"""Worker processes: each lives for many phases, and is replaced when it dies."""
