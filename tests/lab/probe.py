# Asks URLs again and again, each with a connection of its own, and writes one line per request:
#   TIME SECONDS URL STATUS   (STATUS is 000 when there was no answer)
# probe.py AUTHORITY OUT URL RATE [URL RATE]…: until there is a file OUT.stop; then it waits for what is under way.
import os
import socket
import ssl
import sys
import threading
import time

stop = threading.Event()
trust = ssl.create_default_context(cafile=sys.argv[1])
out = open(sys.argv[2], "w", encoding="utf-8")
guard = threading.Lock()
TIMEOUT = 10


def ask(url):
    host = url.split("/")[2]
    begin, status = time.time(), "000"
    try:
        with socket.create_connection((host, 443), TIMEOUT) as raw, trust.wrap_socket(raw, server_hostname=host) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host.encode())
            head = b""
            while b"\r\n" not in head:
                more = s.recv(4096)
                if not more:
                    break
                head += more
            if head.startswith(b"HTTP/1.1 "):
                status = head[9:12].decode()
    except OSError:
        pass
    with guard:
        out.write("%.3f %.3f %s %s\n" % (begin, time.time() - begin, url, status))
        out.flush()


def loop(url, rate):
    due, running = time.time(), []
    while not stop.is_set():
        t = threading.Thread(target=ask, args=(url,))
        t.start()
        running = [r for r in running if r.is_alive()] + [t]
        due = max(due + 1 / rate, time.time() - 10)  # what a busy machine was late with is made up for
        stop.wait(max(0, due - time.time()))
    for t in running:
        t.join()


loops = [threading.Thread(target=loop, args=(u, float(r))) for u, r in zip(sys.argv[3::2], sys.argv[4::2])]
for t in loops:
    t.start()
while not os.path.exists(sys.argv[2] + ".stop"):
    time.sleep(0.1)
stop.set()
for t in loops:
    t.join()
