/* Two texts with stand-ins -> what they have in common, and where values go; and with values, text again.
 * Needs stand-ins that come out of the making of a text as they are. Guarantees: only what differs between the two is taken for a
 * value, whatever else is in there. */
#include "script/form.h"

#include <string.h>

/* Ten bytes: which text, and the value's number. */
enum { LENGTH = 10, BASE = 1000000000 };

uint32_t stand_in_number(uint32_t value, bool second) { return (second ? 2u : 1u) * BASE + value; }

const char *stand_in(struct arena *a, uint32_t value, bool second) {
  struct text t = {.arena = a};
  text_number(&t, BASE + value);
  t.at[0] = second ? 'B' : 'A';
  return t.at;
}

/* Which value stands there; NONE. */
static uint32_t value_at(const char *first, const char *second, size_t rest) {
  uint32_t value = 0;
  if (rest < LENGTH || !((*first == 'A' && *second == 'B') || (*first == '1' && *second == '2'))) return NONE;
  for (size_t i = 1; i < LENGTH; i++) {
    if (first[i] < '0' || first[i] > '9' || first[i] != second[i]) return NONE;
    value = value * 10 + (uint32_t)(first[i] - '0');
  }
  return value < STAND_INS ? value : NONE;
}

/* Digits in front of these would be another thing than a word. */
static bool redirected(const char *at, const char *end) {
  while (at < end && *at >= '0' && *at <= '9') at++;
  return at < end && (*at == '<' || *at == '>');
}

/* Beside these a value may come to be a part of a reserved word, whatever it is. */
static bool letter(char c) { return c >= 'a' && c <= 'z'; }

/* Does what is in a text from `at` on stand apart from what is on both sides? The last value ended at `ended`. */
static bool apart(struct slice text, size_t at, size_t ended) {
  return text.at[at] != 'A' || !((at > 0 && (at == ended || letter(text.at[at - 1]))) || (at + LENGTH < text.n && letter(text.at[at + LENGTH])));
}

bool form_find(struct form *f, struct arena *a, struct slice first, struct slice second) {
  ARRAY(struct hole) holes = {0};
  struct text text = {.arena = a};
  if (first.n != second.n || first.n > UINT32_MAX / 2) return false;
  text_room(&text, first.n);
  for (size_t i = 0; i < first.n;) {
    size_t same = i;
    while (same < first.n && first.at[same] == second.at[same]) same++;
    text_add(&text, first.at + i, same - i);
    if (same == first.n) break;
    uint32_t value = value_at(first.at + same, second.at + same, first.n - same);
    if (value == NONE || !apart(first, same, i) || redirected(first.at + same + LENGTH, first.at + first.n)) return false;
    i = same + LENGTH;
    array_push(a, &holes, ((struct hole){(uint32_t)text.n, value}));
  }
  *f = (struct form){text_done(&text), (uint32_t)text.n, holes.n, holes.at};
  return true;
}

void form_fill(struct text *out, const struct form *f, const struct slice *values) {
  size_t all = f->n;
  for (uint32_t i = 0; i < f->count; i++) all += values[f->holes[i].value].n;
  text_room(out, all);
  char *to = out->at + out->n;
  const char *from = f->text;
  for (uint32_t i = 0; i < f->count; i++) {
    const struct slice *v = &values[f->holes[i].value];
    size_t n = (size_t)(f->text + f->holes[i].at - from);
    memcpy(to, from, n);
    memcpy(to + n, v->at, v->n);
    to += n + v->n;
    from += n;
  }
  memcpy(to, from, (size_t)(f->text + f->n - from));
  out->n += all;
  out->at[out->n] = '\0';
}
