/* Searches in texts to SQL: LIKE, contains. */
#include "host/engine/emit/call.h"
#include "host/engine/functions/like.h"
#include "host/engine/emit/select.h"

#define NATIVE_NEEDLE_MAX                                                                      \
    64 /* the engine's own search takes text times needle at worst, and is the quicker one for \
          short needles */

static const struct hr_literal *constant_text(const struct hr_texpr *expr)
{
    if (expr->kind != HR_T_LITERAL || expr->literal->is_null || expr->type->id != HR_TYPE_STRING)
        return NULL;
    return expr->literal;
}

static void write_text(const char *bytes, size_t len, struct hr_buf *out)
{
    struct hr_literal literal = {.type = hr_type_basic(HR_TYPE_STRING),
                                 .text = {(char *)bytes, len}};
    hr_emit_literal(&literal, out);
}

static enum hr_code write_kernel(struct call_text *c,
                                 const char *name,
                                 const char *const *args,
                                 size_t count,
                                 struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, count);
    for (size_t i = 0; i < count; i++)
        types[i] = hr_type_basic(HR_TYPE_STRING);
    HR_TRY(hr_emit_kernel(c->e, name, strlen(name), c->call->type, types, count, out));
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(out, "%s%s", i ? ", " : "(", args[i]);
    hr_buf_addc(out, ')');
    return HR_OK;
}

/* the text at its place, when that is all that the pattern says and the engine is quick at it */
static bool write_shape(const char *text, const struct hr_like *like, struct hr_buf *out)
{
    static const char *const functions[] = {[HR_LIKE_PREFIX] = "starts_with",
                                            [HR_LIKE_SUFFIX] = "ends_with",
                                            [HR_LIKE_CONTAINS] = "contains"};
    const char *bytes;
    size_t len;
    enum hr_like_shape shape = hr_like_shape(like, &bytes, &len);
    if (shape == HR_LIKE_OTHER || (shape == HR_LIKE_CONTAINS && len > NATIVE_NEEDLE_MAX))
        return false;
    if (shape == HR_LIKE_EQUAL)
        hr_buf_addf(out, "(%s = ", text);
    else
        hr_buf_addf(out, "%s(%s, ", functions[shape], text);
    write_text(bytes, len, out);
    hr_buf_addc(out, ')');
    return true;
}

/* as Spark has it, ILIKE is LIKE of both in small letters; the escape stays what it is */
static enum hr_code fold(struct call_text *c, const char **text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    const struct hr_type *string = hr_type_basic(HR_TYPE_STRING);
    enum hr_code code = hr_emit_kernel(c->e, "lower", strlen("lower"), string, &string, 1, &buf);
    hr_buf_addf(&buf, "(%s)", *text);
    *text = hr_sel_take(c->e, &buf);
    return code;
}

static enum hr_code write_constant(struct call_text *c,
                                   const char *text,
                                   struct hr_text pattern,
                                   struct hr_text escape,
                                   bool *written,
                                   struct hr_buf *out)
{
    struct hr_like *like = hr_like_new();
    size_t bad = 0, bad_len = 0;
    enum hr_like_fault fault =
        hr_like_read(like, pattern.bytes, pattern.len, escape.bytes, escape.len, &bad, &bad_len);
    *written = !fault && write_shape(text, like, out);
    hr_like_free(like);
    return fault ? hr_like_fail(fault, pattern.bytes, pattern.len, pattern.bytes + bad, bad_len,
                                c->e->err)
                 : HR_OK;
}

enum hr_code hr_emit_like(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const char *texts[] = {c->args[0], c->args[1], c->args[2]};
    const struct hr_literal *pattern = constant_text(args->at[1]),
                            *given = args->count > 2 ? constant_text(args->at[2]) : NULL;
    struct hr_text escape = {given ? given->text.bytes : "\\", given ? given->text.len : 1};
    bool folds = hr_function_is(c->call->call.function, "ilike"), written = false;
    if (folds) {
        HR_TRY(fold(c, &texts[0]));
        HR_TRY(fold(c, &texts[1]));
    }
    if (pattern) {
        struct hr_buf small;
        hr_buf_init(&small, HR_BUF_GROWS);
        if (folds)
            hr_text_lower(pattern->text.bytes, pattern->text.len, NULL, &small);
        struct hr_text read = {folds ? hr_buf_text(&small) : pattern->text.bytes,
                               folds ? hr_buf_len(&small) : pattern->text.len};
        enum hr_code code = write_constant(c, texts[0], read, escape, &written, out);
        hr_buf_release(&small);
        HR_TRY(code);
    }
    return written ? HR_OK : write_kernel(c, "like", texts, args->count, out);
}

enum hr_code hr_emit_contains(struct call_text *c, struct hr_buf *out)
{
    const struct hr_literal *part = constant_text(c->call->call.args.at[1]);
    if (!part || part->text.len > NATIVE_NEEDLE_MAX)
        return write_kernel(c, "contains", c->args, 2, out);
    hr_buf_addf(out, "contains(%s, %s)", c->args[0], c->args[1]);
    return HR_OK;
}

/* the languages that sentences() is given change nothing here: plain text is split alike */
enum hr_code hr_emit_sentences(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = hr_type_basic(HR_TYPE_STRING);
    HR_TRY(hr_emit_kernel(c->e, "sentences", strlen("sentences"), c->call->type, types, 1, out));
    hr_buf_addf(out, "(%s)", c->args[0]);
    return HR_OK;
}
