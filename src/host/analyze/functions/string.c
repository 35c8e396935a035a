/* Types of functions of strings and bytes, and the arguments that Spark fills in. */
#include "host/analyze/functions/rules.h"
#include "base/utf8.h"
#include <stdlib.h>

/* ---- arithmetic ---- */

/* interval fields have a text form of their own in JSON, which the writer lacks */
/* ---- collections ---- */

enum hr_code hr_rule_concat(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool nullable, array = false, binary = count_of(call) > 0;
    for (size_t i = 0; i < count_of(call); i++) {
        array = array || args_of(call)[i]->type->id == HR_TYPE_ARRAY;
        binary = binary && args_of(call)[i]->type->id == HR_TYPE_BINARY;
    }
    call->out->nullable = hr_any_nullable(call);
    if (array) {
        const struct hr_type *wide = hr_common_args(call, 0, 1, &nullable);
        if (!wide)
            return hr_diff_types(call, "concat");
        call->out->type = wide;
        return HR_OK;
    }
    call->out->type = binary ? BASIC(BINARY) : BASIC(STRING);
    for (size_t i = 0; i < count_of(call); i++) {
        const struct hr_type *to;
        if (!binary && !hr_implicit_cast_allowed(a, args_of(call)[i]->type, 's', &to))
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                                 hr_expr_sql(a, call->out), "paramIndex", hr_ordinal((int)i),
                                 "requiredType", "(\"STRING\" or \"BINARY\" or \"ARRAY\")",
                                 "inputSql", hr_expr_sql(a, args_of(call)[i]), "inputType",
                                 hr_type_quoted(a, args_of(call)[i]->type), NULL);
        args_of(call)[i] = hr_cast_implicit(a, args_of(call)[i], call->out->type);
    }
    return HR_OK;
}

/* a string stays a string, bytes stay bytes */
enum hr_code hr_rule_string_binary(struct hr_call *call)
{
    HR_TRY(hr_rule_default_args(call));
    call->out->type = args_of(call)[0]->type->id == HR_TYPE_BINARY ? BASIC(BINARY) : BASIC(STRING);
    return HR_OK;
}

/* ---- arguments that Spark fills in, and prints in names ---- */

/* values: 'text', or an int, or true */
struct defaults {
    const char *function;
    int from;
    const char *values[3];
};

static const struct defaults defaults[] = {
    {"substring", 2, {"2147483647"}},
    {"split", 2, {"-1"}},
    {"regexp_replace", 3, {"1"}},
    {"regexp_extract", 2, {"1"}},
    {"locate", 2, {"1"}},
    {"replace", 2, {"'"}},
    {"sort_array", 1, {"true"}},
    {"unix_timestamp", 1, {"'yyyy-MM-dd HH:mm:ss"}},
    {"regexp_extract_all", 2, {"1"}},
    {"to_unix_timestamp", 1, {"'yyyy-MM-dd HH:mm:ss"}},
    {"from_unixtime", 1, {"'yyyy-MM-dd HH:mm:ss"}},
    {"months_between", 2, {"true"}},
    {"lpad", 2, {"' "}},
    {"rpad", 2, {"' "}},
    {"round", 1, {"0"}},
    {"bround", 1, {"0"}},
    {"position", 2, {"1"}},
    {"overlay", 3, {"-1"}},
    {"regexp_instr", 2, {"0"}},
    {"to_timestamp", 9, {"0"}},
};

enum hr_code hr_rule_default_args(struct hr_call *call)
{
    struct analysis *a = of(call);
    for (size_t i = 0; i < HR_LEN(defaults); i++) {
        size_t len = strlen(defaults[i].function);
        if (strncmp(call->function->name, defaults[i].function, len) ||
            (call->function->name[len] && call->function->name[len] != ','))
            continue;
        for (size_t k = 0; k < 3 && defaults[i].values[k]; k++) {
            const char *value = defaults[i].values[k];
            if ((int)count_of(call) != defaults[i].from + (int)k)
                continue;
            struct hr_literal *yes = NEW(a, struct hr_literal);
            *yes = (struct hr_literal){.type = BASIC(BOOLEAN), .boolean = true};
            hr_add_arg(call, *value == '\''  ? hr_literal_string(a, value + 1)
                             : *value == 't' ? hr_literal_of(a, yes)
                                             : hr_literal_int(a, BASIC(INT), atoll(value)));
        }
    }
    return hr_finish_call(call);
}

/* ---- text, or bytes where bytes are given ---- */

static struct hr_texpr *zero_byte(struct analysis *a)
{
    struct hr_literal *zero = NEW(a, struct hr_literal);
    *zero = (struct hr_literal){.type = BASIC(BINARY)};
    zero->text.bytes = hr_strndup(a->arena, "", 1);
    zero->text.len = 1;
    return hr_literal_of(a, zero);
}

/* lpad, rpad: bytes are filled with bytes, zeros if none are given; everything else is text */
enum hr_code hr_rule_pad(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool bytes = args_of(call)[0]->type->id == HR_TYPE_BINARY;
    if (bytes && count_of(call) == 2)
        hr_add_arg(call, zero_byte(a));
    bytes = bytes && args_of(call)[2]->type->id == HR_TYPE_BINARY;
    HR_TRY(hr_rule_default_args(call));
    for (size_t i = 0; i < 3 && !bytes; i += 2) {
        const struct hr_type *text;
        if (!hr_implicit_cast_allowed(a, args_of(call)[i]->type, 's', &text))
            return hr_unexpected(call, i, "\"STRING\"");
        args_of(call)[i] = hr_cast_implicit(a, args_of(call)[i], text);
    }
    call->out->type = bytes ? BASIC(BINARY) : BASIC(STRING);
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_overlay(struct hr_call *call)
{
    HR_TRY(hr_rule_string_binary(call));
    struct analysis *a = of(call);
    const struct hr_type *input = args_of(call)[0]->type, *with = args_of(call)[1]->type;
    if ((input->id == HR_TYPE_BINARY) == (with->id == HR_TYPE_BINARY))
        return HR_OK;
    return hr_fail_spark(
        a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr", hr_expr_sql(a, call->out),
        "functionName", hr_quote(a, call->name), "dataType",
        hr_printf(a->arena, "(%s or %s)", hr_type_quoted(a, input), hr_type_quoted(a, with)), NULL);
}

/* ---- more of strings, dates and collections ---- */

enum hr_code hr_rule_reverse(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *to = args[0]->type;
    if (to->id != HR_TYPE_ARRAY &&
        to->id != HR_TYPE_BINARY &&
        !hr_implicit_cast_allowed(of(call), args[0]->type, 's', &to))
        return hr_unexpected(call, 0, "(\"STRING\" or \"ARRAY\")");
    args[0] = hr_cast_implicit(of(call), args[0], to);
    call->out->type = to;
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

/* split and regexp_extract_all: arrays of strings */
enum hr_code hr_rule_string_list(struct hr_call *call)
{
    HR_TRY(hr_rule_default_args(call));
    call->out->type =
        hr_type_array(of(call)->arena, BASIC(STRING), strcmp(call->function->name, "split") != 0);
    return HR_OK;
}

static enum hr_code decode_choice(struct hr_call *call,
                                  struct hr_texpr **args,
                                  struct hr_texpr **choice)
{
    size_t n = count_of(call), made = 0;
    struct hr_texpr **branches = ARRAY(of(call), struct hr_texpr *, n);
    for (size_t i = 1; i + 1 < n; i += 2) {
        struct hr_texpr *pair[] = {args[0], args[i]};
        HR_TRY(hr_call_typed(call->scope, "<=>", pair, 2, &branches[made++]));
        branches[made++] = args[i + 1];
    }
    if (n % 2 == 0)
        branches[made++] = args[n - 1];
    return hr_call_typed(call->scope, "when", branches, made, choice);
}

/* decode(bytes, charset), or Oracle's decode(value, search, result …, default): null finds null.
 * The choice is computed as a CASE kept as the last argument; the name prints the others. */
enum hr_code hr_rule_decode(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call), *choice;
    const struct hr_attr **params;
    if (count_of(call) == 2) {
        const struct hr_type *bytes, *charset;
        if (!hr_implicit_cast_allowed(a, args[0]->type, 'y', &bytes))
            return hr_unexpected(call, 0, "\"BINARY\"");
        if (!hr_implicit_cast_allowed(a, args[1]->type, 's', &charset))
            return hr_unexpected(call, 1, "\"STRING\"");
        args[0] = hr_cast_implicit(a, args[0], bytes);
        args[1] = hr_cast_implicit(a, args[1], charset);
        call->out->type = BASIC(STRING);
        call->out->nullable = true;
        return HR_OK;
    }
    HR_TRY(decode_choice(call, args, &choice));
    args = hr_stand_ins(call, &params);
    HR_TRY(decode_choice(call, args, &choice));
    call->out->type = choice->type;
    call->out->nullable = choice->nullable;
    call->out->call.hidden_last = true;
    hr_computed_from(call, params, choice);
    return HR_OK;
}

/* the escape is one character of UTF-16, written out */
enum hr_code hr_rule_like(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_texpr *escape = count_of(call) == 3 ? args_of(call)[2] : NULL;
    bool text = escape &&
                escape->kind == HR_T_LITERAL &&
                hr_is_string(escape->type) &&
                !escape->literal->is_null;
    size_t units = 0;
    for (size_t i = 0; text && i < escape->literal->text.len; i++) {
        char byte = escape->literal->text.bytes[i];
        units += hr_utf8_starts(byte);
        units += (unsigned char)byte >= 0xF0;
    }
    if (escape && units != 1)
        return hr_fail_spark(a->err, "INVALID_ESCAPE_CHAR", "sqlExpr", hr_expr_sql(a, escape),
                             NULL);
    return hr_finish_call(call);
}
