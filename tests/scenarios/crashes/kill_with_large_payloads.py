"""kill -9 while messages that lie in segments are written and synced: every acknowledged one
arrives, in order.

P1 P2 P3; fault: kill -9 at any instruction
"""
from stage.sweep import sweep

sweep({"pwrite64": (3, 12, 30), "fdatasync": (1, 2, 5)}, size=20_000)
