#!/usr/bin/env python3
"""Runs a command on a terminal of its own and types: terminal.py 'PATTERN=ANSWER' … -- COMMAND…

Each answer is typed when its pattern has been seen in the output after the one before. ANSWER `^C` presses Ctrl-C, `HANGUP`
takes the terminal away, `SLOWLY` types nothing for four seconds.
Prints the output; the exit status is the command's."""
import os
import pty
import select
import signal
import sys
import time

split = sys.argv.index("--")
steps = [a.split("=", 1) for a in sys.argv[1:split]]
pid, fd = pty.fork()
if pid == 0:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):  # whatever started this test may ignore them
        signal.signal(number, signal.SIG_DFL)
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
out, seen, end = b"", 0, time.time() + 90
while time.time() < end:
    ready, _, _ = select.select([fd], [], [], 0.1)
    if ready:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        out += data
    if steps and steps[0][0].encode() in out[seen:]:
        seen = out.index(steps[0][0].encode(), seen) + len(steps[0][0])
        time.sleep(1 if steps[0][1] in ("^C", "HANGUP") else 0.1)  # let what was announced begin
        if steps[0][1] == "SLOWLY":
            time.sleep(4)
            steps.pop(0)
            continue
        if steps[0][1] == "HANGUP":
            os.close(fd)
            break
        os.write(fd, b"\x03" if steps[0][1] == "^C" else steps[0][1].encode() + b"\n")
        steps.pop(0)
else:
    os.kill(pid, 9)
sys.stdout.write(out.decode(errors="replace").replace("\r\n", "\n"))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
