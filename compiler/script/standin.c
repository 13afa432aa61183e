/* A program of its own, which the compiler carries with it: it stands in for every other one in a rehearsal. A call of it -> a
 * question to the world of its run, and what that answers.
 * A run starts a thousand of them. So it has no library: where the system is started in a virtual machine, the start of the C
 * library alone (which asks the processor what it is) takes ten times as long as all that is done here. For the same reason it
 * does by itself, in the way of the real ones, the plainest of what the runtime asks of `cat`, `rm`, `cp`, `mkdir`,
 * `printf`, `setsid` and `env`; it becomes the real program for anything else.
 * Guarantees that nothing outside of the sandbox is touched: without an answer it ends with status 127. */
#include "script/standin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <linux/un.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/* ── The system ────────────────────────────────────────────────────────────── */

#if defined __x86_64__
static long ask_system(long n, long a, long b, long c, long d, long e) {
  register long fourth __asm__("r10") = d, fifth __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall standin_start\n");
#elif defined __aarch64__
static long ask_system(long n, long a, long b, long c, long d, long e) {
  register long number __asm__("x8") = n, first __asm__("x0") = a, second __asm__("x1") = b, third __asm__("x2") = c;
  register long fourth __asm__("x3") = d, fifth __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second), "r"(third), "r"(fourth), "r"(fifth) : "memory");
  return first;
}
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tb standin_start\n");
#else
#error "the start of a program on this processor is not known here"
#endif

_Noreturn void standin_start(long *stack);
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

/* The C compiler may call these by itself. */
void *memcpy(void *to, const void *from, size_t n) {
  for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memset(void *to, int byte, size_t n) {
  for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = (char)byte;
  return to;
}

#define PATH_LENGTH 4096
#define SOCK_STREAM 1
#define ITSELF 0x1000 /* AT_EMPTY_PATH */
#define SIGNALS 64
#define SIGNAL_HUP 1
#define SIGNAL_INT 2
#define SIGNAL_KILL 9
#define SIGNAL_PIPE 13
#define SIGNAL_TERM 15
#define SIGNAL_STOP 19

struct program {
  char **argv, **envp;
  const char *name;
  char folder[PATH_LENGTH]; /* where this program lies; when it is a basic one */
};

static size_t length(const char *text) {
  size_t n = 0;
  while (text[n] != '\0') n++;
  return n;
}

static bool same(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  return *a == *b;
}

/* `front` and then `back`, between them a slash when there is a front; false when that is too long. */
static bool join(char *out, const char *front, size_t n, const char *back) {
  size_t m = length(back);
  if (n + m + 2 > PATH_LENGTH) return false;
  memcpy(out, front, n);
  if (n > 0) out[n++] = '/';
  memcpy(out + n, back, m + 1);
  return true;
}

static const char *variable(const struct program *p, const char *name) {
  size_t n = length(name);
  for (char **e = p->envp; *e != NULL; e++) {
    size_t i = 0;
    while (i < n && (*e)[i] == name[i]) i++;
    if (i == n && (*e)[n] == '=') return *e + n + 1;
  }
  return NULL;
}

static long take(int fd, void *bytes, size_t n) {
  long got;
  do got = ask_system(SYS_read, fd, (long)bytes, (long)n, 0, 0);
  while (got == -EINTR);
  return got;
}

static bool put(int fd, const void *bytes, size_t n) {
  for (const char *at = bytes; n > 0;) {
    long done = ask_system(SYS_write, fd, (long)at, (long)n, 0, 0);
    if (done == -EINTR) continue;
    if (done < 0) return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

static bool get(int fd, void *bytes, size_t n) {
  for (char *at = bytes; n > 0;) {
    long done = take(fd, at, n);
    if (done <= 0) return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

static int complain(const struct program *p, const char *what, const char *why) {
  put(2, p->name, length(p->name));
  put(2, ": ", 2);
  put(2, what, length(what));
  put(2, why, length(why));
  put(2, "\n", 1);
  return 1;
}

static void handle(int signal, bool ignored) {
  struct { unsigned long handler, flags, restorer, mask; } action = {ignored ? 1 : 0, 0, 0, 0};
  ask_system(SYS_rt_sigaction, signal, (long)&action, 0, sizeof action.mask, 0);
}

static void execute(const struct program *p, const char *path, char **argv) {
  ask_system(SYS_execve, (long)path, (long)argv, (long)p->envp, 0, 0);
}

/* ── What the plainest calls of basic programs do ──────────────────────────── */

enum { NOT_PLAIN = -1 };

static bool option(const char *word) { return word[0] == '-' && word[1] != '\0'; }

/* The operands of a call without options; NULL when it has any. */
static char **operands(char **argv) {
  if (*argv != NULL && same(*argv, "--")) return argv + 1;
  for (char **word = argv; *word != NULL; word++)
    if ((*word)[0] == '-') return NULL;
  return argv;
}

static bool pour(int from, int to) {
  char bytes[16384];
  long n;
  while ((n = take(from, bytes, sizeof bytes)) > 0)
    if (!put(to, bytes, (size_t)n)) return false;
  return n == 0;
}

static int cat(const struct program *p) {
  char **files = operands(p->argv + 1);
  int status = 0;
  if (files == NULL) return NOT_PLAIN;
  if (*files == NULL) return pour(0, 1) ? 0 : 1;
  for (; *files != NULL; files++) {
    long fd = ask_system(SYS_openat, AT_FDCWD, (long)*files, O_RDONLY, 0, 0);
    if (fd < 0 || !pour((int)fd, 1)) status = complain(p, *files, ": cannot be read or printed");
    if (fd >= 0) ask_system(SYS_close, fd, 0, 0, 0, 0);
  }
  return status;
}

static int rm(const struct program *p) {
  char **files = p->argv[1] != NULL && same(p->argv[1], "-f") ? operands(p->argv + 2) : NULL;
  int status = 0;
  for (char **file = files; file != NULL && *file != NULL; file++) {
    long done = ask_system(SYS_unlinkat, AT_FDCWD, (long)*file, 0, 0, 0);
    if (done < 0 && done != -ENOENT && done != -ENOTDIR) status = complain(p, *file, ": cannot be removed");
  }
  return files == NULL ? NOT_PLAIN : status;
}

static int cp(const struct program *p) {
  char **files = operands(p->argv + 1);
  struct statx from = {0}, to = {0};
  if (files == NULL || files[0] == NULL || files[1] == NULL || files[2] != NULL) return NOT_PLAIN;
  long in = ask_system(SYS_openat, AT_FDCWD, (long)files[0], O_RDONLY, 0, 0);
  if (in < 0) return NOT_PLAIN; /* the real one says why */
  bool plain = ask_system(SYS_statx, in, (long)"", ITSELF, STATX_TYPE | STATX_MODE, (long)&from) == 0 && (from.stx_mode & S_IFMT) == S_IFREG;
  plain = plain && (ask_system(SYS_statx, AT_FDCWD, (long)files[1], 0, STATX_TYPE, (long)&to) < 0);
  long out = plain ? ask_system(SYS_openat, AT_FDCWD, (long)files[1], O_WRONLY | O_CREAT | O_EXCL, from.stx_mode & 0777, 0) : -1;
  int status = out < 0 ? NOT_PLAIN : pour((int)in, (int)out) ? 0 : complain(p, files[1], ": cannot be written");
  if (out >= 0 && ask_system(SYS_close, out, 0, 0, 0, 0) < 0) status = complain(p, files[1], ": cannot be written");
  ask_system(SYS_close, in, 0, 0, 0, 0);
  return status;
}

static int make_folder(const struct program *p) {
  char path[PATH_LENGTH];
  if (p->argv[1] == NULL || !same(p->argv[1], "-p") || p->argv[2] == NULL || option(p->argv[2]) || p->argv[3] != NULL) return NOT_PLAIN;
  if (!join(path, "", 0, p->argv[2])) return NOT_PLAIN;
  for (char *at = path + 1;; at++) {
    char was = *at;
    if (was != '/' && was != '\0') continue;
    *at = '\0';
    long made = ask_system(SYS_mkdirat, AT_FDCWD, (long)path, 0777, 0, 0);
    *at = was;
    if (made < 0 && made != -EEXIST) return NOT_PLAIN;
    if (was == '\0') return made == 0 || ask_system(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_DIRECTORY, 0, 0) >= 0 ? 0 : NOT_PLAIN;
  }
}

/* A character of a format of `printf` into `out`; false when it is not one of the plain ones. */
static bool format_character(const char **format, char *out) {
  const char *c = *format;
  static const char from[] = "nrt\\\"", to[] = "\n\r\t\\\"";
  *out = *c;
  *format = c + 1;
  if (*c == '%') return *(*format)++ == '%';
  if (*c != '\\') return true;
  for (size_t i = 0; i < sizeof from - 1; i++) {
    if (c[1] != from[i]) continue;
    *out = to[i];
    *format = c + 2;
    return true;
  }
  return false;
}

/* Formats of characters and `%s` alone. */
static int print(const struct program *p) {
  char bytes[8192];
  size_t n = 0;
  char **words = p->argv + 1;
  if (*words == NULL || **words == '-') return NOT_PLAIN;
  const char *format = *words++;
  bool more = true, any = *words != NULL;
  while (more) {
    more = false;
    for (const char *at = format; *at != '\0';) {
      size_t m = 0;
      if (at[0] == '%' && at[1] == 's') {
        m = *words != NULL ? length(*words) : 0;
        if (n + m > sizeof bytes) return NOT_PLAIN;
        memcpy(bytes + n, *words, m);
        words += *words != NULL;
        more = true;
        at += 2;
      } else {
        m = 1;
        if (n + m > sizeof bytes || !format_character(&at, bytes + n)) return NOT_PLAIN;
      }
      n += m;
    }
    if (any && !more) return NOT_PLAIN;
    more = more && *words != NULL;
  }
  return put(1, bytes, n) ? 0 : complain(p, "", "cannot be printed");
}

/* Becomes the program of these words, found by PATH. Comes back when there is none. */
static int become_words(const struct program *p, char **words) {
  char path[PATH_LENGTH];
  const char *at = variable(p, "PATH");
  for (const char *c = words[0]; *c != '\0'; c++)
    if (*c == '/') at = NULL;
  if (at == NULL) execute(p, words[0], words);
  while (at != NULL && *at != '\0') {
    size_t n = 0;
    while (at[n] != '\0' && at[n] != ':') n++;
    if (n > 0 && join(path, at, n, words[0])) execute(p, path, words);
    at += n;
    if (*at == ':') at++;
  }
  return NOT_PLAIN;
}

static int session(const struct program *p) {
  if (p->argv[1] == NULL || option(p->argv[1]) || ask_system(SYS_setsid, 0, 0, 0, 0, 0) < 0) return NOT_PLAIN;
  return become_words(p, p->argv + 1);
}

static int with_signals(const struct program *p) {
  if (p->argv[1] == NULL || !same(p->argv[1], "--default-signal") || p->argv[2] == NULL || option(p->argv[2])) return NOT_PLAIN;
  for (const char *c = p->argv[2]; *c != '\0'; c++)
    if (*c == '=') return NOT_PLAIN;
  for (int signal = 1; signal <= SIGNALS; signal++)
    if (signal != SIGNAL_KILL && signal != SIGNAL_STOP) handle(signal, false);
  return become_words(p, p->argv + 2);
}

static int basic(const struct program *p) {
  static const struct { const char name[8]; int (*run)(const struct program *p); } known[] = {
      {"cat", cat}, {"rm", rm}, {"cp", cp}, {"mkdir", make_folder}, {"printf", print}, {"setsid", session}, {"env", with_signals}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (same(known[i].name, p->name)) return known[i].run(p);
  return NOT_PLAIN;
}

static int become(const struct program *p, const char *path) {
  handle(SIGNAL_PIPE, false);
  int status = basic(p);
  if (status == NOT_PLAIN) execute(p, path, p->argv);
  return status == NOT_PLAIN ? 127 : status;
}

/* Is this program here for the basic ones? Then `folder` is where it lies. */
static bool is_basic(struct program *p) {
  long n = ask_system(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)p->folder, PATH_LENGTH - 1, 0);
  if (n <= 0) return false;
  p->folder[n] = '\0';
  while (n > 0 && p->folder[n - 1] != '/') n--;
  if (n == 0 || !same(p->folder + n, STANDIN_BASIC)) return false;
  p->folder[n - 1] = '\0';
  return true;
}

static int become_basic(const struct program *p) {
  char reals[PATH_LENGTH], path[PATH_LENGTH];
  bool found = join(reals, p->folder, length(p->folder), STANDIN_REALS) && join(path, reals, length(reals), p->name);
  return found ? become(p, path) : 127;
}

/* ── What the world is asked ───────────────────────────────────────────────── */

static int dial(const char *path) {
  struct sockaddr_un address = {.sun_family = 1 /* AF_UNIX */};
  size_t n = length(path);
  if (n >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path, n + 1);
  long fd = ask_system(SYS_socket, address.sun_family, SOCK_STREAM, 0, 0, 0);
  return fd >= 0 && ask_system(SYS_connect, fd, (long)&address, sizeof address, 0, 0) == 0 ? (int)fd : -1;
}

static bool ask(int fd, char **argv) {
  char bytes[8192];
  uint32_t head[3] = {2 * sizeof *head, (uint32_t)ask_system(SYS_getpid, 0, 0, 0, 0, 0), 0};
  size_t used = sizeof head;
  for (char **word = argv; *word != NULL; word++) {
    head[0] += (uint32_t)length(*word) + 1;
    head[2]++;
  }
  if (head[0] >= STANDIN_LONGEST) return false;
  memcpy(bytes, head, sizeof head);
  for (char **word = argv; *word != NULL; word++) {
    size_t n = length(*word) + 1;
    if (used + n > sizeof bytes) {
      if (!put(fd, bytes, used)) return false;
      used = 0;
    }
    if (n > sizeof bytes) {
      if (!put(fd, *word, n)) return false;
    } else {
      memcpy(bytes + used, *word, n);
      used += n;
    }
  }
  return put(fd, bytes, used);
}

static int print_reply(int fd, const struct standin_reply *reply) {
  char bytes[16384];
  bool printed = true;
  for (uint32_t left = reply->length; left > 0;) {
    size_t n = left < sizeof bytes ? left : sizeof bytes;
    if (!get(fd, bytes, n)) return 127;
    printed = printed && put(1, bytes, n);
    left -= (uint32_t)n;
  }
  return printed || reply->status != 0 ? reply->status : 1;
}

static int stand_in(const struct program *p) {
  const char *socket = variable(p, STANDIN_VARIABLE);
  int fd = socket != NULL ? dial(socket) : -1;
  struct standin_reply reply;
  char path[PATH_LENGTH];
  if (fd < 0 || !ask(fd, p->argv)) {
    complain(p, "", "the rehearsal is over");
    return 127;
  }
  while (get(fd, &reply, sizeof reply)) {
    switch ((enum standin_action)reply.action) {
    case STANDIN_EXIT: return print_reply(fd, &reply);
    case STANDIN_EXEC:
      if (reply.length == 0 || reply.length > sizeof path || !get(fd, path, reply.length)) return 127;
      ask_system(SYS_close, fd, 0, 0, 0, 0);
      return become(p, path);
    case STANDIN_DIE: ask_system(SYS_kill, ask_system(SYS_getpid, 0, 0, 0, 0, 0), SIGNAL_KILL, 0, 0, 0); return 127;
    case STANDIN_DEAF:
      handle(SIGNAL_TERM, true);
      handle(SIGNAL_INT, true);
      handle(SIGNAL_HUP, true);
      break;
    }
  }
  return 127;
}

_Noreturn void standin_start(long *stack) {
  struct program p = {.argv = (char **)(stack + 1), .envp = (char **)(stack + 1) + stack[0] + 1};
  p.name = stack[0] > 0 ? p.argv[0] : "";
  for (const char *c = p.name; *c != '\0'; c++)
    if (*c == '/') p.name = c + 1;
  long status = is_basic(&p) ? become_basic(&p) : stand_in(&p);
  for (;;) ask_system(SYS_exit_group, status, 0, 0, 0, 0);
}
