# A wrapper as many are: it reads the output of its child from a pipe and hands it on. When its own reader goes away it dies,
# and its child lives on.
import os
import signal
import subprocess
import sys

signal.signal(signal.SIGPIPE, signal.SIG_DFL)
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
while True:
    data = os.read(child.stdout.fileno(), 65536)
    if not data:
        break
    os.write(1, data)
sys.exit(child.wait())
