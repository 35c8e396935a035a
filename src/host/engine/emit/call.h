/* Calls to SQL: the catalogue's templates, and the functions behind its "!name". Private to
 * engine/. */
#ifndef HR_HOST_ENGINE_EMIT_CALL_H
#define HR_HOST_ENGINE_EMIT_CALL_H
#include "host/engine/internal.h"

/* a call being written */
struct call_text {
    struct emit *e;
    const struct hr_texpr *call;
    const char *over;
    /* what stands for each argument in its SQL, as often as it is wanted: bind.h; NULL for those
     * that are left out */
    const char **args;
};

/* the functions behind "!name" */
/* clang-format off */
#define HR_EMITTERS(X) \
    X(make_timestamp) X(arithmetic) X(divide) X(int_divide) X(remainder) X(negate) X(absolute) X(in) X(case) X(show) \
    X(struct) X(array) X(map) X(array_fields) X(concat) X(lambda) X(reduce) X(lag_lead) X(first_last) \
    X(nth_value) X(count) X(sum) X(average) X(collect) X(percentile_approx) X(percentile) X(array_item) X(element_at) X(size) \
    X(ceil_floor) X(hex) X(octet_length) X(length) X(decode) X(pmod) X(typeof) X(current_user) X(elt) X(reverse) \
    X(try_arithmetic) X(try_divide) X(try_remainder) X(now) X(timezone) X(to_moment) X(unix_time) X(nullif) \
    X(slice) X(arrays_zip) X(map_entries) X(map_concat) X(map_lambda) X(zip_with) \
    X(try_sum) X(skewness) X(kurtosis) X(make_date) X(conv) X(next_day) X(array_insert) X(shuffle) X(map_zip_with) X(sentences) X(approx_distinct) X(listagg) X(ordered) X(extreme) X(by_other) \
    X(pandas_product) X(pandas_variance) X(pandas_deviation) X(pandas_covariance) X(pandas_skewness) X(pandas_kurtosis) X(pandas_mode) X(top_k) \
    X(like) X(contains) X(array_extreme) X(greatest)
/* clang-format on */

#define X(name) enum hr_code hr_emit_##name(struct call_text *c, struct hr_buf *out);
HR_EMITTERS(X)
#undef X

enum hr_code hr_write_filter(struct call_text *c, const char *extra, struct hr_buf *out);
enum hr_code hr_expand_template(struct call_text *c, const char *p, size_t len, struct hr_buf *out);
enum hr_code hr_kernel_call(struct call_text *c, const char *name, struct hr_buf *out);
/* the SQL of a template that is one aggregate or made of some */
enum hr_code hr_aggregate_text(struct call_text *c, const char *template, const char **text);
/* the SQL of a kernel over the list of the values of argument 1 that are not null */
enum hr_code hr_list_kernel(struct call_text *c,
                            const char *name,
                            const struct hr_type *item,
                            struct hr_buf *out);
bool hr_real_type(const struct hr_type *type);

/* over: " OVER (…)" for a window function, "" else */
enum hr_code hr_emit_call(struct emit *e,
                          const struct hr_texpr *call,
                          const char *over,
                          struct hr_buf *out);
#endif
