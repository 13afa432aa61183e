"""Edits of emitted runbooks: `cutc verify` names the place of each and what is wrong. edits.py CUTC PLAN…

Of every plan's runbook: a pipe behind a lock holder, two steps swapped, two commands swapped, a verify removed, a secret echoed, a changed
address, a command more. Then 100 lines drawn with a fixed seed, each changed in one of seven ways: not one passes."""
import os
import random
import re
import subprocess
import sys
import tempfile

cutc, plans = sys.argv[1], sys.argv[2:]
work = tempfile.mkdtemp()
failed = 0


def check(name, good, said=""):
    global failed
    failed += not good
    print("%s - %s" % ("ok" if good else "not ok", name))
    if not good:
        print("\n".join("# " + line for line in said.splitlines()[:30]))


def verify(text, plan):
    path = os.path.join(work, "edited.sh")
    with open(path, "w") as f:
        f.write(text)
    done = subprocess.run([cutc, "verify", "--color=never", path, plan], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def edited(plan, name, text, book, *words):
    """The edit is caught where it is, with all of the words."""
    if text == book:
        check("%s: %s" % (plan, name), False, "nothing was edited")
        return
    status, said = verify(text, plan)
    lacks = [w for w in words if not re.search(w, said)]
    check("%s: %s" % (plan, name), status == 1 and "error[E311]" in said and not lacks, "exit status %d, lacks %s\n%s" % (status, lacks, said))


def place(book, position):
    """As verify says it: step N `id`, do, command K."""
    n, block, k = re.findall(r"(?m)^step_(\d+)_(do|undo|verify)_(\d+)\(\) \{", book[:position])[-1]
    name = re.search(r"(?m)^step_%s\(\) \{.*\n  cut_id=(\S+)" % n, book).group(1)
    return re.escape("step %s `%s`, %s, command %s" % (n, name, block, k))


def named_edits(plan, book):
    plan_part = book.index("# == Plan ==")
    tool = re.search(r"(?m)^  (\S*\btg|\S*\bterraform|\S*\bterragrunt) .*$", book)
    if tool is not None:
        edited(plan, "a pipe behind `tg`", book[: tool.end()] + " | tee log" + book[tool.end() :], book, place(book, tool.start()), r"`\| tee log` is added", r"error\[E281\]", "its reader ends early")
    else:
        command = re.search(r"(?m)^step_\d+_do_\d+\(\) \{.*\n(  (?!cut_|\}).*)$", book)
        edited(plan, "a pipe behind a command", book[: command.end()] + " | tee log" + book[command.end() :], book, place(book, command.start(1)), r"`\| tee log` is added")
    parts = re.split(r"(?m)^(?=# == )", book)
    steps = [i for i, p in enumerate(parts) if p.startswith("# == Step ")]
    swapped = parts[:]
    ids = [re.search(r"cut_id=(\S+)", parts[i]).group(1) for i in steps]
    a, b = steps[-2], steps[-1]
    n, m = len(steps) - 1, len(steps)
    swapped[a] = parts[b].replace("step_%d" % m, "step_%d" % n).replace("Step %d of" % m, "Step %d of" % n)
    swapped[b] = parts[a].replace("step_%d" % n, "step_%d" % m).replace("Step %d of" % n, "Step %d of" % m)
    edited(plan, "two steps swapped", "".join(swapped), book, re.escape("step %d `%s`: here stands `%s`, so the steps are not in the proven order" % (n, ids[n - 1], ids[m - 1])))
    calls = re.search(r"(?m)^(  cut_run step_\d+_do_1 .*\n)(  cut_run step_\d+_do_2 .*\n)", book)
    if calls is not None:
        edited(plan, "two commands swapped", book[: calls.start()] + calls.group(2) + calls.group(1) + book[calls.end() :], book, ", do: this stands in another place than in the plan")
    call = re.search(r"(?m)^  cut_run step_(\d+)_verify_1 .*\n", book)
    edited(plan, "a verify removed", book[: call.start()] + book[call.end() :], book, r"step %s `\S+`, verify: `cut_run step_%s_verify_1[^`]*` is missing" % (call.group(1), call.group(1)), "counts as done, whatever it has done")
    secret = re.search(r"secret (\w+)", book[plan_part:])
    command = re.search(r"(?m)^step_\d+_do_\d+\(\) \{.*\n", book)
    for how in ("cut_compose secret NAME", "printf '%s' \"$(cut_compose secret NAME)\"", 'cat "${cut_cred}/secret.NAME"'):
        name = secret.group(1) if secret else "anything"
        edited(plan, "a secret echoed, " + how.split()[0], book[: command.end()] + "  " + how.replace("NAME", name) + "\n" + book[command.end() :], book,
               place(book, command.end() + 1), "this is not in the plan", "it has the secret `%s` in its hands" % name)
    address = re.search(r"(?m)^step_\d+_(?:do|undo|verify)_\d+\(\) \{.*\n(?:  .*\n)*?  .*?(\d+\.\d+\.\d+\.)(\d+)", book)
    if address is not None:
        other = "%d" % ((int(address.group(2)) + 1) % 250)
        text = book[: address.start(2)] + other + book[address.end(2) :]
        edited(plan, "a changed address", text, book, place(book, address.start(2)), "this is not what the plan says: `.*%s.*` instead of `.*%s" % (re.escape(address.group(1) + other), re.escape(address.group(1))))
    edited(plan, "a command more", book[: command.end()] + "  rm -rf files\n" + book[command.end() :], book, place(book, command.end() + 1), "this is not in the plan", r"\^ added")
    edited(plan, "a step run elsewhere", book.replace("\ncut_main ", "\nstep_1_do\ncut_main "), book, "outside of all functions: this is not in the plan")


def mutate(draw, lines, i):
    """One change of line i, said in a word; None when it would change nothing."""
    line = lines[i]
    way = draw.choice(["delete", "double", "exchange", "byte", "word", "digit", "append"])
    if way == "delete":
        new = lines[:i] + lines[i + 1 :]
    elif way == "double":
        new = lines[: i + 1] + lines[i:]
    elif way == "exchange":
        new = lines[:i] + lines[i + 1 : i + 2] + [line] + lines[i + 2 :]
    elif way == "byte" and line:
        at = draw.randrange(len(line))
        new = lines[:i] + [line[:at] + draw.choice("abz05 ;|&$'\"") + line[at + 1 :]] + lines[i + 1 :]
    elif way == "word" and line.split():
        words = line.split(" ")
        del words[draw.randrange(len(words))]
        new = lines[:i] + [" ".join(words)] + lines[i + 1 :]
    elif way == "digit" and re.search(r"\d", line):
        spot = draw.choice(list(re.finditer(r"\d", line))).start()
        new = lines[:i] + [line[:spot] + str((int(line[spot]) + 1) % 10) + line[spot + 1 :]] + lines[i + 1 :]
    else:
        new = lines[:i] + [line + draw.choice([" | cat", " || :", "; true", " &", " >/dev/null"])] + lines[i + 1 :]
    return None if new == lines else (way, new)


books = []
for plan in plans:
    done = subprocess.run([cutc, "emit", plan], capture_output=True, text=True)
    if done.returncode == 0 or done.stdout:
        books.append((plan, done.stdout))
        named_edits(plan, done.stdout)
check("there are runbooks to edit", len(books) > 2)

draw = random.Random(20261123)
passed, kinds = [], {}
while sum(kinds.values()) < 100:
    plan, book = draw.choice(books)
    lines = book.split("\n")[:-1]
    begin = lines.index("# == Plan ==")
    i = draw.randrange(begin, len(lines)) if draw.random() < 0.8 else draw.randrange(len(lines))
    mutation = mutate(draw, lines, i)
    if mutation is None:
        continue
    way, new = mutation
    kinds[way] = kinds.get(way, 0) + 1
    status, said = verify("\n".join(new) + "\n", plan)
    # A comment of the plan's part is told, and is no error.
    comment = all(l.startswith("#") or " # " in l or not l for l in set(new) ^ set(lines)) if way not in ("double", "exchange") else lines[i].startswith("#")
    if not (status == 1 and "error[E311]" in said) and not (comment and "warning[E311]" in said):
        passed.append("%s line %d (%s), exit status %d: %s" % (plan, i + 1, way, status, lines[i][:100]))
check("100 mutations of a line, none passes (%s)" % ", ".join("%s %d" % k for k in sorted(kinds.items())), not passed, "\n".join(passed))
print("# edits.py: %d failed" % failed)
sys.exit(failed != 0)
