"""`reidbench results`: pack the results of a folder, or take them out again."""
