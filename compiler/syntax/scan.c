/* Help for the scanner's actions: the text of a token -> its type, value and node.
 * Needs the pristine text of the source in the parser. Guarantees that a malformed token has one finding, with what is
 * wrong and the mend, and stands in the tree as a literal with op 1. */
#include "syntax/parse.h"
#include "base/literals.h"
#include "cut.tab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range range_of(uint32_t start, uint32_t end) {
  return (struct range){start, end};
}
struct span span_of(const struct parser *p, struct range at) {
  return (struct span){p->source, at.start, at.end};
}

static struct finding *queue(struct parser *p, enum code code, struct range at, const char *message) {
  if (p->findings++ < FINDINGS_LIMIT) return finding_add(p->c, code, span_of(p, at), "%s", message);
  if (!p->gave_up)
    finding_add(p->c, CODE_005, span_of(p, at), "more than %d mistakes in one file: the rest is not shown", FINDINGS_LIMIT);
  p->gave_up = true;
  return NULL;
}

struct finding *complain(struct parser *p, enum code code, struct range at, const char *format, ...) {
  struct text t = {.arena = &p->c->arena};
  char small[512];
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(small, sizeof small, format, args);
  va_end(args);
  if (n > 0 && (size_t)n < sizeof small) {
    text_add(&t, small, (size_t)n);
  } else if (n > 0) {
    char *large = arena_alloc(&p->c->arena, (size_t)n + 1, 1);
    vsnprintf(large, (size_t)n + 1, format, again);
    text_puts(&t, large);
  }
  va_end(again);
  return queue(p, code, at, text_done(&t));
}

void remark(struct parser *p, struct finding *f, const char *help) {
  if (f != NULL) finding_remark(p->c, f, REMARK_HELP, "%s", help);
}

int scan_bad(struct parser *p, struct range at, struct part *out) {
  struct value unknown = {.type = V_UNKNOWN};
  p->bad = at;
  out->node = out->last = literal_new(p, unknown, at);
  out->depth = 1;
  p->tree->nodes.at[out->node].op = 1;
  return T_LITERAL;
}

/* ── Literals ──────────────────────────────────────────────────────────────── */

bool literal_read(struct names *names, enum value_type type, const char *s, size_t n, struct value *v, const char **why) {
  switch (type) {
  case V_RANGE: return value_range(s, n, v, why);
  case V_CIDR: return value_cidr(s, n, v, why);
  case V_ADDRESS: return value_address(s, n, v, why);
  case V_ENDPOINT: return value_endpoint(names, s, n, v, why);
  case V_PORT: return value_port(s, n, v, why);
  case V_DURATION: return value_duration(s, n, v, why);
  case V_NUMBER: return value_number(s, n, v, why);
  case V_VERSION: return value_version(names, s, n, v, why);
  case V_URL: return value_url(names, s, n, v, why);
  case V_NONE:
  case V_UNKNOWN:
  case V_BOOL:
  case V_STRING:
  case V_WORD:
  case V_LIST:
  case V_MAP:
  case V_CALL:
  case V_RESOURCE:
  case V_ZONE:
  case V_KIND:
  case V_SECRET:
  case V_STEP:
  case V_TOOL: break;
  }
  *why = "this is no literal";
  return false;
}

/* The network that an address with bits behind the prefix lies in. */
static void help_network(struct parser *p, struct finding *f, const char *s, size_t n) {
  const char *slash = memchr(s, '/', n);
  struct value v;
  const char *why;
  if (f == NULL || slash == NULL || !value_address(s, (size_t)(slash - s), &v, &why)) return;
  unsigned bits = memchr(s, ':', (size_t)(slash - s)) ? 128 : 32, prefix = (unsigned)atoi(slash + 1);
  if (prefix > bits) return;
  for (unsigned bit = 128 - bits + prefix; bit < 128; bit++)
    v.from.bytes[bit >> 3] = (uint8_t)(v.from.bytes[bit >> 3] & ~(0x80 >> (bit & 7)));
  finding_remark(p->c, f, REMARK_HELP, "did you mean %s/%u?", address_text(&p->c->arena, &v.from), prefix);
}

int scan_literal(struct parser *p, enum value_type type, struct range at, struct part *out) {
  const char *s = p->text + at.start, *why = "";
  size_t n = at.end - at.start;
  struct value v;
  if (type == V_URL && s[n - 1] == '$' && p->text[at.end] == '{') {
    struct finding *f = complain(p, CODE_002, at, "an expression stands in a URL only between quotes");
    if (f) finding_remark(p->c, f, REMARK_HELP, "write all of it as a text: \"%.*s{…}\"", n > 60 ? 60 : (int)n, s);
    scan_bad(p, at, out);
    return T_LITERAL;
  }
  if (literal_read(&p->c->names, type, s, n, &v, &why)) {
    out->node = out->last = literal_new(p, v, at);
    out->depth = 1;
    return type == V_NUMBER ? T_NUMBER : T_LITERAL;
  }
  bool range = type != V_URL && strstr(why, "made of") == NULL && strstr(why, "leading zero") == NULL &&
               strstr(why, "eight groups") == NULL;
  struct finding *f = complain(p, range ? CODE_107 : CODE_002, at, "`%.*s`: %s", n > 60 ? 60 : (int)n, s, why);
  if (type == V_CIDR) help_network(p, f, s, n);
  if (type == V_URL) remark(p, f, "put it in quotes to have it as plain text");
  scan_bad(p, at, out);
  return type == V_NUMBER ? T_NUMBER : T_LITERAL;
}

static bool name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
static size_t digits(const char *s, size_t n) {
  size_t i = 0;
  while (i < n && s[i] >= '0' && s[i] <= '9') i++;
  return i;
}

/* `443/tpc`, `10.0.20.200:443/tpc`: the protocol is misspelt. */
static bool misspelt_protocol(struct parser *p, struct range at, const char *s, size_t n) {
  static const char *const protocols[] = {"tcp", "udp", "sctp"};
  const char *slash = memchr(s, '/', n), *why = "";
  struct value v;
  if (slash == NULL) return false;
  size_t left = (size_t)(slash - s);
  bool port = digits(s, left) == left || value_duration(s, 0, &v, &why);
  bool endpoint = !port && value_endpoint(&p->c->names, s, left, &v, &why);
  size_t first = digits(s, left);
  if (!port && !endpoint &&
      !(first > 0 && first < left && s[first] == '-' && digits(s + first + 1, left - first - 1) == left - first - 1))
    return false;
  const char *word = arena_copy(&p->c->arena, slash + 1, n - left - 1);
  uint32_t best = nearest(word, protocols, 3);
  if (strcmp(word, "ucp") == 0 || strcmp(word, "tdp") == 0) best = NONE;
  struct finding *f = complain(p, CODE_002, at, "`%s` is no protocol: it is `tcp`, `udp` or `sctp`", word);
  if (best != NONE && f) finding_remark(p->c, f, REMARK_HELP, "did you mean %.*s/%s?", (int)left, s, protocols[best]);
  return true;
}

/* Letters behind a number: a unit that does not exist. */
static bool misspelt_duration(struct parser *p, struct range at, const char *s, size_t n) {
  size_t i = digits(s, n), unit = i;
  static const struct {
    const char *word, *unit;
  } units[] = {{"sec", "s"},  {"secs", "s"},   {"second", "s"},  {"seconds", "s"}, {"min", "m"},
               {"mins", "m"}, {"minute", "m"}, {"minutes", "m"}, {"M", "m"},       {"S", "s"},
               {"H", "h"},    {"hr", "h"},     {"hrs", "h"},     {"hour", "h"},    {"hours", "h"},
               {"D", "d"},    {"day", "d"},    {"days", "d"},    {"msec", "ms"},   {"millis", "ms"}};
  while (unit < n && ((s[unit] >= 'a' && s[unit] <= 'z') || (s[unit] >= 'A' && s[unit] <= 'Z'))) unit++;
  if (i == 0 || unit == i || unit != n) return false;
  const char *word = arena_copy(&p->c->arena, s + i, n - i);
  if (*word == 'x' && i == 1 && *s == '0') return false;
  struct finding *f =
      complain(p, CODE_002, at, "`%.*s`: `%s` is no unit of time: those are `ms`, `s`, `m`, `h` and `d`", (int)n, s, word);
  for (size_t u = 0; f && u < sizeof units / sizeof *units; u++)
    if (strcmp(units[u].word, word) == 0)
      finding_remark(p->c, f, REMARK_HELP, "did you mean %.*s%s?", (int)i, s, units[u].unit);
  return true;
}

/* `10.0.20.200-220`. */
static bool short_range(struct parser *p, struct range at, const char *s, size_t n) {
  const char *dash = memchr(s, '-', n), *why = "";
  struct value v;
  if (dash == NULL || !value_address(s, (size_t)(dash - s), &v, &why)) return false;
  size_t rest = n - (size_t)(dash - s) - 1, last = (size_t)(dash - s);
  if (rest == 0 || digits(dash + 1, rest) != rest) return false;
  while (last > 0 && s[last - 1] != '.') last--;
  struct finding *f = complain(p, CODE_002, at, "`%.*s`: a range is two whole addresses with `-` between", (int)n, s);
  if (f)
    finding_remark(p->c, f, REMARK_HELP, "did you mean %.*s-%.*s%.*s?", (int)(dash - s), s, (int)last, s, (int)rest,
                   dash + 1);
  return true;
}

static void malformed(struct parser *p, struct range at, const char *s, size_t n) {
  int shown = n > 60 ? 60 : (int)n;
  const char *colon = memchr(s, ':', n);
  size_t colons = 0;
  for (size_t i = 0; i < n; i++) colons += s[i] == ':';
  if (memchr(s, '%', n)) {
    struct finding *f =
        complain(p, CODE_002, at, "`%.*s`: an address with a scope means something else on each host", shown, s);
    remark(p, f, "leave out the `%` and what follows");
  } else if (*s == '*') {
    struct finding *f = complain(p, CODE_002, at, "`%.*s`: a pattern is written in quotes", shown, s);
    if (f) finding_remark(p->c, f, REMARK_HELP, "write \"%.*s\"", shown, s);
  } else if (*s == '-') {
    complain(p, CODE_002, at, "`%.*s`: there are no negative numbers here", shown, s);
  } else if (n == 17 && colons == 5 && s[2] == ':' && s[5] == ':') {
    struct finding *f = complain(p, CODE_002, at, "`%.*s`: a hardware address is written in quotes", shown, s);
    if (f) finding_remark(p->c, f, REMARK_HELP, "write \"%.*s\"", shown, s);
  } else if (colons > 1 && strspn(s, "0123456789abcdefABCDEF:") >= n) {
    complain(p, CODE_002, at, "`%.*s`: an IPv6 address has eight groups of hex digits, or `::` for those that are zero",
             shown, s);
  } else if (colon && !(*s >= '0' && *s <= '9') && memchr(s, '.', (size_t)(colon - s)) == NULL && *s != '[') {
    struct finding *f =
        complain(p, CODE_002, at, "`%.*s`: the host of an endpoint is an address or a name with a dot", shown, s);
    if (f)
      finding_remark(p->c, f, REMARK_HELP, "if `%.*s` is a resource or a constant, write \"${%.*s}%.*s\"", (int)(colon - s),
                     s, (int)(colon - s), s, (int)(n - (size_t)(colon - s)), colon);
  } else if (colon) {
    complain(p, CODE_002, at,
             "`%.*s` is no endpoint: that is a host, `:` and a port, as in 10.0.20.200:443 or example.net:443/udp", shown,
             s);
  } else if (strspn(s, "0123456789.") < n && digits(s, n) < n && s[digits(s, n)] == '.') {
    struct finding *f = complain(p, CODE_002, at, "`%.*s` is neither an address nor a version", shown, s);
    remark(p, f, "put it in quotes to have it as plain text");
  } else {
    struct finding *f = complain(p, CODE_002, at, "`%.*s` is no number, address, port or duration", shown, s);
    remark(p, f, "put it in quotes to have it as plain text; a name begins with a letter");
  }
}

int scan_malformed(struct parser *p, struct range at, struct part *out) {
  const char *s = p->text + at.start;
  size_t n = at.end - at.start;
  bool number = *s >= '0' && *s <= '9';
  if (!(number && (misspelt_duration(p, at, s, n) || short_range(p, at, s, n))) && !misspelt_protocol(p, at, s, n))
    malformed(p, at, s, n);
  return scan_bad(p, at, out);
}

/* ── Words ─────────────────────────────────────────────────────────────────── */

int scan_word(struct parser *p, struct range at, struct part *out) {
  uint32_t name = name_of(&p->c->names, p->text + at.start, at.end - at.start);
  int token = keyword_token(p, name);
  out->node = name;
  if (token == 0) return T_ID;
  if (token != T_LITERAL) return token;
  char first = p->text[at.start];
  struct value v = {.type = first == 'u' ? V_UNKNOWN : V_BOOL, .number = first == 't'};
  out->node = out->last = literal_new(p, v, at);
  out->depth = 1;
  return token;
}

/* `any of` and `at least`, unless the second word is the name of an attribute or a part of a longer word. */
bool two_words(const struct parser *p, struct range at) {
  const char *s = p->text + at.end;
  if (name_byte(*s) || (*s == '-' && name_byte(s[1]))) return false;
  s += strspn(s, " \t\r\n");
  if (p->text[at.start + 1] == 't') return *s >= '0' && *s <= '9';
  return *s != ':' && (*s != '=' || s[1] == '=');
}

/* ── Strings ───────────────────────────────────────────────────────────────── */

int scan_raw_string(struct parser *p, struct range at, struct part *out) {
  uint32_t end = at.end - (at.end - at.start > 1 && p->text[at.end - 1] == '\'');
  out->node = out->last = string_node(p, name_of(&p->c->names, p->text + at.start + 1, end - at.start - 1), at);
  out->depth = 1;
  return T_STRING;
}

int scan_plain_string(struct parser *p, struct range at, struct part *out) {
  out->node = out->last = string_node(p, name_of(&p->c->names, p->text + at.start + 1, at.end - at.start - 2), at);
  out->depth = 1;
  return T_STRING;
}

void piece(struct parser *p, struct range at, const char *bytes, size_t n) {
  if (n == 0) return;
  if (!p->piece_open) {
    p->piece_open = true;
    p->piece_start = at.start;
    p->buffer.n = 0;
  }
  text_add(&p->buffer, bytes, n);
}

int scan_piece(struct parser *p, struct range *at, struct part *out) {
  *at = range_of(p->piece_start, at->start);
  p->piece_open = false;
  out->node = out->last = string_node(p, name_of(&p->c->names, p->buffer.at, p->buffer.n), *at);
  out->depth = 1;
  return T_STRING_TEXT;
}

void unknown_escape(struct parser *p, struct range at) {
  struct finding *f =
      complain(p, CODE_002, at, "`%.*s` means nothing in a string: the escapes are \\\" \\\\ \\n \\t and $${ for ${",
               (int)(at.end - at.start), p->text + at.start);
  remark(p, f, "a string in single quotes takes everything as it stands");
}

uint32_t unclosed_string(struct parser *p, uint32_t quote, uint32_t start, uint32_t end) {
  uint32_t keep = end, open = p->open.n;
  bool text = open > 0 && p->open.at[open - 1].type == OPEN_STRING;
  if (text) open--;
  if (p->interpolations > 0) return end - start; /* the `${` around it is not closed either: that is the finding */
  struct finding *f = complain(p, CODE_003, range_of(quote, quote + 1), "this string is not closed on its line");
  if (f) finding_caret(p->c, f, "opened here");
  remark(p, f, "close it with the same quote; for a line break within, write \\n");
  while (keep > start && strchr(" \t\r", p->text[keep - 1])) keep--;
  for (uint32_t last = keep; open > 0 && last > start; open--, last--) {
    const struct open *o = &p->open.at[open - 1];
    char close = o->type == '(' ? ')' : o->type == '[' ? ']' : o->type == '{' ? '}' : '\0';
    while (last > start && strchr(" \t", p->text[last - 1])) last--;
    if (last == start || close == '\0' || p->text[last - 1] != close || memchr(p->text + o->at, '\n', quote - o->at)) break;
    keep = last - 1;
  }
  while (keep > start && strchr(" \t\r", p->text[keep - 1])) keep--;
  return keep - start;
}

/* The tail of a string that its line's end cuts off; what does not belong to it is left to be scanned. */
uint32_t text_tail(struct parser *p, struct range at) {
  uint32_t n = at.end - at.start;
  if (at.end < p->length && p->text[at.end] != '\n') return n;
  uint32_t keep = unclosed_string(p, p->open.at[p->open.n - 1].at, at.start, at.end);
  p->string_said = true;
  return keep;
}

int unclosed_text(struct parser *p, struct range *at, struct part *out) {
  if (!p->string_said) unclosed_string(p, p->open.at[p->open.n - 1].at, at->start, at->start);
  p->string_said = false;
  p->close_to = p->open.n - 1;
  at->end = at->start;
  return p->piece_open ? scan_piece(p, at, out) : -1;
}

/* ── Comments and stray bytes ──────────────────────────────────────────────── */

/* Lines of `##` that follow each other are one text. */
void scan_doc(struct parser *p, struct range at) {
  struct doc *last = p->docs.n ? &p->docs.at[p->docs.n - 1] : NULL;
  if (last && last->before == NONE) {
    uint32_t lines = 0;
    for (uint32_t i = last->end; i < at.start; i++) lines += p->text[i] == '\n';
    if (lines == 1) {
      last->end = at.end;
      return;
    }
  }
  struct doc doc = {at.start, at.end, NONE, 0, false};
  array_push(&p->c->arena, &p->docs, doc);
}

/* The text of a block: its lines without `##` and one blank. */
static void finish_doc(struct parser *p, struct doc *doc) {
  struct text t = {.arena = &p->c->arena};
  for (uint32_t i = doc->start; i < doc->end;) {
    while (p->text[i] != '#') i++;
    i += 2;
    uint32_t end = i, line;
    while (end < doc->end && p->text[end] != '\n') end++;
    line = end;
    if (i < end && p->text[i] == ' ') i++;
    while (end > i && strchr(" \t\r", p->text[end - 1])) end--;
    if (t.n > 0 || t.at) text_putc(&t, '\n');
    text_add(&t, p->text + i, end - i);
    i = line + 1;
  }
  struct value v = {.type = V_STRING, .at = span_of(p, range_of(doc->start, doc->end))};
  v.name = name_of(&p->c->names, t.at ? t.at : "", t.n);
  doc->value = tree_value(p->tree, v);
}

void docs_before(struct parser *p, uint32_t token) {
  for (; p->docs_waiting < p->docs.n; p->docs_waiting++) {
    struct doc *doc = &p->docs.at[p->docs_waiting];
    finish_doc(p, doc);
    doc->before = token;
  }
}

/* Blocks that no declaration has taken. Where two stand at the top, the first is the file's. */
void docs_unused(struct parser *p) {
  for (uint32_t i = 0; i < p->docs.n; i++) {
    struct doc *doc = &p->docs.at[i];
    if (doc->used) continue;
    if (i == 0 && p->docs.n > 1 && p->docs.at[1].before == doc->before && p->first_token == doc->before && p->root) {
      p->tree->nodes.at[p->root].doc = doc->value;
      continue;
    }
    if (p->reported_at != NONE) continue; /* what it documents may have been given up */
    struct finding *f = complain(p, CODE_008, range_of(doc->start, doc->end), "this `##` text documents nothing");
    remark(p, f, "`##` stands above a declaration, a field or a fact; any other comment begins with one `#`");
  }
}

void scan_illegal(struct parser *p, struct range at) {
  const char *s = p->text + at.start;
  int n = (int)(at.end - at.start);
  struct finding *f = NULL;
  static const struct {
    const char *bytes, *message;
  } known[] = {
      {"=>", "`=>` is no arrow: from the old value to the new one leads `->`"},
      {"→", "`→` is no arrow here: from the old value to the new one leads `->`"},
      {"&&", "`&&` is written `and`"},
      {"||", "`||` is written `or`"},
      {"!", "`!` is written `not`"},
      {"//", "a comment begins with `#`"},
      {";", "`;` has no place here: one item follows another without a separator"},
      {"“", "typographic quotes: a string stands in \" or in '"},
      {"”", "typographic quotes: a string stands in \" or in '"},
      {"„", "typographic quotes: a string stands in \" or in '"},
      {"$", "`$` begins a command line where it stands alone, with a blank behind it; a value is `${…}` within a string"},
      {"-", "a name has `-` only between two of its letters or digits, and there is no arithmetic"},
      {"+", "there is no arithmetic here"},
      {"*", "there is no arithmetic here; a pattern is written in quotes"},
      {"/", "there is no arithmetic here; a path is written in quotes"},
      {"\\", "a value may go on on the next line without `\\`"},
      {"'", "this quote is not closed"},
      {"#", "a comment begins with `#`"},
  };
  for (size_t i = 0; f == NULL && i < sizeof known / sizeof *known; i++)
    if (strncmp(s, known[i].bytes, strlen(known[i].bytes)) == 0) {
      complain(p, CODE_001, at, "%s", known[i].message);
      return;
    }
  if ((unsigned char)*s < 0x20 || (unsigned char)*s == 0x7f) {
    complain(p, CODE_002, at, "a control byte (%#04x) has no place here", (unsigned)(unsigned char)*s);
    return;
  }
  for (int i = 0; i < n; i++)
    if ((unsigned char)s[i] >= 0x80) {
      if (p->bad_bytes) return; /* check_bytes has said more */
      f = complain(p, CODE_002, at, "`%.*s`: a name is made of the letters A to Z, digits, `_`, and `-` between",
                   n > 60 ? 60 : n, s);
      remark(p, f, "put other text in quotes");
      return;
    }
  complain(p, CODE_001, at, "`%.*s` has no place here", n, s);
}
