#include "cli/suggest.h"
#include <string.h>
#include <sys/param.h>

#define WORD_MAX 48 /* longer words are nobody's typing error */

/* edits that make the one word of the other: a letter more, less, another, or two that changed
 * places */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1] = {0}, a_len = strlen(a), b_len = strlen(b);
    for (size_t k = 0; k <= b_len; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t k = 1; k <= b_len; k++) {
            size_t other = before[k - 1] + (a[i - 1] != b[k - 1]),
                   gap = MIN(before[k], now[k - 1]) + 1;
            now[k] = MIN(other, gap);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                now[k] = MIN(now[k], earlier[k - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

void hr_suggest(struct hr_suggestion *suggestion, const char *known)
{
    size_t len = strlen(suggestion->word);
    if (len > WORD_MAX || strlen(known) > WORD_MAX)
        return;
    size_t found = distance(suggestion->word, known), most = len < 3 ? 0 : (len + 1) / 3;
    if (found > most || (suggestion->best && found >= suggestion->distance))
        return;
    suggestion->best = known;
    suggestion->distance = found;
}
