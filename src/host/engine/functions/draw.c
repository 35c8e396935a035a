/* rand(seed), randn(seed) and samples: the number that Spark's generator gives for a row, by the
 * row's number. Rows arrive in their order, so a sequence goes on where it stood; a thread
 * remembers a few of them. */
#include "host/engine/functions/kernels.h"
#include "host/value/random.h"

enum kind { UNIFORM, GAUSSIAN, TIMES };

struct sequence {
    bool used;
    enum kind kind;
    int64_t seed, next; /* next: the row that the generator stands before */
    double mean;
    uint64_t touched;
    union {
        struct hr_xorshift xorshift;
        struct hr_well well;
    };
};

static _Thread_local struct sequence sequences[8];
static _Thread_local uint64_t clock_;

static void begin(struct sequence *sequence, enum kind kind, int64_t seed, double mean)
{
    *sequence = (struct sequence){.used = true, .kind = kind, .seed = seed, .mean = mean};
    if (kind != TIMES) {
        hr_xorshift_seed(&sequence->xorshift, seed);
        return;
    }
    /* a partition's seed is drawn from the sample's */
    struct hr_java_random random;
    hr_java_random_seed(&random, seed);
    hr_well_seed(&sequence->well, hr_java_random_long(&random));
}

static struct sequence *find(enum kind kind, int64_t seed, double mean, int64_t row)
{
    struct sequence *best = NULL, *oldest = &sequences[0];
    for (size_t i = 0; i < HR_LEN(sequences); i++) {
        struct sequence *s = &sequences[i];
        if (s->used &&
            s->kind == kind &&
            s->seed == seed &&
            s->mean == mean &&
            s->next <= row &&
            (!best || s->next > best->next))
            best = s;
        if (!s->used || (oldest->used && s->touched < oldest->touched))
            oldest = s;
    }
    if (!best) {
        begin(oldest, kind, seed, mean);
        best = oldest;
    }
    best->touched = ++clock_;
    return best;
}

static double step(struct sequence *s)
{
    s->next++;
    return s->kind == UNIFORM    ? hr_xorshift_double(&s->xorshift)
           : s->kind == GAUSSIAN ? hr_xorshift_gaussian(&s->xorshift)
                                 : hr_well_poisson(&s->well, s->mean);
}

static double draw(struct hr_rows *rows, idx_t row, enum kind kind, double mean)
{
    int64_t number = HR_ROW(rows, 1, row, int64_t);
    struct sequence *s = find(kind, HR_ROW(rows, 0, row, int64_t), mean, number);
    while (s->next < number)
        step(s);
    return step(s);
}

void hr_k_draw(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, double) = draw(rows, row, UNIFORM, 0);
}
void hr_k_draw_gaussian(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, double) = draw(rows, row, GAUSSIAN, 0);
}
void hr_k_draw_times(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)draw(rows, row, TIMES, HR_ROW(rows, 2, row, double));
}
