"""Numbers that papers report, matched to measured tables and never ranked."""
