"""The functions and classes of the public API; `crawler/__init__.py` has its names, and imports them when used."""
