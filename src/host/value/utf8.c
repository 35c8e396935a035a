#include "host/value/java_text.h"
#include <stdlib.h>
#include <string.h>

size_t hr_utf8_offset(const char *text, size_t len, size_t characters)
{
    for (size_t i = 0; i < len; i++)
        if (hr_utf8_starts(text[i]) && characters-- == 0)
            return i;
    return len;
}

void hr_utf8_substring(
    const char *text, size_t len, int64_t position, int64_t length, size_t *from, size_t *to)
{
    int64_t count = (int64_t)hr_utf8_length(text, len);
    /* UTF8String.substringSQL: a negative position counts from the end and may begin before the
     * text */
    int64_t start = position > 0 ? position - 1 : position < 0 ? count + position : 0;
    int64_t end;
    if (length < 0)
        end = start;
    else if (__builtin_add_overflow(start, length, &end))
        end = INT64_MAX;
    if (start < 0)
        start = 0;
    if (start > count)
        start = count;
    if (end < start)
        end = start;
    if (end > count)
        end = count;
    *from = hr_utf8_offset(text, len, (size_t)start);
    *to = *from + hr_utf8_offset(text + *from, len - *from, (size_t)(end - start));
}

void hr_soundex(const char *text, size_t len, struct hr_buf *out)
{
    /* code of each letter; 0: dropped and parts equal neighbours (vowels), 7: h and w, which do not
     * part them */
    static const char codes[] = "01230127022455012623017202";
    char first = len ? text[0] : 0;
    char upper = first >= 'a' && first <= 'z' ? (char)(first - 32) : first;
    if (upper < 'A' || upper > 'Z') {
        hr_buf_add(out, text, len);
        return;
    }
    char result[4] = {upper, '0', '0', '0'}, last = codes[upper - 'A'];
    size_t used = 1;
    for (size_t i = 1; i < len && used < 4; i++) {
        char c = text[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        if (c < 'A' || c > 'Z') {
            last = '0';
            continue;
        }
        char code = codes[c - 'A'];
        if (code == '7')
            continue;
        if (code != '0' && code != last)
            result[used++] = code;
        last = code;
    }
    hr_buf_add(out, result, 4);
}

static uint32_t *code_points(const char *text, size_t len, size_t *count)
{
    uint32_t *points = malloc((len + 1) * sizeof *points);
    *count = 0;
    for (size_t i = 0; points && i < len;) {
        uint32_t value = (unsigned char)text[i++];
        while (i < len && !hr_utf8_starts(text[i]))
            value = value << 8 | (unsigned char)text[i++];
        points[(*count)++] = value;
    }
    return points;
}

/* Of the table of distances, the cells of a row that are no further from the diagonal than `most`:
 * a path that leaves them costs more. Behind the last of them stands what is too much. */
struct band {
    int *costs; /* the row above, which becomes this one */
    int most;
    const uint32_t *right;
    size_t columns;
};

static inline int lesser(int a, int b)
{
    return a < b ? a : b;
}

static size_t last_of_band(const struct band *band, size_t row)
{
    size_t last = row + (size_t)band->most;
    return last < band->columns ? last : band->columns;
}

/* the least of the row, or what is too much */
static int next_costs(struct band *band, size_t row, uint32_t point)
{
    int too_much = band->most + 1, *costs = band->costs;
    size_t most = (size_t)band->most, last = last_of_band(band, row);
    size_t first = row > most ? row - most : 1;
    int corner = costs[first - 1];
    costs[first - 1] = first == 1 && row <= most ? (int)row : too_much;
    int least = costs[first - 1];
    for (size_t j = first; j <= last; j++) {
        int best = corner + (point != band->right[j - 1]);
        best = lesser(best, lesser(costs[j], costs[j - 1]) + 1);
        corner = costs[j];
        costs[j] = lesser(best, too_much);
        least = lesser(least, costs[j]);
    }
    return least;
}

/* the band's last row: what it costs to come to its end. -1: stopped */
static int cost_of(struct band *band,
                   const uint32_t *left,
                   size_t rows,
                   const struct hr_watch *watch)
{
    size_t steps = 0;
    for (size_t j = 0; j <= band->columns; j++)
        band->costs[j] = j <= (size_t)band->most ? (int)j : band->most + 1;
    for (size_t i = 1; i <= rows; i++) {
        if (next_costs(band, i, left[i - 1]) > band->most)
            return band->most + 1;
        steps += last_of_band(band, i) + 1;
        if (watch && steps >= HR_WATCH_EVERY) {
            steps = 0;
            if (!watch->go_on(watch->arg, 0))
                return -1;
        }
    }
    return band->costs[band->columns];
}

int hr_levenshtein(const char *a,
                   size_t a_len,
                   const char *b,
                   size_t b_len,
                   int most,
                   const struct hr_watch *watch)
{
    size_t rows, columns;
    uint32_t *left = code_points(a, a_len, &rows), *right = code_points(b, b_len, &columns);
    int *costs = malloc((columns + 1) * sizeof *costs), distance = -1;
    size_t longer = rows > columns ? rows : columns;
    struct band band = {costs, (size_t)most < longer ? most : (int)longer, right, columns};
    bool fits = (rows > columns ? rows - columns : columns - rows) <= (size_t)band.most;
    if (left && right && costs)
        distance = fits ? cost_of(&band, left, rows, watch) : band.most + 1;
    free(left);
    free(right);
    free(costs);
    return distance;
}

void hr_substring_index(const char *text,
                        size_t len,
                        const char *delimiter,
                        size_t delimiter_len,
                        int count,
                        const struct hr_watch *watch,
                        size_t *from,
                        size_t *to)
{
    *from = 0;
    *to = len;
    if (!count || !delimiter_len || !len) {
        *to = 0;
        return;
    }
    if (count > 0) {
        for (const char *at = text;;) {
            at = memmem(at, len - (size_t)(at - text), delimiter, delimiter_len);
            if (!at)
                return;
            if (--count == 0) {
                *to = (size_t)(at - text);
                return;
            }
            at++; /* UTF8String.find goes on one byte behind the last find, overlapping */
        }
    }
    size_t steps = 0;
    for (size_t i = len; i-- > 0;) {
        steps += 1 + delimiter_len / 64; /* what a comparison takes at worst */
        if (steps >= HR_WATCH_EVERY && watch && !watch->go_on(watch->arg, 0))
            return;
        steps = steps >= HR_WATCH_EVERY ? 0 : steps;
        if (i + delimiter_len > len || memcmp(text + i, delimiter, delimiter_len))
            continue;
        if (++count == 0) {
            *from = i + delimiter_len;
            return;
        }
    }
}
