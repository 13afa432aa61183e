/* Text that is being built, in an arena.
 * Needs text.arena set. Guarantees a NUL behind the last byte and amortised O(1) per byte. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

void text_grow(struct text *t, size_t more) {
  size_t cap = t->cap ? t->cap : 32; /* grows in place while nothing else is made */

  while (cap - t->n <= more)
    cap *= 2;
  if (t->at && cap <= UINT32_MAX / 2) {
    uint32_t was = (uint32_t)t->cap;

    t->at = arena_grow(t->arena, t->at, (uint32_t)t->n + 1, &was, (uint32_t)cap, 1);
    t->cap = was;
    return;
  }
  char *at = arena_alloc(t->arena, cap, 1);

  if (t->n)
    memcpy(at, t->at, t->n);
  t->at = at;
  t->cap = cap;
}

void text_percent(struct text *t, const char *s, const char *plain) {
  static const char digits[] = "0123456789ABCDEF";

  for (; *s; s++) {
    unsigned char b = (unsigned char)*s;

    if ((b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || strchr(plain, b))
      text_putc(t, *s);
    else
      text_add(t, (const char[]){'%', digits[b >> 4], digits[b & 15]}, 3);
  }
}

void text_number(struct text *t, uint64_t n) {
  size_t digits = 1;

  for (uint64_t rest = n; rest >= 10; rest /= 10)
    digits++;
  text_room(t, digits);
  t->n += digits;
  t->at[t->n] = 0;
  for (char *at = t->at + t->n; digits; digits--, n /= 10)
    *--at = (char)('0' + n % 10);
}

static void put_signed(struct text *t, long long n) {
  if (n < 0)
    text_putc(t, '-');
  text_number(t, n < 0 ? -(unsigned long long)n : (unsigned long long)n);
}

/* What nearly all formats consist of, without the way through stdio: %s %.*s %c %u %d %lld %llu %zu %%. False at anything
 * else, with what is there so far behind t->n. */
static bool put_simply(struct text *t, const char *format, va_list *args) {
  for (const char *percent; (percent = strchr(format, '%')) != NULL;) {
    if (percent > format)
      text_add(t, format, (size_t)(percent - format));
    format = percent + 2;
    switch (percent[1]) {
    case '%': text_putc(t, '%'); break;
    case 'c': text_putc(t, (char)va_arg(*args, int)); break;
    case 's': {
      const char *s = va_arg(*args, const char *);

      text_puts(t, s ? s : "(null)");
      break;
    }
    case 'u': text_number(t, va_arg(*args, unsigned)); break;
    case 'd': put_signed(t, va_arg(*args, int)); break;
    case 'z':
      if (*format++ != 'u')
        return false;
      text_number(t, va_arg(*args, size_t));
      break;
    case 'l':
      if (format[0] != 'l' || (format[1] != 'd' && format[1] != 'u'))
        return false;
      if (format[1] == 'd')
        put_signed(t, va_arg(*args, long long));
      else
        text_number(t, va_arg(*args, unsigned long long));
      format += 2;
      break;
    case '.': {
      if (format[0] != '*' || format[1] != 's')
        return false;
      int most = va_arg(*args, int);
      const char *s = va_arg(*args, const char *);

      if (most < 0)
        return false;
      text_add(t, s, strnlen(s, (size_t)most));
      format += 2;
      break;
    }
    case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9': {
      size_t before = t->n, width = (size_t)(percent[1] - '0');
      char digits[8];

      if (*format++ != 'u')
        return false;
      text_number(t, va_arg(*args, unsigned));
      size_t n = t->n - before;

      if (n >= width)
        break;
      memcpy(digits, t->at + before, n);
      t->n = before;
      for (size_t i = n; i < width; i++)
        text_putc(t, ' ');
      text_add(t, digits, n);
      break;
    }
    default: return false;
    }
  }
  if (*format)
    text_puts(t, format);
  return true;
}

void text_format(struct text *t, const char *format, va_list args) {
  va_list again;
  size_t from = t->n;

  va_copy(again, args);
  bool done = put_simply(t, format, &again);

  va_end(again);
  if (done)
    return;
  t->n = from;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);

  va_end(again);
  if (n > 0) {
    text_room(t, (size_t)n);
    vsnprintf(t->at + t->n, (size_t)n + 1, format, args);
    t->n += (size_t)n;
  }
}

void text_print(struct text *t, const char *format, ...) {
  va_list args;

  va_start(args, format);
  text_format(t, format, args);
  va_end(args);
}

const char *text_done(struct text *t) {
  return t->at ? t->at : "";
}
