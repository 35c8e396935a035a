/* What a word that is not known may have been meant for. */
#ifndef HR_CLI_SUGGEST_H
#define HR_CLI_SUGGEST_H
#include <stddef.h>

/* The one that was probably meant, seen so far. Start with {word}, offer each word that is known,
 * read best. */
struct hr_suggestion {
    const char *word;
    const char *best; /* NULL: none is near */
    size_t distance;  /* of best */
};
void hr_suggest(struct hr_suggestion *suggestion, const char *known);
#endif
