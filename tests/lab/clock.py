# The operator's clock: clock.py CELL PID. While a runbook of this cell waits until a time that its journal names, far ahead, lets it
# wait for a moment and puts the clock (the `date` of the operator, which adds CELL/ahead) on to three seconds before that. Ends with
# the process PID.
import glob
import os
import sys
import time

CELL, PID = sys.argv[1], int(sys.argv[2])
LEFT = 3


def waits_until():
    """The latest time that a journal's last line waits for, or 0."""
    due = 0
    for path in glob.glob(CELL + "/state*/journal"):
        try:
            with open(path, encoding="utf-8") as f:
                last = f.read().splitlines()[-1].split()
            if last[1] == "until":
                due = max(due, int(last[3]))
        except (OSError, IndexError, ValueError):
            pass
    return due


ahead, seen, since = 0, 0, 0.0
while os.path.exists("/proc/%d" % PID):
    due = waits_until()
    if due - (time.time() + ahead) > LEFT + 1:
        if seen == due and time.time() - since > 1:
            ahead += int(due - (time.time() + ahead)) - LEFT
            try:
                with open(CELL + "/ahead.new", "w", encoding="utf-8") as f:
                    f.write("%d\n" % ahead)
                os.rename(CELL + "/ahead.new", CELL + "/ahead")
            except OSError:
                break
        if seen != due:
            seen, since = due, time.time()
    time.sleep(0.3)
