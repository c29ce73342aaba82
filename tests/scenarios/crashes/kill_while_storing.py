"""kill -9 while the journal writes and syncs: every acknowledged message arrives, in order.

R4 R5, P1 P2 P3; fault: kill -9 at any instruction
"""
from stage.sweep import sweep

sweep({"pwrite64": (3, 12, 20, 30), "fdatasync": (1, 2, 3, 4)})
