# The person at the terminal. hands.py DIR TRANSCRIPT [OPTION…] COMMAND…: runs the command on a terminal of its own, does by
# hand what it says has to be done by hand, on the lab's router, and confirms it; its exit status is the command's.
#   --kill N WHOM      ends the command (`shell`: only it; `all`: it and all that it started) with KILL once it has begun the Nth
#                      command after the first intent in its journal (after now, when there is one), and exits with 137
#   --takes            takes as long for a step by hand as the command says that it takes
#   --hang-up FILE     closes the terminal once FILE is there
#   --interrupt FILE   presses Ctrl-C once FILE is there
import glob
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

DIR, TRANSCRIPT = sys.argv[1], sys.argv[2]
args = sys.argv[3:]
kill_at, whom, takes, hang_up, interrupt = 0, "", False, None, None
while args[0].startswith("--"):
    option = args.pop(0)
    if option == "--kill":
        kill_at, whom = int(args.pop(0)), args.pop(0)
    elif option == "--hang-up":
        hang_up = args.pop(0)
    elif option == "--interrupt":
        interrupt = args.pop(0)
    else:
        takes = True


def nft(text):
    return subprocess.run(["ip", "netns", "exec", "router", "nft", "-f", "-"], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def nft_list(*what):
    return subprocess.run(["ip", "netns", "exec", "router", "nft", "-a", "list", *what], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout


def by_hand(text):
    """Does what the runbook asks for, as it is written there; doing it twice is no mistake."""
    add = re.search(r"add a host alias `(\w+)` for ([0-9.]+)", text)
    delete = re.search(r"delete the alias `(\w+)`", text)
    target = re.search(r"set the redirect target of the rule `(\w+)` to (\w+)", text)
    if add:
        done = nft("add map ip nat %s { type inet_service : ipv4_addr; elements = { 443 : %s }\n}\n" % add.groups())
    elif delete:
        if not nft_list("map", "ip", "nat", delete.group(1)):
            return True
        done = nft("delete map ip nat %s\n" % delete.group(1))
    elif target:
        lines = [l for l in nft_list("chain", "ip", "nat", "pre").splitlines() if "comment \"%s\"" % target.group(1) in l]
        text = ""
        for line in lines:
            rule, handle = line.split(" # handle ")
            rule = re.sub(r"map @\w+", "map @" + target.group(2), rule.strip())
            rule = re.sub(r"counter packets \d+ bytes \d+ ", "", rule)
            text += "replace rule ip nat pre handle %s %s\n" % (handle, rule)
        done = nft(text)
    else:
        return False
    if done.returncode:
        sys.stderr.write("by hand: %s: %s\n" % (text, done.stderr))
    return done.returncode == 0


def length(text):
    """The seconds of the last `(about 2m0s)`."""
    about = re.findall(r"\(about (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\)", text)
    return sum(int(n or 0) * unit for n, unit in zip(about[-1], (3600, 60, 1))) if about else 0


def state_dir():
    return args[args.index("--state") + 1]


def begun():
    """How many commands have been begun since the first intent."""
    global first
    try:
        with open(state_dir() + "/journal", encoding="utf-8") as f:
            journal = f.read()
    except OSError:
        return 0
    if " intent " not in journal:
        return 0
    logs = [len(os.listdir(d)) for d in glob.glob(state_dir() + "/logs/*") if journal.split()[2] in d]
    if first is None:
        first = max(logs, default=0)
    return max(logs, default=0) - first + 1


def session_of(leader):
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry, encoding="utf-8", errors="replace") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[3]) == leader:
                        yield int(entry)
            except (OSError, IndexError):
                pass


first = None
pid, fd = pty.fork()
if pid == 0:
    os.execvp(args[0], args)
out = open(TRANSCRIPT, "ab", buffering=0)
said, asked, killed = "", "", False
while True:
    ready = select.select([fd], [], [], 0.02 if kill_at else 0.2)[0]
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out.write(data)
        said = (said + data.decode(errors="replace"))[-8000:]
        found = re.findall(r"By hand: ([^\r\n]*)[\r\n]", said)
        if found:
            asked = found[-1]
        if "Type `done`" in said and said.rstrip().endswith(":"):
            # A command that is killed at its terminal has been asked, and nothing is done yet.
            if not kill_at or begun() < kill_at:
                if takes:
                    time.sleep(length(said))
                os.write(fd, b"done\n" if by_hand(asked) else b"stop\n")
                said = ""
    if hang_up and os.path.exists(hang_up):
        os.close(fd)
        break
    if interrupt and os.path.exists(interrupt):
        os.write(fd, b"\x03")
        interrupt = None
    if kill_at and begun() >= kill_at:
        time.sleep(0.013 * (kill_at % 7))
        if whom == "all":
            for p in list(session_of(pid)):
                try:
                    os.kill(p, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        else:
            os.kill(pid, signal.SIGKILL)
        killed = True
        break
status = os.waitpid(pid, 0)[1]
if killed:
    sys.exit(137)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
