/* Runs a fuzz target without libFuzzer: each file named, and `rounds` mutations of it, from a fixed
 * seed so that a failure repeats. fuzz_NAME [-rounds N] FILE…     (a folder's files with the
 * shell's glob; without files, from nothing) It is how the targets run in every test run, under the
 * sanitizers; ./dev fuzz runs them with libFuzzer and coverage. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (1 << 16)

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static size_t mutate(uint8_t *data, size_t size)
{
    static const uint8_t special[] = {0,    1,    0x7f, 0x80, 0xff, '"', '\'', '\\',
                                      '\n', '\r', ',',  '(',  ')',  '{', '<',  '%'};
    for (unsigned changes = 1 + (unsigned)(next() % 4); changes; changes--) {
        size_t at = size ? (size_t)(next() % size) : 0;
        switch (next() % 5) {
        case 0:
            if (size)
                data[at] ^= (uint8_t)(1u << next() % 8);
            break;
        case 1:
            if (size)
                data[at] = special[next() % sizeof special];
            break;
        case 2:
            if (size) {
                memmove(data + at, data + at + 1, size - at - 1);
                size--;
            }
            break;
        case 3:
            if (size < INPUT_MAX) {
                memmove(data + at + 1, data + at, size - at);
                data[at] = special[next() % sizeof special];
                size++;
            }
            break;
        default: {
            size_t len = size - at < 64 ? size - at : 64;
            if (len && size + len <= INPUT_MAX) {
                memmove(data + at + len, data + at, size - at);
                size += len;
            }
        }
        }
    }
    return size;
}

/* a copy of exactly its size, so that the address sanitizer sees the first byte read behind it */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_with_mutations(const uint8_t *seed, size_t seed_size, long rounds)
{
    static uint8_t data[INPUT_MAX + 64];
    size_t size = seed_size;
    run(seed, seed_size);
    memcpy(data, seed, seed_size);
    for (long i = 0; i < rounds; i++) {
        if (i % 16 == 0) {
            memcpy(data, seed, seed_size);
            size = seed_size;
        }
        size = mutate(data, size);
        run(data, size);
    }
}

int main(int argc, char **argv)
{
    static uint8_t seed[INPUT_MAX];
    long rounds = 200;
    int files = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-rounds") && i + 1 < argc) {
            rounds = atol(argv[++i]);
            continue;
        }
        FILE *in = fopen(argv[i], "rb");
        if (!in) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(seed, 1, sizeof seed, in);
        fclose(in);
        run_with_mutations(seed, size, rounds);
        files++;
    }
    if (!files)
        run_with_mutations((const uint8_t *)"", 0, rounds);
    printf("1..1\nok 1 - %d inputs, %ld mutations of each\n", files ? files : 1, rounds);
    return 0;
}
