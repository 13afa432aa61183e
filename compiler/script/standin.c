/* A call of a stand-in -> a question to the world of its run, and what that answers.
 * Needs the socket in STANDIN_VARIABLE. Guarantees that nothing outside of the sandbox is touched: without an answer it
 * ends with status 127. */
#include "script/rehearse.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool put(int fd, const void *bytes, size_t n) {
  const char *at = bytes;
  while (n > 0) {
    ssize_t done = write(fd, at, n);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

static bool get(int fd, void *bytes, size_t n) {
  char *at = bytes;
  while (n > 0) {
    ssize_t done = read(fd, at, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

static int dial(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  return -1;
}

static bool ask(int fd, int argc, char **argv) {
  struct arena arena = {0};
  struct text words = {.arena = &arena};
  uint32_t head[2] = {(uint32_t)getpid(), (uint32_t)argc};
  text_add(&words, (const char *)head, sizeof head);
  for (int i = 0; i < argc; i++) text_add(&words, argv[i], strlen(argv[i]) + 1);
  uint32_t length = (uint32_t)words.n;
  return length < STANDIN_LONGEST && put(fd, &length, sizeof length) && put(fd, words.at, words.n);
}

static void go_deaf(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

static int become(const char *program, char **argv) {
  signal(SIGPIPE, SIG_DFL);
  execv(program, argv);
  return 127;
}

int standin_main(const char *path, int argc, char **argv) {
  struct arena arena = {0};
  int fd = dial(path);
  if (fd < 0 || !ask(fd, argc, argv)) {
    fprintf(stderr, "%s: the rehearsal is over\n", argv[0]);
    return 127;
  }
  for (;;) {
    struct standin_reply reply;
    if (!get(fd, &reply, sizeof reply) || reply.length > STANDIN_LONGEST) return 127;
    char *bytes = arena_alloc(&arena, reply.length + 1u, 1);
    if (!get(fd, bytes, reply.length)) return 127;
    switch ((enum standin_action)reply.action) {
    case STANDIN_EXIT:
      close(fd);
      return put(STDOUT_FILENO, bytes, reply.length) || reply.status != 0 ? reply.status : 1;
    case STANDIN_EXEC: close(fd); return become(bytes, argv);
    case STANDIN_DIE: kill(getpid(), SIGKILL); return 127;
    case STANDIN_DEAF: go_deaf(); break;
    }
  }
}
