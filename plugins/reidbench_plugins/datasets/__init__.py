"""The built-in data sets, one package each."""
