/* Moments to SQL. */
#include "host/engine/emit/call.h"

/* ---- arithmetic ---- */

enum hr_code hr_emit_make_timestamp(struct call_text *c, struct hr_buf *out)
{
    bool strict = c->call->call.ansi && strncmp(c->call->call.function->name, "try_", 4);
    return hr_kernel_call(c, strict ? "make_timestamp" : "make_timestamp_null", out);
}

/* ---- moments ---- */

enum hr_code hr_emit_now(struct call_text *c, struct hr_buf *out)
{
    const struct hr_zone *zone = hr_zone_find(c->e->zone, strlen(c->e->zone));
    int64_t now = c->e->env->ops->now_us(c->e->env);
    int64_t local = hr_zone_to_local(zone ? zone : hr_zone_utc(), now);
    struct hr_literal literal = {.type = c->call->type};
    literal.integer = literal.type->id == HR_TYPE_DATE ? hr_floor_div(local, HR_US_PER_DAY)
                      : literal.type->id == HR_TYPE_TIMESTAMP_NTZ ? local
                                                                  : now;
    hr_emit_literal(&literal, out);
    return HR_OK;
}

enum hr_code hr_emit_timezone(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "'%s'", c->e->zone);
    return HR_OK;
}

enum hr_code hr_emit_to_moment(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    bool try = !strncmp(c->call->call.function->name, "try_", 4);
    if (args->count == 1)
        return hr_emit_cast(c->e, c->args[0], args->at[0]->type, c->call->type,
                            try                  ? HR_CAST_TRY
                            : c->call->call.ansi ? HR_CAST_ANSI
                                                 : HR_CAST_LEGACY,
                            out);
    return hr_kernel_call(c, try || !c->call->call.ansi ? "parse_moment_null" : "parse_moment",
                          out);
}

enum hr_code hr_emit_unix_time(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->call.args.at[0]->type;
    if (type->id == HR_TYPE_TIMESTAMP_NTZ) { /* of no zone: counted as UTC's */
        hr_buf_addf(out, "CAST(floor(epoch_us(%s) / 1000000) AS BIGINT)", c->args[0]);
        return HR_OK;
    }
    if (type->id != HR_TYPE_STRING) {
        struct hr_buf buf;
        hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
        enum hr_code code = hr_emit_cast(c->e, c->args[0], type, hr_type_basic(HR_TYPE_TIMESTAMP),
                                         HR_CAST_ANSI, &buf);
        hr_buf_addf(out, "CAST(floor(epoch_us(%s) / 1000000) AS BIGINT)", hr_sel_take(c->e, &buf));
        return code;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_STRING);
    const char *kernel = c->call->call.ansi ? "parse_moment" : "parse_moment_null";
    hr_buf_adds(out, "CAST(floor(epoch_us(");
    HR_TRY(hr_emit_kernel(c->e, kernel, strlen(kernel), hr_type_basic(HR_TYPE_TIMESTAMP), types, 2,
                          out));
    hr_buf_addf(out, "(%s, %s)) / 1000000) AS BIGINT)", c->args[0], c->args[1]);
    return HR_OK;
}

enum hr_code hr_emit_conv(struct call_text *c, struct hr_buf *out)
{
    return hr_kernel_call(c, c->call->call.ansi ? "conv" : "conv_wrap", out);
}
enum hr_code hr_emit_make_date(struct call_text *c, struct hr_buf *out)
{
    return hr_kernel_call(c, c->call->call.ansi ? "make_date" : "make_date_null", out);
}
enum hr_code hr_emit_next_day(struct call_text *c, struct hr_buf *out)
{
    return hr_kernel_call(c, c->call->call.ansi ? "next_day" : "next_day_null", out);
}
