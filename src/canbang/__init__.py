"""canbang (cân bằng, balance): an honest measurement of what a publisher puts out on its own channels."""

__version__ = "0.1.0"
