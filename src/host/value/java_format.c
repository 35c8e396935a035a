#include "host/value/java_text.h"
#include "base/limits.h"
#include "host/value/hash.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOUBLE_PLACES_MAX 340 /* java.text.DecimalFormat's of a double */
#define WIDTH_MAX 100000      /* a wider field is a mistake, or an attack */

struct spec {
    bool left, plus, space, zero, group, parenthesis, alternate, upper;
    int width, precision; /* -1: not given */
    char conversion;
};

/* ---- numbers ---- */

/* HALF_UP (Formatter) of the double's shortest decimal text, as BigDecimal(Double.toString(value))
 * rounds */
static void add_fixed(struct hr_buf *out, double value, int places)
{
    char text[HR_DOUBLE_TEXT_MAX];
    size_t len = hr_print_double(value, text);
    hr_int128 scaled;
    if (places <= 20 && hr_parse_decimal(text, len, 38, places, &scaled) == HR_DECIMAL_OK) {
        char digits[HR_DECIMAL_TEXT_MAX];
        hr_buf_add(out, digits, hr_print_decimal(scaled, places, digits));
        return;
    }
    hr_buf_addf(out, "%.*f", places, value);
}

static void add_scientific(struct hr_buf *out, double value, int places)
{
    hr_buf_addf(out, "%.*e", places, value);
}

/* thousands separators into the whole part of plain digits */
static void add_grouped(struct hr_buf *out, const char *digits, size_t len)
{
    const char *point = memchr(digits, '.', len);
    size_t whole = point ? (size_t)(point - digits) : len;
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0)
            hr_buf_addc(out, ',');
        hr_buf_addc(out, digits[i]);
    }
    hr_buf_add(out, digits + whole, len - whole);
}

/* sign, grouping, zeros up to the width: `digits` has no sign */
static void add_signed(
    struct hr_buf *out, const struct spec *spec, bool negative, const char *digits, size_t len)
{
    struct hr_buf body;
    hr_buf_init(&body, HR_BUF_GROWS);
    if (spec->group)
        add_grouped(&body, digits, len);
    else
        hr_buf_add(&body, digits, len);
    const char *before = negative      ? (spec->parenthesis ? "(" : "-")
                         : spec->plus  ? "+"
                         : spec->space ? " "
                                       : "";
    const char *behind = negative && spec->parenthesis ? ")" : "";
    size_t used = strlen(before) + hr_buf_len(&body) + strlen(behind);
    hr_buf_adds(out, before);
    for (; spec->zero && (int)used < spec->width; used++)
        hr_buf_addc(out, '0');
    hr_buf_join(out, &body);
    hr_buf_adds(out, behind);
    hr_buf_release(&body);
}

static void add_integer(struct hr_buf *out, const struct spec *spec, const struct hr_argument *arg)
{
    char digits[72];
    int len;
    if (spec->conversion == 'd') {
        uint64_t size = arg->integer < 0 ? 0 - (uint64_t)arg->integer : (uint64_t)arg->integer;
        len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);
        add_signed(out, spec, arg->integer < 0, digits, (size_t)len);
        return;
    }
    uint64_t bits = (uint64_t)arg->integer;
    if (arg->bits < 64)
        bits &= (UINT64_C(1) << arg->bits) - 1;
    const char *prefix = !spec->alternate ? "" : spec->conversion == 'x' ? "0x" : "0";
    len = snprintf(digits, sizeof digits, spec->conversion == 'x' ? "%llx" : "%llo",
                   (unsigned long long)bits);
    hr_buf_adds(out, prefix);
    for (size_t used = (size_t)len + strlen(prefix); spec->zero && (int)used < spec->width; used++)
        hr_buf_addc(out, '0');
    hr_buf_add(out, digits, (size_t)len);
}

static void add_real(struct hr_buf *out, const struct spec *spec, double value)
{
    if (isnan(value) || isinf(value)) {
        hr_buf_adds(out, isnan(value)     ? "NaN"
                         : signbit(value) ? (spec->parenthesis ? "(Infinity)" : "-Infinity")
                         : spec->plus     ? "+Infinity"
                                          : "Infinity");
        return;
    }
    struct hr_buf digits;
    /* at most WIDTH_MAX places behind a double's 309 digits */
    hr_buf_init(&digits, HR_BUF_GROWS);
    double size = fabs(value);
    int places = spec->precision < 0 ? 6 : spec->precision;
    if (spec->conversion == 'f') {
        add_fixed(&digits, size, places);
    } else if (spec->conversion == 'e') {
        add_scientific(&digits, size, places);
    } else { /* g: Java counts significant digits, never drops zeros, and is plain from 10^-4 up to
                10^precision */
        int significant = places ? places : 1;
        if (size != 0 && (size < 1e-4 || size >= pow(10, significant)))
            add_scientific(&digits, size, significant - 1);
        else
            add_fixed(&digits, size,
                      size == 0 ? significant - 1 : significant - 1 - (int)floor(log10(size)));
    }
    add_signed(out, spec, signbit(value), hr_buf_text(&digits), hr_buf_len(&digits));
    hr_buf_release(&digits);
}

/* ---- other conversions ---- */
static void add_text_of(struct hr_buf *out, const struct spec *spec, const struct hr_argument *arg)
{
    char text[HR_DOUBLE_TEXT_MAX];
    const char *bytes = arg->text;
    size_t len = arg->len;
    switch (arg->kind) {
    case HR_ARG_NULL:
        bytes = "null", len = 4;
        break;
    case HR_ARG_INTEGER:
        len = hr_print_integer(arg->integer, text), bytes = text;
        break;
    case HR_ARG_REAL:
        len = hr_print_double(arg->real, text), bytes = text;
        break;
    case HR_ARG_BOOLEAN:
        bytes = arg->boolean ? "true" : "false", len = strlen(bytes);
        break;
    default:
        break;
    }
    if (spec->precision >= 0)
        len = hr_utf8_offset(bytes, len, (size_t)spec->precision);
    hr_buf_add(out, bytes, len);
}

/* Java's class of an argument, as messages name it */
static const char *class_of(const struct hr_argument *arg)
{
    switch (arg->kind) {
    case HR_ARG_INTEGER:
        if (arg->bits == 64)
            return "java.lang.Long";
        if (arg->bits == 32)
            return "java.lang.Integer";
        return arg->bits == 16 ? "java.lang.Short" : "java.lang.Byte";
    case HR_ARG_REAL:
        return arg->bits == 32 ? "java.lang.Float" : "java.lang.Double";
    case HR_ARG_BOOLEAN:
        return "java.lang.Boolean";
    case HR_ARG_TEXT:
        return "org.apache.spark.unsafe.types.UTF8String";
    default:
        return arg->class ? arg->class : "java.lang.Object";
    }
}

static bool problem_is(char *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool problem_is(char *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(problem, HR_FORMAT_PROBLEM_MAX, format, args);
    va_end(args);
    return false;
}

static void add_hash(struct hr_buf *out, const struct hr_argument *arg)
{
    uint64_t bits = (uint64_t)arg->integer;
    if (arg->kind == HR_ARG_REAL)
        memcpy(&bits, &arg->real, sizeof bits);
    if (arg->kind == HR_ARG_TEXT)
        hr_buf_addf(out, "%x",
                    (unsigned)hr_murmur3_bytes(arg->text, arg->len, 42)); /* UTF8String.hashCode */
    else if (arg->bits == 64)
        hr_buf_addf(out, "%x", (unsigned)(bits ^ bits >> 32));
    else
        hr_buf_addf(out, "%x", (unsigned)arg->integer);
}

static bool add_number(struct hr_buf *out,
                       const struct spec *spec,
                       const struct hr_argument *arg,
                       char *problem)
{
    bool integer = strchr("dxoc", spec->conversion);
    if (arg->kind != (integer ? HR_ARG_INTEGER : HR_ARG_REAL))
        return problem_is(problem, "%c != %s", spec->conversion, class_of(arg));
    if (spec->conversion == 'c' && (arg->integer < 0 || arg->integer > 0x10ffff))
        return problem_is(problem, "Code point = 0x%x", (unsigned)arg->integer);
    if (spec->conversion == 'c')
        hr_utf8_add(out, (uint32_t)arg->integer);
    else if (integer)
        add_integer(out, spec, arg);
    else
        add_real(out, spec, arg->real);
    return true;
}

static bool convert(struct hr_buf *out,
                    const struct spec *spec,
                    const struct hr_argument *arg,
                    char *problem)
{
    bool is_null = arg->kind == HR_ARG_NULL;
    if (!spec->conversion || !strchr("sbhdxoefgc", spec->conversion))
        return problem_is(problem, "Conversion = '%c'",
                          spec->upper ? spec->conversion - 32 : spec->conversion);
    if (spec->conversion == 's') {
        add_text_of(out, spec, arg);
        return true;
    }
    if (spec->conversion == 'b') {
        bool is_false = is_null || (arg->kind == HR_ARG_BOOLEAN && !arg->boolean);
        hr_buf_adds(out, is_false ? "false" : "true");
        return true;
    }
    if (is_null) {
        hr_buf_adds(out, "null");
        return true;
    }
    if (spec->conversion != 'h')
        return add_number(out, spec, arg, problem);
    if (arg->kind == HR_ARG_BOOLEAN ||
        arg->kind == HR_ARG_OTHER ||
        (arg->kind == HR_ARG_REAL && arg->bits == 32))
        return problem_is(problem, "the conversion 'h' of %s is not supported", class_of(arg));
    add_hash(out, arg);
    return true;
}

static int read_count(const char **at, const char *end)
{
    int value = -1;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        value = (value < 0 ? 0 : value) * 10 + (**at - '0');
        if (value > WIDTH_MAX)
            return WIDTH_MAX + 1;
    }
    return value;
}

static void read_flags(const char **at, const char *end, struct spec *spec)
{
    for (; *at < end; (*at)++)
        switch (**at) {
        case '-':
            spec->left = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case ',':
            spec->group = true;
            break;
        case '(':
            spec->parenthesis = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        default:
            return;
        }
}

static void upper_ascii(struct hr_buf *buf, size_t begin, size_t len)
{
    for (size_t i = begin; i < begin + len; i++) {
        char c = hr_buf_text(buf)[i];
        char upper = (char)(c - 'a' + 'A');
        if (c >= 'a' && c <= 'z')
            hr_buf_patch(buf, i, &upper, 1);
    }
}

static void add_padded(struct hr_buf *out, const struct spec *spec, const struct hr_buf *body)
{
    if (!hr_buf_ok(body)) {
        hr_buf_join(out, body);
        return;
    }
    const char *bytes = hr_buf_text(body);
    size_t len = hr_buf_len(body), length = hr_utf8_length(bytes, len);
    if (!spec->left)
        for (size_t i = length; (int)i < spec->width; i++)
            hr_buf_addc(out, ' ');
    size_t begin = hr_buf_mark(out);
    if (hr_buf_add(out, bytes, len) && spec->upper)
        upper_ascii(out, begin, len);
    if (spec->left)
        for (size_t i = length; (int)i < spec->width; i++)
            hr_buf_addc(out, ' ');
}

/* what follows a '%', up to its conversion; *index 0: the next argument; *again: the one before */
static bool read_spec(
    const char **at, const char *end, struct spec *spec, int *index, bool *again, char *problem)
{
    const char *start = *at;
    *spec = (struct spec){.precision = -1, .width = -1};
    *index = read_count(at, end);
    if (*index < 1 || *at == end || **at != '$' || *start == '0') {
        *at = start;
        *index = 0;
    } else {
        (*at)++;
    }
    *again = !*index && *at < end && **at == '<';
    *at += *again;
    read_flags(at, end, spec);
    spec->width = read_count(at, end);
    if (*at < end && **at == '.') {
        (*at)++;
        spec->precision = read_count(at, end);
        if (spec->precision < 0)
            return problem_is(problem, "Conversion = '.'");
    }
    if (spec->width > WIDTH_MAX || spec->precision > WIDTH_MAX)
        return problem_is(problem, "a width or precision beyond %d", WIDTH_MAX);
    if (*at == end)
        return problem_is(problem, "Conversion = '%c'", end[-1]);
    spec->conversion = *(*at)++;
    if (spec->left && spec->width < 0)
        return problem_is(problem, "%%%.*s", (int)(*at - start), start);
    return true;
}

static void add_sign(struct hr_buf *out, const struct spec *spec)
{
    struct hr_buf one;
    hr_buf_init(&one, HR_BUF_GROWS);
    hr_buf_addc(&one, spec->conversion == 'n' ? '\n' : '%');
    add_padded(out, spec, &one);
    hr_buf_release(&one);
}

static bool add_argument(struct hr_buf *out,
                         const struct spec *spec,
                         const struct hr_argument *arg,
                         char *problem)
{
    struct hr_buf body;
    hr_buf_init(&body, HR_FUNCTION_TEXT_MAX);
    bool ok = convert(&body, spec, arg, problem);
    if (ok)
        add_padded(out, spec, &body);
    hr_buf_release(&body);
    return ok;
}

bool hr_java_format(const char *format,
                    size_t len,
                    const struct hr_argument *args,
                    size_t count,
                    struct hr_buf *out,
                    char *problem)
{
    const char *at = format, *end = format + len;
    size_t next = 0, last = SIZE_MAX;
    while (at < end) {
        if (*at != '%') {
            hr_buf_addc(out, *at++);
            continue;
        }
        const char *start = at++;
        struct spec spec;
        int index;
        bool again;
        if (!read_spec(&at, end, &spec, &index, &again, problem))
            return false;
        if (spec.conversion == '%' || spec.conversion == 'n') {
            add_sign(out, &spec);
            continue;
        }
        if (strchr("SBHXEGC", spec.conversion)) {
            spec.upper = true;
            spec.conversion = (char)(spec.conversion + 32);
        }
        size_t which = last;
        if (index)
            which = (size_t)index - 1;
        else if (!again)
            which = next++;
        if (which >= count)
            return problem_is(problem, "Format specifier '%.*s'", (int)(at - start), start);
        last = which;
        if (!add_argument(out, &spec, &args[which], problem))
            return false;
    }
    return true;
}

/* ---- DecimalFormat "#,###,###,###,###,###,##0.000": HALF_EVEN of the exact binary value ---- */
void hr_format_number(double value, int places, struct hr_buf *out)
{
    if (isnan(value) || isinf(value)) {
        hr_buf_adds(out, isnan(value) ? "NaN" : value < 0 ? "-\xe2\x88\x9e" : "\xe2\x88\x9e");
        return;
    }
    char *digits = NULL;
    places = places < DOUBLE_PLACES_MAX ? places : DOUBLE_PLACES_MAX;
    if (!hr_buf_room(out, (size_t)places))
        return; /* too long, and says so when it is read */
    /* glibc rounds the exact value half to even, as DecimalFormat does */
    int len = asprintf(&digits, "%.*f", places, fabs(value));
    /* memory, as small as the room above */
    HR_CHECK(len >= 0);
    if (signbit(value))
        hr_buf_addc(out, '-');
    add_grouped(out, digits, (size_t)len);
    free(digits);
}

void hr_format_decimal(hr_int128 value, int scale, int places, struct hr_buf *out)
{
    bool negative = value < 0;
    if (negative)
        value = -value;
    if (places < scale) {
        hr_int128 unit = hr_power_of_ten(scale - places), rest = value % unit;
        value /= unit;
        if (rest * 2 > unit || (rest * 2 == unit && value % 2))
            value++;
        scale = places;
    }
    char digits[HR_DECIMAL_TEXT_MAX];
    size_t len = hr_print_decimal(value, scale, digits);
    if (negative)
        hr_buf_addc(out, '-');
    add_grouped(out, digits, len);
    if (places && !scale)
        hr_buf_addc(out, '.');
    if (!hr_buf_room(out, (size_t)(places - scale)))
        return;
    for (; scale < places; scale++)
        hr_buf_addc(out, '0');
}
