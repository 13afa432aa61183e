/* A number of resources -> one plan of so many, and the same graph for other programs.
 * Needs: plan N [--shuffle] [--seed S] [-o DIR] [FORMAT…]; formats are cut ninja make tsort json terraform ansible, all but
 * the last two without any being named. Guarantees the same bytes for the same arguments.
 *
 * 32 layers; each resource outside of the first needs three earlier ones, one of them in the layer before, so that the
 * longest way is 32. Ten in a hundred change. In each hundred, one of these is a service with a name in the DNS and a
 * forward from outside, which move with it, and with a promise to those who look from inside (by its name) or from outside. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LAYERS = 32, NEEDS = 3 };

struct graph {
  uint32_t n;
  uint32_t (*needs)[NEEDS];
  uint8_t *count;
  uint32_t *order; /* in which they are listed */
};

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "plan: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *memory(size_t n, size_t size) {
  void *p = calloc(n + 1, size);
  if (!p) fail("memory");
  return p;
}

/* splitmix64: one number after the other, below a limit. */
static uint32_t below(uint64_t *state, uint32_t limit) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return (uint32_t)(((z >> 32) * limit) >> 32);
}

static void draw(struct graph *g, uint64_t seed) {
  uint32_t width = (g->n + LAYERS - 1) / LAYERS;
  for (uint32_t i = 0; i < g->n; i++) {
    uint32_t base = i / width * width, want = base < NEEDS ? base : NEEDS;
    if (want) g->needs[i][g->count[i]++] = base - width + below(&seed, width);
    while (g->count[i] < want) {
      uint32_t d = below(&seed, base);
      bool known = false;
      for (uint32_t k = 0; k < g->count[i]; k++) known |= g->needs[i][k] == d;
      if (!known) g->needs[i][g->count[i]++] = d;
    }
  }
}

static void shuffle(struct graph *g, uint64_t seed) {
  for (uint32_t i = g->n; i-- > 1;) {
    uint32_t j = below(&seed, i + 1), swap = g->order[i];
    g->order[i] = g->order[j];
    g->order[j] = swap;
  }
}

/* ── What a resource says ──────────────────────────────────────────────────── */

static bool changes(uint32_t i, uint32_t n) { return i % 10 == 3 || n == 1; }
/* The parts of the move in each hundred: the service, its name, its way in. They change together. */
static bool served(uint32_t i, uint32_t n) { return i % 100 == 3 && i + 20 < n; }
static bool named(uint32_t i) { return i % 100 == 13; }
static bool forwarded(uint32_t i) { return i % 100 == 23; }

struct spot { char text[24]; };
static struct spot address(uint32_t i, bool later) {
  struct spot s;
  snprintf(s.text, sizeof s.text, "10.%u.%u.%u", i >> 14 & 255, i >> 7 & 127, (i & 127) + (later ? 128u : 0u));
  return s;
}
static struct spot outside(uint32_t i) {
  struct spot s;
  snprintf(s.text, sizeof s.text, "100.%u.%u.%u", 64 + (i >> 16 & 63), i >> 8 & 255, i & 255);
  return s;
}
static unsigned port(uint32_t i) { return 1024 + i % 40000; }
static unsigned team(uint32_t i) { return i % 97; }

static void list(FILE *out, const struct graph *g, uint32_t i, const char *between, const char *before, const char *behind) {
  for (uint32_t k = 0; k < g->count[i]; k++) fprintf(out, "%s%ss%u%s", k ? between : "", before, g->needs[i][k], behind);
}

/* ── Formats ───────────────────────────────────────────────────────────────── */

/* A single resource needs no clients, names or forwards. */
static void cut_head(FILE *out, const struct graph *g) {
  if (g->n == 1) fputs("plan fleet { }\nuse std/zones\n\n", out);
  else
    fputs("plan fleet { operator = operator }\nuse std/net\nuse std/pfsense\n\n"
          "client operator { }\nclient public { zone = internet  probe = ssh \"vps.example.org\" }\n\n", out);
  fputs("kind service {\n  address : address\n  port    : port\n  zone    : zone\n  team    : string\n"
        "  serves address port in zone\n"
        "  change {\n    takes = 10s\n    do { $ ./change ${name} ${new(address)} }\n"
        "    undo { $ ./change ${name} ${new(address)} }\n  }\n}\n\n", out);
}

static void cut(FILE *out, const struct graph *g) {
  cut_head(out, g);
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k], of = i - i % 100 + 3;
    struct spot from = address(i, false), to = address(i, true), old = address(of, false), new = address(of, true);
    if (named(i)) {
      fprintf(out, "dns_record s%u {\n  zone    = lan\n  host    = \"s%u.example.net\"\n  value   = %s -> %s\n  ttl     = 60s\n  takes   = 10s\n",
              i, of, old.text, new.text);
    } else if (forwarded(i)) {
      fprintf(out, "nat_rule s%u {\n  wan     = %s\n  ports   = [%u/tcp]\n  target  = %s -> %s\n  takes   = 10s\n", i,
              outside(i).text, port(of), old.text, new.text);
    } else {
      fprintf(out, "service s%u {\n  address = %s%s%s\n  port    = %u/tcp\n  zone    = lan\n  team    = \"team-%u\"\n", i, from.text,
              changes(i, g->n) ? " -> " : "", changes(i, g->n) ? to.text : "", port(i), team(i));
    }
    fputs("  needs   = [", out);
    list(out, g, i, ", ", "", "");
    fputs("]\n}\n", out);
    if (!served(i, g->n)) continue;
    if (i / 100 % 2 == 0) fprintf(out, "promise operator reaches s%u.example.net:%u down at most 10m\n", i, port(i));
    else fprintf(out, "promise public reaches %s:%u down at most 10m\n", outside(i + 20).text, port(i));
  }
}

static void ninja(FILE *out, const struct graph *g) {
  fputs("rule change\n  command = ./change $out $to\n  description = change $out to $to\n", out);
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k];
    fprintf(out, "build s%u: %s ", i, changes(i, g->n) ? "change" : "phony");
    list(out, g, i, " ", "", "");
    if (changes(i, g->n)) fprintf(out, "\n  to = %s", address(i, true).text);
    fputc('\n', out);
  }
}

static void make(FILE *out, const struct graph *g) {
  fputs("all:", out);
  for (uint32_t k = 0; k < g->n; k++) fprintf(out, " s%u", g->order[k]);
  fputc('\n', out);
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k];
    fprintf(out, "s%u: ", i);
    list(out, g, i, " ", "", "");
    if (changes(i, g->n)) fprintf(out, "\n\t./change s%u %s", i, address(i, true).text);
    fputc('\n', out);
  }
}

static void tsort(FILE *out, const struct graph *g) {
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k];
    if (!g->count[i]) fprintf(out, "s%u s%u\n", i, i);
    for (uint32_t d = 0; d < g->count[i]; d++) fprintf(out, "s%u s%u\n", g->needs[i][d], i);
  }
}

static void json(FILE *out, const struct graph *g) {
  fputs("[", out);
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k], of = i - i % 100 + 3;
    struct spot old = address(named(i) || forwarded(i) ? of : i, false), new = address(named(i) || forwarded(i) ? of : i, true);
    fprintf(out, "%s\n{\"kind\":\"%s\",\"name\":\"s%u\",", k ? "," : "", named(i) ? "dns_record" : forwarded(i) ? "nat_rule" : "service", i);
    if (named(i)) fprintf(out, "\"host\":\"s%u.example.net\",\"ttl\":\"60s\",\"takes\":\"10s\",", of);
    if (forwarded(i)) fprintf(out, "\"wan\":\"%s\",\"takes\":\"10s\",", outside(i).text);
    fprintf(out, "\"address\":\"%s\",", old.text);
    if (changes(i, g->n)) fprintf(out, "\"to\":\"%s\",", new.text);
    if (!named(i)) fprintf(out, "\"port\":%u,", port(forwarded(i) ? of : i));
    if (!forwarded(i)) fputs("\"zone\":\"lan\",", out);
    if (!named(i) && !forwarded(i)) fprintf(out, "\"team\":\"team-%u\",", team(i));
    fputs("\"needs\":[", out);
    list(out, g, i, ",", "\"", "\"");
    fputs("]}", out);
    if (served(i, g->n) && i / 100 % 2 == 0)
      fprintf(out, ",\n{\"promise\":\"operator\",\"reaches\":\"s%u.example.net:%u\",\"down at most\":\"10m\"}", i, port(i));
    else if (served(i, g->n))
      fprintf(out, ",\n{\"promise\":\"public\",\"reaches\":\"%s:%u\",\"down at most\":\"10m\"}", outside(i + 20).text, port(i));
  }
  fputs("\n]\n", out);
}

static void terraform(FILE *out, const struct graph *g) {
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k];
    fprintf(out, "resource \"terraform_data\" \"s%u\" {\n  input = {\n    address = \"%s\"\n    port    = %u\n    zone    = \"lan\"\n    team    = \"team-%u\"\n  }\n",
            i, address(i, changes(i, g->n)).text, port(i), team(i));
    if (g->count[i]) {
      fputs("  depends_on = [", out);
      list(out, g, i, ", ", "terraform_data.", "");
      fputs("]\n", out);
    }
    fputs("}\n", out);
  }
}

/* The state before the change, for `terraform plan -refresh=false`. */
static void terraform_state(FILE *out, const struct graph *g) {
  fputs("{\"version\":4,\"terraform_version\":\"1.0.0\",\"serial\":1,\"lineage\":\"00000000-0000-4000-8000-000000000000\",\"outputs\":{},\"resources\":[", out);
  for (uint32_t k = 0; k < g->n; k++) {
    uint32_t i = g->order[k];
    char value[256];
    snprintf(value, sizeof value, "{\"value\":{\"address\":\"%s\",\"port\":%u,\"team\":\"team-%u\",\"zone\":\"lan\"},\"type\":[\"object\","
             "{\"address\":\"string\",\"port\":\"number\",\"team\":\"string\",\"zone\":\"string\"}]}", address(i, false).text, port(i), team(i));
    fprintf(out, "%s\n{\"mode\":\"managed\",\"type\":\"terraform_data\",\"name\":\"s%u\",\"provider\":\"provider[\\\"terraform.io/builtin/terraform\\\"]\","
            "\"instances\":[{\"schema_version\":0,\"attributes\":{\"id\":\"%08x-0000-4000-8000-000000000000\",\"input\":%s,\"output\":%s,"
            "\"triggers_replace\":null},\"sensitive_attributes\":[],\"dependencies\":[", k ? "," : "", i, i, value, value);
    list(out, g, i, ",", "\"terraform_data.", "\"");
    fputs("]}]}", out);
  }
  fputs("\n],\"check_results\":null}\n", out);
}

static void ansible(FILE *out, const struct graph *g) {
  fputs("- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n", out);
  for (uint32_t i = 0; i < g->n; i++) {
    fprintf(out, "    - name: s%u\n      debug: {msg: \"%s %u lan team-%u needs ", i, address(i, changes(i, g->n)).text, port(i), team(i));
    list(out, g, i, " ", "", "");
    fprintf(out, "\"}\n%s", changes(i, g->n) ? "      changed_when: true\n" : "");
  }
}

static const struct format {
  const char *name, *path;
  void (*write)(FILE *out, const struct graph *g);
  bool large; /* made without being asked for */
} formats[] = {
    {"cut", "plan.cut", cut, true},
    {"ninja", "build.ninja", ninja, true},
    {"make", "Makefile", make, true},
    {"tsort", "pairs.txt", tsort, true},
    {"json", "plan.json", json, true},
    {"terraform", "main.tf", terraform, false},
    {"terraform", "prior.tfstate", terraform_state, false},
    {"ansible", "site.yml", ansible, false},
};

static void write_one(const struct format *f, const struct graph *g, const char *dir) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", dir, f->path);
  FILE *out = fopen(path, "w");
  if (!out) fail(path);
  f->write(out, g);
  if (ferror(out) || fclose(out) != 0) fail(path);
}

int main(int argc, char **argv) {
  const char *dir = ".", *wanted[16];
  uint32_t wanted_count = 0;
  uint64_t seed = 1;
  bool mixed = false;
  struct graph g = {0};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--shuffle") == 0) mixed = true;
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) seed = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) dir = argv[++i];
    else if (!g.n) g.n = (uint32_t)strtoul(argv[i], NULL, 10);
    else if (wanted_count < 16) wanted[wanted_count++] = argv[i];
  }
  if (!g.n || g.n > 2000000) {
    fputs("plan N [--shuffle] [--seed S] [-o DIR] [cut|ninja|make|tsort|json|terraform|ansible …], N from 1 to 2000000\n", stderr);
    return 2;
  }
  g.needs = memory(g.n, sizeof *g.needs);
  g.count = memory(g.n, 1);
  g.order = memory(g.n, sizeof *g.order);
  for (uint32_t i = 0; i < g.n; i++) g.order[i] = i;
  draw(&g, seed);
  if (mixed) shuffle(&g, seed + 1);
  if (mkdir(dir, 0777) != 0 && errno != EEXIST) fail(dir);
  for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
    bool want = !wanted_count && formats[f].large;
    for (uint32_t k = 0; k < wanted_count; k++) want |= strcmp(wanted[k], formats[f].name) == 0;
    if (want) write_one(&formats[f], &g, dir);
  }
  free(g.needs);
  free(g.count);
  free(g.order);
  return 0;
}
