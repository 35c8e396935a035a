#include "wire/base64.h"
#include <openssl/evp.h>

size_t hr_base64_encode(const void *bytes, size_t len, char *out)
{
    return (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}

char *hr_base64_text(struct hr_arena *arena, const void *bytes, size_t len)
{
    char *out = hr_arena_alloc(arena, HR_BASE64_SIZE(len));
    hr_base64_encode(bytes, len, out);
    return out;
}

char *hr_base64url_text(struct hr_arena *arena, const void *bytes, size_t len)
{
    char *out = hr_arena_alloc(arena, HR_BASE64_SIZE(len));
    size_t end = hr_base64_encode(bytes, len, out);
    while (end && out[end - 1] == '=')
        out[--end] = 0;
    for (char *c = out; *c; c++) {
        if (*c == '+')
            *c = '-';
        else if (*c == '/')
            *c = '_';
    }
    return out;
}

static int digit(char c, const char special[static 2])
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == special[0])
        return 62;
    if (c == special[1])
        return 63;
    return -1;
}

/* Not EVP_DecodeBlock: that skips blanks, takes '=' for a zero wherever it stands, and does not say
 * how many bytes the padding left. */
static bool decode(const char *text,
                   size_t whole,
                   const char special[static 2],
                   unsigned char *out,
                   size_t *out_len)
{
    size_t len = whole, at = 0;
    while (len && whole - len < 2 && text[len - 1] == '=')
        len--;
    bool padded = len < whole;
    if (len % 4 == 1 || (padded && whole % 4))
        return false;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        int six = digit(text[i], special);
        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        size_t unread =
            6 - 2 * (i % 4); /* bits of this digit that are a next byte's; 6: all of them */
        if (unread < 6)
            out[at++] = (unsigned char)(bits >> unread);
    }
    *out_len = at;
    return true;
}

bool hr_base64_decode_into(const char *text, size_t len, unsigned char *out, size_t *out_len)
{
    return decode(text, len, "+/", out, out_len);
}

static unsigned char *decode_text(struct hr_arena *arena,
                                  const char *text,
                                  size_t len,
                                  const char special[static 2],
                                  size_t *out_len)
{
    unsigned char *out = hr_arena_alloc(arena, HR_BASE64_BYTES(len) + 1);
    return decode(text, len, special, out, out_len) ? out : NULL;
}

unsigned char *hr_base64_decode(struct hr_arena *arena,
                                const char *text,
                                size_t len,
                                size_t *out_len)
{
    return decode_text(arena, text, len, "+/", out_len);
}

unsigned char *hr_base64url_decode(struct hr_arena *arena,
                                   const char *text,
                                   size_t len,
                                   size_t *out_len)
{
    return decode_text(arena, text, len, "-_", out_len);
}
