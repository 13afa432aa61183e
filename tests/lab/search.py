# Searches files byte by byte for secrets: search.py SECRETS PLACE…
# SECRETS is a folder with one secret per file. Each is looked for as it is, in base64 at each of the three offsets it can have in
# a longer text (and in the alphabet for URLs), and URL-encoded. Names what holds one and exits with 1; the last line counts. That
# each spelling would be found is tried first, on a file that has it.
import base64
import os
import sys
import tempfile
import urllib.parse


def spellings(secret):
    found = {"plain": secret}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + secret)
        # What does not depend on the neighbours: neither the first characters nor the last.
        begin = (0, 2, 3)[offset]
        end = (offset + len(secret)) * 8 // 6
        found["base64 at offset %d" % offset] = text[begin:end]
        found["base64 for URLs at offset %d" % offset] = text[begin:end].translate(bytes.maketrans(b"+/", b"-_"))
    found["URL-encoded"] = urllib.parse.quote(secret, safe="").encode()
    found["url-encoded"] = "".join("%%%02x" % c if chr(c) not in "-._~" and not chr(c).isalnum() else chr(c) for c in secret).encode()
    return {name: text for name, text in found.items() if len(text) >= 6}


def files(places):
    for place in places:
        if os.path.isfile(place):
            yield place
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    yield path


def search(needles, paths):
    """(files, bytes, what was found)"""
    count, size, found = 0, 0, []
    for path in paths:
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError:
            continue
        count, size = count + 1, size + len(data)
        found += ["%s: %s" % (path, what) for what, text in needles if text in data]
    return count, size, found


def main():
    needles, names = [], sorted(os.listdir(sys.argv[1]))
    for name in names:
        with open(os.path.join(sys.argv[1], name), "rb") as f:
            needles += [("%s, %s" % (name, how), text) for how, text in spellings(f.read().strip()).items()]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(sys.argv[1])) as folder:
        for i, (what, text) in enumerate(needles):
            with open(os.path.join(folder, str(i)), "wb") as f:
                f.write(b"before\n" + text + b"\x00after")
            if not any(what in said for said in search(needles, [os.path.join(folder, str(i))])[2]):
                print("the search would not find: " + what)
                return 2
    count, size, found = search(needles, files(sys.argv[2:]))
    print("\n".join(sorted(found)))
    print("%d secrets in %d spellings, searched for in %d files of %d bytes" % (len(names), len(needles), count, size))
    return 1 if found or count < 5 else 0


sys.exit(main())
