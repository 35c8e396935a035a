/* ${name} in SQL text: Spark's VariableSubstitution. The text is replaced before it is parsed, as
 * often as a value names another. */
#include "host/sql/sql.h"
#include "base/buf.h"
#include "base/limits.h"
#include <ctype.h>
#include <string.h>

#define DEPTH_MAX 32
#define REPLACED_MAX \
    10000 /* variables whose values name others twice each double the work with each of them */

struct substitution {
    struct hr_arena *arena;
    hr_sql_lookup *lookup;
    void *arg;
    struct hr_err *err;
    const char *used[DEPTH_MAX];
    size_t depth, replaced;
};

/* ${prefix:name}, without blanks: what it names; NULL: it is none. *end: its '}', or where the
 * search for one ended, up to which none begins either */
static const char *reference(struct hr_arena *arena, const char *p, const char **end)
{
    const char *name = p + 2;
    *end = name;
    while (**end && **end != '}' && !isspace((unsigned char)**end))
        (*end)++;
    if (**end != '}' || *end == name)
        return NULL;
    return hr_strndup(arena, name, (size_t)(*end - name));
}

/* spark:, sparkconf:, hivevar: and hiveconf: all mean the configuration. The host's environment and
 * Java's properties are nobody's here. */
static const char *configured(const char *name)
{
    static const char *const prefixes[] = {"spark:", "sparkconf:", "hivevar:", "hiveconf:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])) && name[strlen(prefixes[i])])
            return name + strlen(prefixes[i]);
    const char *colon = strchr(name, ':');
    const char *p = name;
    while (colon && p < colon && (isalnum((unsigned char)*p) || *p == '_'))
        p++;
    return colon && p == colon && colon > name && colon[1] ? NULL : name;
}

static enum hr_code replace_all(struct substitution *s, const char *text, struct hr_buf *out);

static enum hr_code replace_one(struct substitution *s,
                                const char *name,
                                const char *text,
                                struct hr_buf *out)
{
    for (size_t i = 0; i < s->depth; i++)
        if (!strcmp(s->used[i], name))
            return hr_fail_spark(s->err, "", "requirement",
                                 hr_printf(s->arena, "Circular reference in %s: %s", text, name),
                                 NULL);
    if (s->depth == DEPTH_MAX)
        return hr_fail(s->err, HR_E_LIMIT, "the variable %s leads over more than %d others", name,
                       DEPTH_MAX);
    if (++s->replaced > REPLACED_MAX)
        return hr_fail(s->err, HR_E_LIMIT,
                       "the text and the values of its variables name more than %d variables",
                       REPLACED_MAX);
    const char *value = s->lookup(s->arg, configured(name));
    s->used[s->depth++] = name;
    enum hr_code code = replace_all(s, value ? value : "", out);
    s->depth--;
    return code;
}

static enum hr_code replace_all(struct substitution *s, const char *text, struct hr_buf *out)
{
    const char *end = text;
    for (const char *p = text; *p;) {
        bool begins = p >= end && p[0] == '$' && p[1] == '{';
        const char *name = begins ? reference(s->arena, p, &end) : NULL;
        if (!name || !configured(name)) {
            hr_buf_addc(out, *p++);
            continue;
        }
        HR_TRY(replace_one(s, name, text, out));
        p = end + 1;
    }
    return HR_OK;
}

enum hr_code hr_sql_substitute(struct hr_arena *arena,
                               const char *text,
                               hr_sql_lookup *lookup,
                               void *arg,
                               const char **out,
                               struct hr_err *err)
{
    *out = text;
    if (!strstr(text, "${"))
        return HR_OK;
    struct substitution s = {.arena = arena, .lookup = lookup, .arg = arg, .err = err};
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_BYTES_MAX);
    enum hr_code code = replace_all(&s, text, &buf);
    if (!code)
        return hr_buf_take(&buf, arena, "SQL text with its variables replaced", out, err);
    hr_buf_release(&buf);
    return code;
}
