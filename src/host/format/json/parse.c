#include "host/format/json/json.h"
#include "base/hex.h"
#include "base/utf8.h"

struct parser {
    const struct hr_json *json;
    const char *p, *end;
    struct hr_bump *bump;
};

static bool value(struct parser *s, struct hr_json_node **out, int depth);

static bool comment(struct parser *s)
{
    if (s->end - s->p < 2 || *s->p != '/')
        return false;
    if (s->p[1] == '/') {
        while (s->p < s->end && *s->p != '\n' && *s->p != '\r')
            s->p++;
        return true;
    }
    if (s->p[1] != '*')
        return false;
    const char *close = memmem(s->p + 2, (size_t)(s->end - s->p - 2), "*/", 2);
    s->p = close ? close + 2 : s->end;
    return close != NULL;
}

static void skip(struct parser *s)
{
    for (;;) {
        while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
            s->p++;
        if (!s->json->comments || !comment(s))
            return;
    }
}

static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        int d = hr_hex_digit(p[i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

/* \uXXXX at p (behind the u); a lone surrogate becomes a question mark, as Java writes it to UTF-8
 */
static bool unicode(struct parser *s, char **to)
{
    if (s->end - s->p < 4)
        return false;
    int c = hex4(s->p);
    if (c < 0)
        return false;
    s->p += 4;
    if (c >= 0xd800 && c < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
        int low = hex4(s->p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            s->p += 6;
            *to += hr_utf8_put(*to,
                               0x10000 + (((unsigned)c - 0xd800) << 10) + ((unsigned)low - 0xdc00));
            return true;
        }
    }
    bool half = c >= 0xd800 && c < 0xe000;
    *to += hr_utf8_put(*to, half ? '?' : (unsigned)c);
    return true;
}

static bool escape(struct parser *s, char **to)
{
    static const char shorts[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    if (s->p == s->end)
        return false;
    char c = *s->p++;
    if (c == 'u')
        return unicode(s, to);
    for (const char *e = shorts; *e; e += 2)
        if (*e == c) {
            *(*to)++ = e[1];
            return true;
        }
    if (c == '\'' && s->json->single_quotes) {
        *(*to)++ = c;
        return true;
    }
    if (!s->json->any_backslash)
        return false;
    *(*to)++ = c;
    return true;
}

/* the quote that ends the string in which s->p is; NULL: there is none */
static const char *closing(const struct parser *s, char quote)
{
    const char *p = s->p;
    while (p < s->end && *p != quote)
        p += *p == '\\' ? 2 : 1;
    return p < s->end ? p : NULL;
}

/* s->p is at the opening quote */
static bool string(struct parser *s, const char **text, size_t *len)
{
    char quote = *s->p++;
    const char *from = s->p;
    for (; s->p < s->end && *s->p != quote && *s->p != '\\'; s->p++)
        if ((unsigned char)*s->p < 0x20 && !s->json->control_chars)
            return false;
    if (s->p == s->end)
        return false;
    if (*s->p == quote) {
        *text = from;
        *len = (size_t)(s->p++ - from);
        return hr_utf8_valid(*text, *len);
    }
    const char *close = closing(s, quote);
    if (!close)
        return false;
    /* an escape stands for less than its own bytes */
    size_t room = (size_t)(close - from);
    char *made = hr_bump_alloc(s->bump, room), *to = made;
    memcpy(to, from, (size_t)(s->p - from));
    to += s->p - from;
    for (;;) {
        if (s->p == s->end)
            return false;
        char c = *s->p++;
        if (c == quote)
            break;
        if (c == '\\') {
            if (!escape(s, &to))
                return false;
        } else if ((unsigned char)c < 0x20 && !s->json->control_chars) {
            return false;
        } else {
            *to++ = c;
        }
    }
    *text = made;
    *len = (size_t)(to - made);
    s->bump->first->used -= room - *len;
    return hr_utf8_valid(made, *len);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_name(char c)
{
    return is_digit(c) ||
           ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           c == '_' ||
           c == '$' ||
           (unsigned char)c >= 0x80;
}

/* what may stand directly behind a number or a word */
static bool ends_value(const struct parser *s)
{
    return s->p == s->end || !is_name(*s->p);
}

static bool number(struct parser *s, struct hr_json_node *node)
{
    const char *from = s->p;
    node->kind = HR_JSON_INTEGER;
    if (*s->p == '-')
        s->p++;
    const char *digits = s->p;
    while (s->p < s->end && is_digit(*s->p))
        s->p++;
    if (s->p == digits)
        return false;
    if (*digits == '0' && s->p - digits > 1) {
        if (!s->json->leading_zeros)
            return false;
    }
    if (s->p < s->end && *s->p == '.') {
        const char *fraction = ++s->p;
        while (s->p < s->end && is_digit(*s->p))
            s->p++;
        if (s->p == fraction)
            return false;
        node->kind = HR_JSON_REAL;
    }
    if (s->p < s->end && (*s->p | 32) == 'e') {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        const char *exponent = s->p;
        while (s->p < s->end && is_digit(*s->p))
            s->p++;
        if (s->p == exponent)
            return false;
        node->kind = HR_JSON_REAL;
    }
    node->text = from;
    node->len = (size_t)(s->p - from);
    return ends_value(s);
}

static bool word(struct parser *s, struct hr_json_node *node)
{
    static const struct {
        const char *text;
        enum hr_json_kind kind;
        bool special;
    } words[] = {
        {"null", HR_JSON_NULL, false},   {"true", HR_JSON_TRUE, false},
        {"false", HR_JSON_FALSE, false}, {"NaN", HR_JSON_REAL, true},
        {"INF", HR_JSON_REAL, true},     {"Infinity", HR_JSON_REAL, true},
        {"+INF", HR_JSON_REAL, true},    {"+Infinity", HR_JSON_REAL, true},
        {"-INF", HR_JSON_REAL, true},    {"-Infinity", HR_JSON_REAL, true},
    };
    for (size_t i = 0; i < HR_LEN(words); i++) {
        size_t len = strlen(words[i].text);
        if ((size_t)(s->end - s->p) < len ||
            memcmp(s->p, words[i].text, len) ||
            (words[i].special && !s->json->non_numeric))
            continue;
        node->kind = words[i].kind;
        node->text = s->p;
        node->len = len;
        s->p += len;
        if (ends_value(s))
            return true;
        s->p -= len;
    }
    return false;
}

static bool name(struct parser *s, struct hr_json_node *node)
{
    if (s->p == s->end)
        return false;
    if (*s->p == '"' || (*s->p == '\'' && s->json->single_quotes))
        return string(s, &node->key, &node->key_len);
    if (!s->json->unquoted_names || !is_name(*s->p))
        return false;
    node->key = s->p;
    while (s->p < s->end && is_name(*s->p))
        s->p++;
    node->key_len = (size_t)(s->p - node->key);
    return true;
}

static bool members(struct parser *s, struct hr_json_node *node, char close, int depth)
{
    struct hr_json_node **tail = &node->child;
    s->p++;
    skip(s);
    if (s->p < s->end && *s->p == close) {
        s->p++;
        return true;
    }
    for (;;) {
        struct hr_json_node named = {0}, *made;
        skip(s);
        if (close == '}') {
            if (!name(s, &named))
                return false;
            skip(s);
            if (s->p == s->end || *s->p++ != ':')
                return false;
            skip(s);
        }
        if (!value(s, &made, depth + 1))
            return false;
        made->key = named.key;
        made->key_len = named.key_len;
        *tail = made;
        tail = &made->next;
        skip(s);
        if (s->p == s->end)
            return false;
        char c = *s->p++;
        if (c == close)
            return true;
        if (c != ',')
            return false;
    }
}

static bool value(struct parser *s, struct hr_json_node **out, int depth)
{
    if (s->p == s->end || depth > HR_JSON_DEPTH_MAX || !hr_pace_step(&s->bump->pace, 0))
        return false;
    struct hr_json_node *node = *out = hr_bump_zeroed(s->bump, sizeof *node);
    bool ok;
    node->raw = s->p;
    if (*s->p == '{') {
        node->kind = HR_JSON_OBJECT;
        ok = members(s, node, '}', depth);
    } else if (*s->p == '[') {
        node->kind = HR_JSON_ARRAY;
        ok = members(s, node, ']', depth);
    } else if (*s->p == '"' || (*s->p == '\'' && s->json->single_quotes)) {
        node->kind = HR_JSON_STRING;
        ok = string(s, &node->text, &node->len);
    } else if (is_digit(*s->p) || (*s->p == '-' && s->p + 1 < s->end && is_digit(s->p[1]))) {
        ok = number(s, node);
    } else {
        ok = word(s, node);
    }
    node->raw_len = (size_t)(s->p - node->raw);
    return ok;
}

bool hr_json_parse(const struct hr_json *json,
                   const char *text,
                   size_t len,
                   struct hr_bump *bump,
                   struct hr_json_node **root)
{
    struct parser s = {json, text, text + len, bump};
    *root = NULL;
    skip(&s);
    return s.p == s.end || value(&s, root, 0);
}
