"""kill -9 while the bridge talks to its brokers: every acknowledged message arrives, in order.

R4 R5, P1 P2 P3; fault: kill -9 at any instruction
"""
from stage.sweep import sweep

sweep({"sendto": (1, 2, 3, 5), "recvfrom": (1, 3, 6, 12)})
