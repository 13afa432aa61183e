/* A file's name -> how its language writes comments; offsets in its text -> code or comment.
 * Needs the text from its beginning. Guarantees one pass. Where it errs, it takes a comment for code: a string that spans
 * lines in a language not known to have such ends with its line. */
#define _GNU_SOURCE 1
#include "world/refs_parts.h"

#include <string.h>

/* Markers of comments: to the end of the line, and from-to. */
struct language {
  const char *line[3];
  const char *from[2], *to[2];
  const char *quotes;   /* strings, ended by the line */
  const char *long_quotes; /* strings over lines: ` or """ by its character */
  bool blank;           /* a line marker counts at the start of a line or behind a blank only */
  bool start;           /* … at the start of a line only */
};

enum { PLAIN, C, SLASHES, CSS, HASH, HASH_BLANK, HCL, SHELL, PYTHON, JS, GO, PHP, SQL, LUA, HASKELL, SEMICOLON, INI, XML, POWERSHELL, BATCH,
       TEX, PERCENT, BASIC, RUBY, NIX, UNKNOWN };

static const struct language languages[] = {
    [PLAIN] = {.quotes = NULL},
    [C] = {.line = {"//"}, .from = {"/*"}, .to = {"*/"}, .quotes = "\"'"},
    [SLASHES] = {.line = {"//"}, .from = {"/*"}, .to = {"*/"}, .quotes = "\""},
    [CSS] = {.from = {"/*"}, .to = {"*/"}, .quotes = "\"'"},
    [HASH] = {.line = {"#"}, .quotes = "\"'"},
    [HASH_BLANK] = {.line = {"#"}, .quotes = "\"'", .blank = true},
    [HCL] = {.line = {"#", "//"}, .from = {"/*"}, .to = {"*/"}, .quotes = "\""},
    [SHELL] = {.line = {"#"}, .quotes = "\"'", .blank = true},
    [PYTHON] = {.line = {"#"}, .quotes = "\"'", .long_quotes = "\"'"},
    [JS] = {.line = {"//"}, .from = {"/*"}, .to = {"*/"}, .quotes = "\"'", .long_quotes = "`"},
    [GO] = {.line = {"//"}, .from = {"/*"}, .to = {"*/"}, .quotes = "\"'", .long_quotes = "`"},
    [PHP] = {.line = {"//", "#"}, .from = {"/*", "<!--"}, .to = {"*/", "-->"}, .quotes = "\"'"},
    [SQL] = {.line = {"--"}, .from = {"/*"}, .to = {"*/"}, .quotes = "'"},
    [LUA] = {.line = {"--"}, .from = {"--[["}, .to = {"]]"}, .quotes = "\"'"},
    [HASKELL] = {.line = {"--"}, .from = {"{-"}, .to = {"-}"}, .quotes = "\""},
    [SEMICOLON] = {.line = {";"}, .quotes = "\""},
    [INI] = {.line = {"#", ";"}, .blank = true, .quotes = "\""},
    [XML] = {.from = {"<!--"}, .to = {"-->"}},
    [POWERSHELL] = {.line = {"#"}, .from = {"<#"}, .to = {"#>"}, .quotes = "\"'"},
    [BATCH] = {.line = {"rem ", "::"}, .start = true},
    [TEX] = {.line = {"%"}},
    [PERCENT] = {.line = {"%"}, .quotes = "\""},
    [BASIC] = {.line = {"'"}, .quotes = "\""},
    [RUBY] = {.line = {"#"}, .from = {"\n=begin"}, .to = {"\n=end"}, .quotes = "\"'", .blank = true},
    [NIX] = {.line = {"#"}, .from = {"/*"}, .to = {"*/"}, .quotes = "\""},
    [UNKNOWN] = {.line = {"#", "//", ";"}, .start = true},
};

/* By ending; a list of words with blanks around each. */
static const struct { const char *endings; int language; } by_ending[] = {
    {" c h cc cpp cxx hh hpp hxx java scala kt kts swift cs m mm dart groovy gradle jsonnet libsonnet jsonc json5 proto thrift v sv zig cue bicep ", C},
    {" rs ", SLASHES},
    {" css ", CSS},
    {" scss sass less styl ", C},
    {" js jsx ts tsx mjs cjs vue svelte ", JS},
    {" go ", GO},
    {" tf tfvars hcl nomad ", HCL},
    {" cut toml pl pm r jl cmake mk tcl awk sed cr ex exs graphql gql rego feature makefile dockerfile ", HASH},
    {" yml yaml conf cnf cfg list rules hosts env envrc service socket timer mount network netdev link repo pp tmux zshrc bashrc profile ", HASH_BLANK},
    {" sh bash zsh ksh fish bats ebuild ", SHELL},
    {" py pyi star bzl ", PYTHON},
    {" rb erb gemspec rake ", RUBY},
    {" php phtml ", PHP},
    {" sql psql ddl dml ", SQL},
    {" hs elm lhs purs adb ads vhd vhdl ", HASKELL},
    {" lua ", LUA},
    {" zone db rpz asm s el lisp lsp clj cljs edn scm rkt ", SEMICOLON},
    {" ini properties desktop inf reg editorconfig gitconfig ", INI},
    {" html htm xhtml xml xsl xslt xsd svg plist csproj vbproj props targets pom wsdl jsp ", XML},
    {" ps1 psm1 psd1 ", POWERSHELL},
    {" bat cmd ", BATCH},
    {" tex sty cls bib ", TEX},
    {" erl hrl m4 pro ", PERCENT},
    {" vb vbs bas ", BASIC},
    {" nix ", NIX},
    {" json csv tsv lock sum tfstate ", PLAIN},
};

/* Whole names, in lower case. */
static const struct { const char *names; int language; } by_name[] = {
    {" makefile gnumakefile dockerfile containerfile justfile vagrantfile brewfile cmakelists.txt .gitignore .gitattributes .dockerignore crontab exports fstab ", HASH},
    {" hosts resolv.conf caddyfile procfile codeowners requirements.txt constraints.txt known_hosts ssh_config sshd_config haproxy.cfg .env .bashrc .profile .zshrc .envrc pkgbuild pipfile ", HASH_BLANK},
    {" gemfile rakefile ", RUBY},
    {" jenkinsfile ", C},
    {" .gitconfig .editorconfig .npmrc .my.cnf ", INI},
    {" robots.txt go.mod ", HASH_BLANK},
};
static const char documents[] = " md markdown mdx mkd rst txt text adoc asciidoc asc org textile wiki pod rtf eml log ";
static const char document_names[] = " license licence copying notice authors contributors contributing changelog changes news readme todo history copyright maintainers "
                                     "security install ";
/* Endings behind which the real one stands: main.tf.j2 is a main.tf. */
static const char wrapped[] = " j2 jinja jinja2 tmpl tpl tmplt template in dist example sample default bak old orig disabled ctmpl gotmpl ";

static bool listed(const char *words, const char *word, size_t n) {
  char wanted[40];

  if (!n || n > sizeof wanted - 3)
    return false;
  wanted[0] = wanted[n + 1] = ' ';
  for (size_t i = 0; i < n; i++)
    wanted[i + 1] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
  wanted[n + 2] = 0;
  return strstr(words, wanted) != NULL;
}

/* What runs a script that no ending names. */
static const struct language *by_first_line(const char *text, size_t n) {
  size_t line = n;
  const char *end = memchr(text, '\n', n);

  if (end)
    line = (size_t)(end - text);
  if (line > 2 && text[0] == '#' && text[1] == '!')
    return &languages[memmem(text, line, "python", 6) ? PYTHON : memmem(text, line, "node", 4) ? JS : memmem(text, line, "ruby", 4) ? RUBY : SHELL];
  if (n > 5 && memcmp(text, "<?xml", 5) == 0)
    return &languages[XML];
  return &languages[UNKNOWN];
}

const struct language *language_of(const char *name, const char *text, size_t n) {
  size_t length = strlen(name);

  for (int turn = 0; turn < 3; turn++) {
    const char *dot = memrchr(name, '.', length);
    size_t ending = dot && dot != name ? (size_t)(name + length - dot) - 1 : 0, stem = ending ? (size_t)(dot - name) : length;

    for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++)
      if (listed(by_name[i].names, name, length))
        return &languages[by_name[i].language];
    if (listed(document_names, name, length) || (ending && listed(documents, dot + 1, ending)))
      return NULL;
    for (size_t i = 0; ending && i < sizeof by_ending / sizeof *by_ending; i++)
      if (listed(by_ending[i].endings, dot + 1, ending))
        return &languages[by_ending[i].language];
    if (listed(document_names, name, stem))
      return NULL;
    /* Dockerfile.web, hosts.old */
    for (size_t i = 0; ending && i < sizeof by_name / sizeof *by_name; i++)
      if (listed(by_name[i].names, name, stem))
        return &languages[by_name[i].language];
    if (!ending || !listed(wrapped, dot + 1, ending))
      break;
    length = stem;
  }
  return by_first_line(text, n);
}

/* ── Reading the text ──────────────────────────────────────────────────────── */

struct reader {
  const struct language *l;
  const char *text;
  size_t n, at;
  bool line_start; /* only blanks before, on this line */
};

static bool stands(const struct reader *r, const char *marker) {
  size_t n = strlen(marker);

  if (n > r->n - r->at)
    return false;
  for (size_t i = 0; i < n; i++) {
    char c = r->text[r->at + i];

    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != marker[i])
      return false;
  }
  return true;
}

static bool word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t find(const struct reader *r, size_t from, const char *what, size_t n) {
  const char *p = from < r->n ? memmem(r->text + from, r->n - from, what, n) : NULL;

  return p ? (size_t)(p - r->text) + n : r->n;
}

static size_t line_end(const struct reader *r) {
  const char *p = memchr(r->text + r->at, '\n', r->n - r->at);

  return p ? (size_t)(p - r->text) : r->n;
}

/* Where the comment that begins here ends; 0 when none does. */
static size_t comment(const struct reader *r) {
  char previous = r->at ? r->text[r->at - 1] : '\n';

  for (int i = 0; i < 2 && r->l->from[i]; i++)
    if (stands(r, r->l->from[i]))
      return find(r, r->at + strlen(r->l->from[i]), r->l->to[i], strlen(r->l->to[i]));
  if (r->l->start && !r->line_start)
    return 0;
  if (r->l->blank && !r->line_start && previous != ' ' && previous != '\t' && previous != ';' && previous != '(' && previous != ')')
    return 0;
  for (int i = 0; i < 3 && r->l->line[i]; i++)
    if (stands(r, r->l->line[i]))
      return line_end(r);
  return 0;
}

/* Where the string that begins here ends; 0 when none does. */
static size_t string(const struct reader *r) {
  char c = r->text[r->at];

  if (r->l->long_quotes && strchr(r->l->long_quotes, c) && c) {
    char three[3] = {c, c, c};

    if (c == '`')
      return find(r, r->at + 1, "`", 1);
    if (r->n - r->at >= 3 && memcmp(r->text + r->at, three, 3) == 0)
      return find(r, r->at + 3, three, 3);
  }
  if (!r->l->quotes || !c || !strchr(r->l->quotes, c) || (c == '\'' && r->at && word(r->text[r->at - 1])))
    return 0;
  size_t i = r->at + 1;

  while (i < r->n && r->text[i] != c && r->text[i] != '\n')
    i += r->text[i] == '\\' && i + 1 < r->n && r->text[i + 1] != '\n' ? 2 : 1;
  return i < r->n && r->text[i] == c ? i + 1 : i;
}

void language_comments(const struct language *l, const char *text, size_t n, const struct match *at, uint32_t count, uint8_t *place) {
  struct reader r = {.l = l, .text = text, .n = n, .line_start = true};
  uint32_t k = 0;

  if (!l) {
    memset(place, REFS_DOCUMENT, count);
    return;
  }
  memset(place, REFS_CODE, count);
  while (k < count && r.at < n) {
    size_t end = comment(&r);
    bool is = end != 0;

    if (!is)
      end = string(&r);
    if (end <= r.at)
      end = r.at + 1;
    for (; k < count && at[k].start < end; k++)
      if (is && at[k].start >= r.at)
        place[k] = REFS_COMMENT;
    char last = text[end - 1];

    r.line_start = last == '\n' || (r.line_start && end == r.at + 1 && (last == ' ' || last == '\t'));
    r.at = end;
  }
}
