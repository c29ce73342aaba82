"""kill -9 while messages cross at QoS 2: each arrives, and none twice, on the wire.

R4 R5, P1 P2 P3 P5; fault: kill -9 at any instruction
"""
from stage.sweep import sweep

sweep({"sendto": (2, 4, 7, 12), "recvfrom": (3, 8, 15), "pwrite64": (5, 20, 60),
       "fdatasync": (2, 6, 14)}, qos=2)
