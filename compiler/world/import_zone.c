/* Zone files (RFC 1035 master files) -> records. libldns reads each record; what stands between records is found here: directives,
 * brackets, comments, and the line that each record starts on.
 * Needs text. Guarantees: $INCLUDE stays below the zone file's folder and $GENERATE within bounds; TXT and the like are counted, never shown. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "world/import.h"

#include <errno.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INCLUDES_DEEP = 8, GENERATED_MOST = 65536, GENERATED_LONG = 2048, ENTRY_MOST = 1 << 20, SOA_MINIMUM = 6 };
#define NO_TTL UINT32_MAX /* more than a record may have (RFC 2181) */

struct zone {
  struct import *im;
  ldns_rdf *origin, *owner; /* of the next record; owner: of the last */
  uint32_t ttl;             /* of `$TTL`, else of the SOA record, while neither is there of the last record with one; NO_TTL */
  bool whole_ttl;           /* it is for all that follows without one, whatever stands at a record */
  unsigned depth;
  uint32_t generated;
  const char *folder;       /* of the zone file, absolute; NULL: there is none to include from */
};

static bool text_read(struct zone *z, const char *file, const char *text, size_t n);

/* ── Records ───────────────────────────────────────────────────────────────── */

static const char *dname(struct zone *z, const ldns_rdf *rdf) {
  char *text = rdf ? ldns_rdf2str(rdf) : NULL;
  char *copy = text ? arena_copy(z->im->arena, text, strlen(text)) : NULL;
  size_t n = copy ? strlen(copy) : 0;
  free(text);
  if (n > 1 && copy[n - 1] == '.') copy[n - 1] = '\0';
  return copy;
}

/* A record without a TTL has that of `$TTL` (RFC 2308); where there is none, the last one that was written (RFC 1035), and a SOA record
 * without one has what it says to be the least, which then is for all, as BIND has it. */
static uint32_t ttl_of(struct zone *z, const ldns_rr *rr) {
  uint32_t ttl = ldns_rr_ttl(rr);
  bool said = ttl != NO_TTL;
  if (!said && z->ttl == NO_TTL && ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) > SOA_MINIMUM) {
    char *least = ldns_rdf2str(ldns_rr_rdf(rr, SOA_MINIMUM));
    z->ttl = least ? (uint32_t)strtoul(least, NULL, 10) : NO_TTL;
    z->whole_ttl = true;
    free(least);
  }
  if (said && !z->whole_ttl) z->ttl = ttl;
  if (said || z->ttl != NO_TTL) return said ? ttl : z->ttl;
  import_note(z->im, "a TTL of one hour, which the zone file does not say", true, 1);
  return 3600;
}

static void record(struct zone *z, const ldns_rr *rr) {
  struct import *im = z->im;
  ldns_rr_type type = ldns_rr_get_type(rr);
  const char *name = dname(z, ldns_rr_owner(rr)), *host = plan_host(im, name);
  char *shown_type = ldns_rr_type2str(type);
  struct import_record r = {.host = host ? host : shown(im, name ? name : "?"), .ttl = ttl_of(z, rr)};
  r.type = shown_type && strncmp(shown_type, "TYPE", 4) ? arena_copy(im->arena, shown_type, strlen(shown_type)) : "another number";
  free(shown_type);
  r.origin = arena_print(im->arena, "%s %s", r.type, r.host);
  if (host && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && ldns_rr_rd_count(rr)) {
    const char *value = dname(z, ldns_rr_rdf(rr, 0));
    if (type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA) r.value = plan_address(im, value);
    else if (type == LDNS_RR_TYPE_CNAME) r.value = plan_host(im, value);
  }
  record_add(im, r);
}

/* Without an origin, a relative name means nothing; an absolute one that has a SOA record is the zone's own. */
static bool origin_known(struct zone *z, const char *text, uint32_t line) {
  size_t n = strcspn(text, " ");
  if (z->origin) return true;
  if (n && text[n - 1] == '.') {
    if (!(strstr(text, " SOA ") || strstr(text, " soa "))) return true;
    z->origin = ldns_dname_new_frm_str(arena_copy(z->im->arena, text, n));
    return true;
  }
  if (!n && z->owner) return true;
  return import_fail(z->im, line, 1, "nothing says which zone this is: put `$ORIGIN` and its name above, or call the file by it, such as example.net.zone");
}

static bool entry(struct zone *z, const char *text, uint32_t line) {
  ldns_rr *rr = NULL;
  if (!origin_known(z, text, line)) return false;
  ldns_status status = ldns_rr_new_frm_str(&rr, text, NO_TTL, z->origin, &z->owner);
  if (status == LDNS_STATUS_OK) {
    record(z, rr);
    ldns_rr_free(rr);
    return true;
  }
  return import_fail(z->im, line, 1 + (uint32_t)strspn(text, " \t"), "this is no resource record: %s", ldns_get_errorstr_by_id(status));
}

/* ── Directives ────────────────────────────────────────────────────────────── */

/* The next word, cut off at its end; NULL when there is none. */
static char *word(char **at) {
  char *from = *at + strspn(*at, " \t"), *to = from + strcspn(from, " \t");
  if (!*from) return NULL;
  *at = *to ? to + 1 : to;
  *to = '\0';
  return from;
}

static bool origin_set(struct zone *z, const char *name, uint32_t line) {
  ldns_rdf *rdf = name ? ldns_dname_new_frm_str(name) : NULL;
  if (!rdf) return import_fail(z->im, line, 1, "`$ORIGIN` wants a name");
  if (!ldns_dname_str_absolute(name) && z->origin && ldns_dname_cat(rdf, z->origin) != LDNS_STATUS_OK) {
    ldns_rdf_deep_free(rdf);
    return import_fail(z->im, line, 1, "the name behind `$ORIGIN` is too long");
  }
  ldns_rdf_deep_free(z->origin);
  z->origin = rdf;
  return true;
}

static bool ttl_set(struct zone *z, const char *text, uint32_t line) {
  const char *end = NULL;
  uint32_t ttl = text ? ldns_str2period(text, &end) : 0;
  if (!text || !end || *end) return import_fail(z->im, line, 1, "`$TTL` wants a time");
  z->ttl = ttl;
  z->whole_ttl = true;
  return true;
}

/* A file below the zone file's folder, symbolic links followed before that is judged. */
static bool include(struct zone *z, const char *name, const char *origin, const char *file, uint32_t line) {
  struct import *im = z->im;
  char *real = NULL;
  uint32_t source;
  if (!name) return import_fail(im, line, 1, "`$INCLUDE` wants a file");
  if (z->depth >= INCLUDES_DEEP) return import_fail(im, line, 1, "`$INCLUDE` is nested more than %d deep", INCLUDES_DEEP);
  if (z->folder) real = realpath(*name == '/' ? name : arena_print(im->arena, "%s/%s", z->folder, name), NULL);
  size_t n = z->folder ? strlen(z->folder) : 0;
  bool below = real && !strncmp(real, z->folder, n) && (real[n] == '/' || n == 1);
  struct stat st;
  bool ok = below && stat(real, &st) == 0 && S_ISREG(st.st_mode) && source_read(im->c, real, &source);
  free(real);
  if (!below && z->folder) return import_fail(im, line, 1, "`$INCLUDE %s` is not followed: it is no file below the zone file's own folder", shown(im, name));
  if (!ok) return import_fail(im, line, 1, "`$INCLUDE %s` cannot be read", shown(im, name));
  ldns_rdf *before = z->origin ? ldns_rdf_clone(z->origin) : NULL;
  const char *path = im->path;
  bool good = !origin || origin_set(z, origin, line);
  z->depth++;
  im->path = shown(im, arena_print(im->arena, "%s ($INCLUDE %s)", file, name));
  good = good && text_read(z, im->path, im->c->sources.at[source].text, im->c->sources.at[source].length);
  im->path = path;
  z->depth--;
  ldns_rdf_deep_free(z->origin);
  z->origin = before;
  return good;
}

/* `$` and `${offset,width,radix}` of a template, for one number. False when the template is none. */
static bool generated(struct text *out, const char *template, long number) {
  for (const char *p = template; *p; p++) {
    if (*p == '\\' && p[1]) {
      text_add(out, p++, 2);
    } else if (*p != '$') {
      text_putc(out, *p);
    } else if (p[1] == '$') {
      text_putc(out, *p++);
    } else if (p[1] != '{') {
      text_print(out, "%ld", number);
    } else {
      int offset = 0, width = 0, length = 0;
      char radix = 'd';
      int found = sscanf(p, "${%9d,%3d,%c}%n", &offset, &width, &radix, &length);
      if (found == 3 && !length) return false;
      if (found < 3) {
        found = sscanf(p, "${%9d,%3d}%n", &offset, &width, &length);
        if (!length) found = sscanf(p, "${%9d}%n", &offset, &length);
      }
      if (found < 1 || !length || width < 0 || width > 255 || !strchr("doxX", radix)) return false;
      long value = number + offset;
      const char *format = radix == 'o' ? "%0*lo" : radix == 'x' ? "%0*lx" : radix == 'X' ? "%0*lX" : "%0*ld";
      char digits[300];
      snprintf(digits, sizeof digits, format, width, value);
      text_puts(out, digits);
      p += length - 1;
    }
    if (out->n > GENERATED_LONG) return false;
  }
  return true;
}

static bool generate(struct zone *z, char *rest, uint32_t line) {
  char *range = word(&rest), *owner = word(&rest);
  int start, stop, step = 1, length = 0;
  bool stepped = range && sscanf(range, "%9d-%9d/%9d%n", &start, &stop, &step, &length) == 3 && !range[length];
  bool simple = range && !stepped && sscanf(range, "%9d-%9d%n", &start, &stop, &length) == 2 && !range[length];
  if (!(stepped || simple) || !owner || strlen(owner) + strlen(rest) > GENERATED_LONG || start < 0 || stop < start || step < 1)
    return import_fail(z->im, line, 1, "`$GENERATE` wants a range such as 1-20, a name, a type and a value");
  for (long i = start; i <= stop; i += step) {
    struct text out = {.arena = z->im->arena};
    if (z->generated++ >= GENERATED_MOST) return import_fail(z->im, line, 1, "`$GENERATE` makes more than %d records", GENERATED_MOST);
    if (!generated(&out, owner, i) || (text_putc(&out, ' '), !generated(&out, rest, i)))
      return import_fail(z->im, line, 1, "this `$GENERATE` is not understood");
    if (!entry(z, text_done(&out), line)) return false;
  }
  return true;
}

static bool directive(struct zone *z, char *text, const char *file, uint32_t line) {
  char *rest = text, *name = word(&rest);
  if (!strcasecmp(name, "$ORIGIN")) return origin_set(z, word(&rest), line);
  if (!strcasecmp(name, "$TTL")) return ttl_set(z, word(&rest), line);
  if (!strcasecmp(name, "$GENERATE")) return generate(z, rest, line);
  if (!strcasecmp(name, "$INCLUDE")) {
    char *what = word(&rest);
    return include(z, what, word(&rest), file, line);
  }
  return import_fail(z->im, line, 1, "the directive `%.40s` is not known", shown(z->im, name));
}

/* ── Entries ───────────────────────────────────────────────────────────────── */

/* One entry, without comments and brackets, its lines joined; *at moves on to the next one. False after import_fail. */
static bool entry_text(struct zone *z, const char *text, size_t n, size_t *at, uint32_t *line, struct text *out) {
  unsigned open = 0;
  bool quoted = false;
  uint32_t started = *line;
  for (; *at < n; (*at)++) {
    char c = text[*at];
    if (c == '\n') (*line)++;
    if (quoted && c == '\n') return import_fail(z->im, started, 1, "a `\"` is not closed on its line");
    if (!quoted && c == '\n' && !open) {
      (*at)++;
      return true;
    }
    if (c == '\\' && *at + 1 < n && text[*at + 1] != '\n') {
      text_add(out, text + (*at)++, 2);
    } else if (quoted || (c != ';' && c != '(' && c != ')')) {
      quoted ^= c == '"';
      text_putc(out, c == '\n' || c == '\r' || (c == '\t' && !quoted) ? ' ' : c);
    } else if (c == ';') {
      while (*at + 1 < n && text[*at + 1] != '\n') (*at)++;
    } else if (c == '(') {
      open++;
      text_putc(out, ' ');
    } else if (!open--) {
      return import_fail(z->im, *line, 1, "a `)` closes nothing");
    }
    if (out->n > ENTRY_MOST) return import_fail(z->im, started, 1, "this record is longer than a megabyte");
  }
  if (open || quoted) return import_fail(z->im, started, 1, open ? "a `(` is not closed" : "a `\"` is not closed on its line");
  return true;
}

static bool text_read(struct zone *z, const char *file, const char *text, size_t n) {
  uint32_t line = 1;
  struct text out = {.arena = z->im->arena};
  for (size_t at = 0; at < n;) {
    uint32_t started = line;
    out.n = 0;
    if (out.at) out.at[0] = '\0';
    if (!entry_text(z, text, n, &at, &line, &out)) return false;
    const char *all = text_done(&out);
    if (strlen(all) != out.n) return import_fail(z->im, started, 1, "this is no zone file: it has a NUL byte in it");
    if (strspn(all, " ") == out.n) continue;
    bool ok = *all == '$' ? directive(z, out.at, file, started) : entry(z, all, started);
    if (!ok) return false;
  }
  return true;
}

/* The zone's name where the file's name says it: "example.net.zone", "db.example.net". */
static const char *named_by(struct import *im, const char *file) {
  const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
  size_t n = strlen(base);
  static const char *const ends[] = {".zone", ".db", ".txt", ".hosts"};
  if (!strncmp(base, "db.", 3)) return plan_host(im, base + 3);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    size_t k = strlen(ends[i]);
    if (n > k && !strcmp(base + n - k, ends[i])) return plan_host(im, arena_copy(im->arena, base, n - k));
  }
  return NULL;
}

bool import_zone(struct import *im, const char *file, const char *text, size_t n) {
  struct zone z = {.im = im, .ttl = NO_TTL};
  const char *name = named_by(im, file), *slash = strrchr(file, '/');
  char *real = strcmp(file, "-") ? realpath(slash == file ? "/" : slash ? arena_copy(im->arena, file, (size_t)(slash - file)) : ".", NULL) : NULL;
  if (real) z.folder = arena_copy(im->arena, real, strlen(real));
  free(real);
  bool ok = !name || !strchr(name, '.') || origin_set(&z, arena_print(im->arena, "%s.", name), 1);
  ok = ok && text_read(&z, file, text, n);
  ldns_rdf_deep_free(z.origin);
  ldns_rdf_deep_free(z.owner);
  if (!ok) return false;
  if (!im->records.n) return import_fail(im, 0, 0, "there is no record in this zone file");
  records_done(im, im->zone);
  return true;
}
