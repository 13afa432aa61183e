/* Many broken files through the whole compiler, in this process: random bytes, and plans with tokens taken out, doubled,
 * swapped, spliced and bytes flipped.
 *
 *   many [-s SEED] [-r RANDOM] [-m MUTATED] [-t SECONDS] [-d DIR] FILE…
 *
 * Each input follows from the seed and its number alone. Groups run in children, so that one that dies hides no other; an
 * input that crashes, is reported by a sanitizer or takes longer than the limit is written to DIR and ends in exit status 1. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "cutc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROUP = 500, ENOUGH = 20 /* failures */, TOKENS_MAX = 1 << 16 };

struct bytes {
  char *at;
  size_t n;
};
struct token_at {
  uint32_t at, n;
};
struct seed_file {
  struct bytes text;
  struct token_at *tokens;
  uint32_t n;
};

static uint64_t next(uint64_t *s) { /* xorshift64* */
  *s ^= *s >> 12;
  *s ^= *s << 25;
  *s ^= *s >> 27;
  return *s * 0x2545f4914f6cdd1du;
}
static uint32_t below(uint64_t *s, uint32_t n) { return n ? (uint32_t)((next(s) >> 32) % n) : 0; }

static void *must(void *p) {
  if (p == NULL) abort();
  return p;
}

/* ── Inputs ────────────────────────────────────────────────────────────────── */

static bool word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.:/-", c) != NULL;
}

/* Words, blanks and single bytes. */
static void split(struct seed_file *f) {
  f->tokens = must(malloc(sizeof *f->tokens * TOKENS_MAX));
  for (size_t i = 0; i < f->text.n && f->n < TOKENS_MAX;) {
    size_t end = i + 1;
    bool word = f->text.at[i] != '\0' && word_byte(f->text.at[i]), blank = f->text.at[i] == ' ';
    while (end < f->text.n &&
           ((word && f->text.at[end] != '\0' && word_byte(f->text.at[end])) || (blank && f->text.at[end] == ' ')))
      end++;
    f->tokens[f->n++] = (struct token_at){(uint32_t)i, (uint32_t)(end - i)};
    i = end;
  }
}

struct scrap {
  const char *at;
  uint32_t n;
};

static struct bytes join(const struct scrap *pieces, uint32_t n) {
  struct bytes out = {NULL, 0};
  for (uint32_t i = 0; i < n; i++) out.n += pieces[i].n;
  out.at = must(malloc(out.n + 1));
  char *to = out.at;
  for (uint32_t i = 0; i < n; i++) {
    memcpy(to, pieces[i].at, pieces[i].n);
    to += pieces[i].n;
  }
  return out;
}

static const char *const odd[] = {"{",           "}",
                                  "[",           "]",
                                  "(",           ")",
                                  "\"",          "'",
                                  "$ ",          "${",
                                  "->",          "=",
                                  "==",          ":",
                                  ",",           ".",
                                  "\n",          "##",
                                  "#",           "\\",
                                  "none",        "unknown",
                                  "for x in ",   "when ",
                                  "not ",        "at least 2 of ",
                                  "any of ",     "secret ",
                                  "10.0.0.1",    "443/tcp",
                                  "1h",          "99999999999",
                                  "https://a.b", "old",
                                  "new",         "${via.api}",
                                  "kind k {",    "create ",
                                  "delete ",     "covers = ",
                                  "after = ",    "disrupts = true",
                                  "\xff",        "\xe2\x80\x9c",
                                  "|",           "&",
                                  "<(",          "`"};

static struct bytes mutate(const struct seed_file *files, uint32_t file_count, uint64_t *s) {
  const struct seed_file *f = &files[below(s, file_count)];
  uint32_t edits = 1 + below(s, 6), n = f->n;
  struct scrap *p = must(malloc(sizeof *p * (TOKENS_MAX + 4096)));
  for (uint32_t i = 0; i < n; i++) p[i] = (struct scrap){f->text.at + f->tokens[i].at, f->tokens[i].n};
  for (uint32_t e = 0; e < edits && n > 1; e++) {
    uint32_t i = below(s, n), k = below(s, n), span = 1 + below(s, below(s, 4) ? 3 : 40);
    switch (below(s, 7)) {
    case 0: /* take out */
      if (span > n - i) span = n - i;
      memmove(p + i, p + i + span, sizeof *p * (n - i - span));
      n -= span;
      break;
    case 1: /* double */
      if (span > n - i) span = n - i;
      memmove(p + i + span, p + i, sizeof *p * (n - i));
      n += span;
      break;
    case 2: { /* swap */
      struct scrap t = p[i];
      p[i] = p[k];
      p[k] = t;
      break;
    }
    case 3: { /* splice from any file */
      const struct seed_file *o = &files[below(s, file_count)];
      uint32_t from = below(s, o->n);
      if (o->n == 0) break;
      if (span > o->n - from) span = o->n - from;
      memmove(p + i + span, p + i, sizeof *p * (n - i));
      for (uint32_t j = 0; j < span; j++)
        p[i + j] = (struct scrap){o->text.at + o->tokens[from + j].at, o->tokens[from + j].n};
      n += span;
      break;
    }
    case 4: { /* another token instead */
      const struct seed_file *o = &files[below(s, file_count)];
      uint32_t from = below(s, o->n);
      if (o->n > 0) p[i] = (struct scrap){o->text.at + o->tokens[from].at, o->tokens[from].n};
      break;
    }
    case 5: { /* something odd */
      const char *what = odd[below(s, sizeof odd / sizeof *odd)];
      p[i] = (struct scrap){what, (uint32_t)strlen(what)};
      break;
    }
    default: n = i + 1; break; /* cut off */
    }
    if (n > TOKENS_MAX) n = TOKENS_MAX;
  }
  struct bytes out = join(p, n);
  free(p);
  for (uint32_t flips = below(s, 3) ? 0 : 1 + below(s, 4); flips > 0 && out.n > 0; flips--)
    out.at[below(s, (uint32_t)out.n)] = (char)below(s, 256);
  return out;
}

static struct bytes noise(uint64_t *s) {
  static const char some[] = "abz019 \n\t{}[]()=:.,\"'$#->|&;/\\_<>!?%@*+~^`";
  uint32_t n = below(s, below(s, 4) ? 200 : 5000), form = below(s, 3);
  struct bytes out = {must(malloc(n + 64)), 0};
  while (out.n < n) {
    if (form == 0) out.at[out.n++] = (char)below(s, 256);
    else if (form == 1) out.at[out.n++] = some[below(s, sizeof some - 1)];
    else {
      const char *what = odd[below(s, sizeof odd / sizeof *odd)];
      memcpy(out.at + out.n, what, strlen(what));
      out.n += strlen(what);
      if (below(s, 2)) out.at[out.n++] = ' ';
    }
  }
  return out;
}

/* ── Runs ──────────────────────────────────────────────────────────────────── */

struct run {
  struct seed_file *files;
  uint32_t file_count, random, mutated;
  uint64_t seed;
  unsigned seconds;
  const char *dir;
  volatile uint32_t *at; /* shared: the input under way */
};

static struct bytes input(const struct run *r, uint32_t i) {
  uint64_t s = (r->seed + i + 1) * 0x9e3779b97f4a7c15u;
  for (int k = 0; k < 4; k++) next(&s);
  return i < r->random ? noise(&s) : mutate(r->files, r->file_count, &s);
}

static void save(const char *path, struct bytes b) {
  FILE *f = fopen(path, "wb");
  if (f == NULL || fwrite(b.at, 1, b.n, f) != b.n || fclose(f) != 0) {
    perror(path);
    exit(2);
  }
}

static void once(const char *path) {
  struct compiled k = compile(path);
  struct text out = {.arena = &k.c->arena};
  report_findings(&out, k.c, FORMAT_TEXT, false, false);
  report_findings(&out, k.c, FORMAT_JSON, false, false);
  if (k.model && k.proof && k.c->errors == 0) script_emit(&out, k.runbook);
  compilation_free(k.c);
}

static void child(const struct run *r, uint32_t first, uint32_t end) {
  char path[512];
  struct itimerval limit = {.it_value = {.tv_sec = r->seconds}};
  snprintf(path, sizeof path, "%s/now-%ld.cut", r->dir, (long)getpid());
  for (uint32_t i = first; i < end; i++) {
    struct bytes b = input(r, i);
    *r->at = i;
    save(path, b);
    free(b.at);
    setitimer(ITIMER_REAL, &limit, NULL); /* its signal ends the child */
    once(path);
  }
  limit.it_value.tv_sec = 0;
  setitimer(ITIMER_REAL, &limit, NULL);
  unlink(path);
  exit(0); /* with the leak check */
}

/* The inputs first … end-1; returns how many of them failed. */
static unsigned group(const struct run *r, uint32_t first, uint32_t end) {
  unsigned failed = 0;
  while (first < end) {
    int status;
    pid_t pid = fork();
    if (pid < 0) {
      perror("fork");
      exit(2);
    }
    if (pid == 0) child(r, first, end);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    char path[512];
    snprintf(path, sizeof path, "%s/now-%ld.cut", r->dir, (long)pid);
    unlink(path);
    if (status == 0) break;
    uint32_t i = *r->at;
    struct bytes b = input(r, i);
    snprintf(path, sizeof path, "%s/%s-%llu-%u.cut", r->dir,
             WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "slow" : "crash", (unsigned long long)r->seed,
             (unsigned)i);
    save(path, b);
    free(b.at);
    printf("FAIL  %s (%s %d)\n", path, WIFSIGNALED(status) ? "signal" : "status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    fflush(stdout);
    if (++failed == ENOUGH) break;
    first = i + 1;
  }
  return failed;
}

static struct bytes load(const char *path) {
  struct bytes b = {must(malloc(1 << 20)), 0};
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    perror(path);
    exit(2);
  }
  b.n = fread(b.at, 1, 1 << 20, f);
  fclose(f);
  return b;
}

int main(int argc, char **argv) {
  struct run r = {.random = 10000, .mutated = 10000, .seed = 1, .seconds = 10, .dir = "."};
  unsigned failed = 0;
  for (int o; (o = getopt(argc, argv, "s:r:m:t:d:")) != -1;) {
    if (o == 's') r.seed = strtoull(optarg, NULL, 10);
    else if (o == 'r') r.random = (uint32_t)strtoul(optarg, NULL, 10);
    else if (o == 'm') r.mutated = (uint32_t)strtoul(optarg, NULL, 10);
    else if (o == 't') r.seconds = (unsigned)strtoul(optarg, NULL, 10);
    else if (o == 'd') r.dir = optarg;
    else return fputs("usage: many [-s SEED] [-r RANDOM] [-m MUTATED] [-t SECONDS] [-d DIR] FILE...\n", stderr), 2;
  }
  r.file_count = (uint32_t)(argc - optind);
  if (r.file_count == 0) r.mutated = 0;
  r.files = must(calloc(r.file_count + 1, sizeof *r.files));
  for (uint32_t i = 0; i < r.file_count; i++) {
    r.files[i].text = load(argv[optind + (int)i]);
    split(&r.files[i]);
  }
  r.at = mmap(NULL, sizeof *r.at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (r.at == MAP_FAILED) return perror("mmap"), 2;
  for (uint32_t i = 0, n = r.random + r.mutated; i < n && failed < ENOUGH; i += GROUP)
    failed += group(&r, i, i + GROUP < n ? i + GROUP : n);
  printf("%u random and %u mutated files, seed %llu: %u failed%s\n", (unsigned)r.random, (unsigned)r.mutated,
         (unsigned long long)r.seed, failed, failed < ENOUGH ? "" : " (stopped there)");
  for (uint32_t i = 0; i < r.file_count; i++) {
    free(r.files[i].text.at);
    free(r.files[i].tokens);
  }
  free(r.files);
  return failed != 0;
}
