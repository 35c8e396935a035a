"""Headrace: data preparation with Spark's API in front of training. See doc/python.md for what the package holds."""

__version__ = "0.1.0"
