"""A tool that holds a lock, as the runbook tests need it: tf.py apply. Writes to `said` in the folder it runs in.

Works for SECONDS (a file `seconds`, else 1). At INT it saves its work for a second and fails; at any further signal, and at TERM or
HUP, it says which one it was. With a file `stubborn` it takes no notice of anything."""
import os
import signal
import sys
import time


def say(text):
    with open("said", "a") as f:
        f.write(text + "\n")


ended = False


def polite(number, frame):
    global ended
    say("signal %s" % signal.Signals(number).name)
    ended = number == signal.SIGINT and not os.path.exists("stubborn")


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        say("ignores %s" % signal.Signals(number).name)
    else:
        signal.signal(number, polite)
open("lock", "w").close()
say("began")
end = time.time() + float(open("seconds").read() if os.path.exists("seconds") else 1)
while time.time() < end and not ended:
    time.sleep(0.05)
if ended:
    time.sleep(1)
say("saved")
os.remove("lock")
print("output to its end", flush=True)
sys.exit(1 if ended else 0)
