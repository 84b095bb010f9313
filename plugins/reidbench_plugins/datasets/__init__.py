"""The built-in data sets: drawn ones, and loaders of the photographs that a user brings."""

from reidbench_plugins.datasets import imagefolder, own, photographs, synthped, synthshapes

RECORDS = [
    *synthped.RECORDS,
    *synthshapes.RECORDS,
    *photographs.RECORDS,
    *imagefolder.RECORDS,
    *own.RECORDS,
]
