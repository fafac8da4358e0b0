"""The lab on the screen: widgets, the live path, and the worker. The kernel side imports neither torch nor Altair."""
