/* Bytes -> what may be shown on a terminal, with its width in columns.
 * Needs nothing but the bytes, which may be any. Guarantees valid UTF-8 without control characters. The ranges of wide
 * and combining characters are those of Unicode 15, East Asian Width W and F, and general category Mn, Me, Cf. */
#include "report/paint.h"

#include <string.h>

void paint_style(struct text *out, enum style style, bool colour) {
  static const char *const codes[] = {
      [STYLE_PLAIN] = "0", [STYLE_BOLD] = "1",   [STYLE_ERROR] = "1;31", [STYLE_WARNING] = "1;33",
      [STYLE_NOTE] = "1;36", [STYLE_GUTTER] = "34", [STYLE_GOOD] = "32",   [STYLE_DIM] = "2",
  };

  if (colour)
    text_print(out, "\033[%sm", codes[style]);
}

struct range {
  uint32_t first, last;
};

static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
    {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff},
    {0x1aff0, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320},
    {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
    {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e},
    {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
    {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc},
    {0x1f7e0, 0x1f7eb}, {0x1f7f0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd},
};
static const struct range nothing[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf}, {0x05c1, 0x05c2},   {0x05c4, 0x05c5},   {0x0610, 0x061a},
    {0x064b, 0x065f}, {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x06df, 0x06e4}, {0x06e7, 0x06e8},   {0x06ea, 0x06ed},   {0x0711, 0x0711},
    {0x0730, 0x074a}, {0x07a6, 0x07b0}, {0x0816, 0x082d}, {0x0859, 0x085b}, {0x08d3, 0x0902},   {0x093a, 0x093a},   {0x093c, 0x093c},
    {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0951, 0x0957}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e},   {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x2060, 0x2060}, {0x20d0, 0x20f0}, {0x302a, 0x302d},   {0x3099, 0x309a},   {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

static bool within(const struct range *at, size_t n, uint32_t c) {
  size_t low = 0, high = n;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (c < at[middle].first)
      high = middle;
    else if (c > at[middle].last)
      low = middle + 1;
    else
      return true;
  }
  return false;
}

/* The character at the front and its bytes; UINT32_MAX and 1 when it is none. Overlong forms and surrogates are none. */
static uint32_t decode(const char *bytes, size_t n, unsigned *length) {
  const unsigned char *p = (const unsigned char *)bytes;
  unsigned want = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
  uint32_t c = want == 1 ? p[0] : want ? p[0] & (0x7fu >> want) : 0;

  *length = 1;
  if (!want || want > n)
    return UINT32_MAX;
  for (unsigned i = 1; i < want; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return UINT32_MAX;
    c = c << 6 | (p[i] & 0x3fu);
  }
  if ((want == 3 && c < 0x800) || (want == 4 && (c < 0x10000 || c > 0x10ffff)) || (c >= 0xd800 && c < 0xe000))
    return UINT32_MAX;
  *length = want;
  return c;
}

/* Characters that turn the direction of writing: what is shown would not be what is meant. */
static bool turns(uint32_t c) {
  return c == 0x200e || c == 0x200f || c == 0x061c || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

/* So many bytes from the start on are letters, digits and marks of ASCII, or blanks: a column each. */
static size_t plain(const char *bytes, size_t n) {
  const uint64_t ones = UINT64_MAX / 255;
  size_t i = 0;

  for (uint64_t all; n - i >= sizeof all; i += sizeof all) {
    memcpy(&all, bytes + i, sizeof all);
    if ((all | (all - ones * ' ') | ((all ^ ones * 127) - ones)) & ones * 128)
      break;
  }
  while (i < n && bytes[i] >= ' ' && bytes[i] < 127)
    i++;
  return i;
}

unsigned paint_text(struct text *out, const char *bytes, size_t n, unsigned column) {
  unsigned start = column, length;

  for (size_t i = 0; i < n; i += length) {
    size_t run = plain(bytes + i, n - i);

    if (run && out)
      text_add(out, bytes + i, run);
    column += (unsigned)run;
    i += run;
    if (i == n)
      break;
    uint32_t c = decode(bytes + i, n - i, &length);

    if (c == '\t') {
      unsigned blanks = 4 - column % 4;

      if (out)
        paint_repeat(out, " ", blanks);
      column += blanks;
    } else if (c == UINT32_MAX || turns(c) || (c >= 0x80 && c < 0xa0)) {
      if (out)
        text_puts(out, "\xef\xbf\xbd");
      column++;
    } else if (c < 0x20 || c == 0x7f) {
      uint32_t picture = c == 0x7f ? 0x2421 : 0x2400 + c;

      if (out)
        text_add(out, (char[]){'\xe2', (char)(0x80 | (picture >> 6 & 0x3f)), (char)(0x80 | (picture & 0x3f))}, 3);
      column++;
    } else {
      if (out)
        text_add(out, bytes + i, length);
      column += c < 0x300 ? 1 : within(nothing, sizeof nothing / sizeof *nothing, c) ? 0 : within(wide, sizeof wide / sizeof *wide, c) ? 2 : 1;
    }
  }
  return column - start;
}

void paint_puts(struct text *out, const char *s) {
  paint_text(out, s, strlen(s), 0);
}

unsigned paint_width(const char *bytes, size_t n, unsigned column) {
  return paint_text(NULL, bytes, n, column);
}

void paint_repeat(struct text *out, const char *s, unsigned times) {
  size_t n = strlen(s);

  text_room(out, n * times);
  if (n == 1) {
    memset(out->at + out->n, *s, times);
    out->n += times;
    out->at[out->n] = '\0';
    return;
  }
  while (times--)
    text_add(out, s, n);
}

unsigned paint_wrap(struct text *out, const char *s, unsigned indent, unsigned width) {
  unsigned column = indent;
  bool first = true;

  while (*s) {
    size_t n = strcspn(s, " \n");
    unsigned w = paint_width(s, n, 0);

    if (!first && column + 1 + w > width) {
      text_putc(out, '\n');
      paint_repeat(out, " ", indent);
      column = indent;
    } else if (!first) {
      text_putc(out, ' ');
      column++;
    }
    column += paint_text(out, s, n, 0);
    first = false;
    s += n;
    while (*s == ' ' || *s == '\n')
      s++;
  }
  return column;
}
