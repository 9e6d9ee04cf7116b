"""Runs a program; behind its output stands a line with the most memory that it held at one time, in KB.

    python peak.py PROGRAM ARGUMENT…

Its exit status is the program's.
"""

import resource
import subprocess
import sys

status = subprocess.call(sys.argv[1:])
sys.stdout.write(f"\n{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\n")
sys.exit(status)
