/* The registration table of C kernels: X(name, signature, flags). Each has a function
 * hr_k_<name>(rows, row) in one of this folder's files. One row here, one row in the catalogue
 * (analyze/catalogue.c), one line in doc/functions.md. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_KERNELS_H
#define HR_HOST_ENGINE_FUNCTIONS_KERNELS_H
#include "host/engine/kernel.h"

#define HR_KERNELS(X)                                                                       \
    /* cast.c */                                                                            \
    X(cast, "?", HR_K_ZONE)                                                                 \
    X(try_cast, "?", HR_K_ZONE)                                                             \
    X(legacy_cast, "?", HR_K_ZONE)                                                          \
    X(show, "?", HR_K_NULLS | HR_K_ZONE)                                                    \
    /* arithmetic.c */                                                                      \
    X(divide, "d:dd", 0)                                                                    \
    X(divide_null, "d:dd", 0)                                                               \
    X(int_divide, "l:ll", 0)                                                                \
    X(int_divide_null, "l:ll", 0)                                                           \
    X(remainder, "?", 0)                                                                    \
    X(remainder_null, "?", 0)                                                               \
    X(wrap, "?", 0)                                                                         \
    X(checked_sum, "?", 0)                                                                  \
    X(wrapped_sum, "?", 0)                                                                  \
    X(interval_op, "?", 0)                                                                  \
    X(interval_sum, "?", 0)                                                                 \
    X(decimal_op, "?", 0)                                                                   \
    X(decimal_op_null, "?", 0)                                                              \
    X(round, "?", 0)                                                                        \
    X(bround, "?", 0)                                                                       \
    X(negate, "?", 0)                                                                       \
    X(negate_wrap, "?", 0)                                                                  \
    X(absolute, "?", 0)                                                                     \
    X(absolute_wrap, "?", 0)                                                                \
    X(pmod, "?", 0)                                                                         \
    X(pandas_product, "?", 0)                                                               \
    X(pandas_product_wrap, "?", 0)                                                          \
    /* number.c */                                                                          \
    X(shift, "?", 0)                                                                        \
    X(atanh, "d:d", 0)                                                                      \
    X(expm1, "d:d", 0)                                                                      \
    X(log1p, "d:d", 0)                                                                      \
    X(sqrt, "d:d", 0)                                                                       \
    X(sin, "d:d", 0)                                                                        \
    X(cos, "d:d", 0)                                                                        \
    X(tan, "d:d", 0)                                                                        \
    X(asin, "d:d", 0)                                                                       \
    X(acos, "d:d", 0)                                                                       \
    X(cot, "d:d", 0)                                                                        \
    X(sec, "d:d", 0)                                                                        \
    X(csc, "d:d", 0)                                                                        \
    X(acosh, "d:d", 0)                                                                      \
    X(sign, "d:d", 0)                                                                       \
    X(ln, "d:d", 0)                                                                         \
    X(log10, "d:d", 0)                                                                      \
    X(log2, "d:d", 0)                                                                       \
    X(log_of, "d:dd", 0)                                                                    \
    X(factorial, "l:i", 0)                                                                  \
    X(hypot, "d:dd", 0)                                                                     \
    X(cbrt, "d:d", 0)                                                                       \
    X(bin, "s:l", 0)                                                                        \
    X(unhex, "y:s", 0)                                                                      \
    X(to_binary, "y:ss", 0)                                                                 \
    X(try_to_binary, "y:ss", 0)                                                             \
    X(conv, "s:sii", 0)                                                                     \
    X(conv_wrap, "s:sii", 0)                                                                \
    X(bit_count, "i:l", 0)                                                                  \
    X(bit_get, "B:li", 0)                                                                   \
    X(width_bucket, "l:dddl", 0)                                                            \
    X(draw, "d:ll", HR_K_VOLATILE)                                                          \
    X(draw_gaussian, "d:ll", HR_K_VOLATILE)                                                 \
    X(draw_times, "i:lld", HR_K_VOLATILE)                                                   \
    X(skewness, "?", 0)                                                                     \
    X(kurtosis, "?", 0)                                                                     \
    X(pandas_skewness, "?", 0)                                                              \
    X(pandas_kurtosis, "?", 0)                                                              \
    /* percentile.c */                                                                      \
    X(percentages, "?", HR_K_NULLS)                                                         \
    X(weighted_percentile, "?", 0)                                                          \
    /* hash.c */                                                                            \
    X(hll_key, "?", 0)                                                                      \
    X(hll_estimate, "?", HR_K_NULLS)                                                        \
    X(hash, "?", HR_K_NULLS)                                                                \
    X(xxhash64, "?", HR_K_NULLS)                                                            \
    X(crc32, "l:y", 0)                                                                      \
    X(sha2, "s:yi", 0)                                                                      \
    X(raise_error, "v:s", 0)                                                                \
    /* text.c */                                                                            \
    X(substring, "?", 0)                                                                    \
    X(locate, "i:ssi", 0)                                                                   \
    X(chr, "s:l", 0)                                                                        \
    X(find_in_set, "i:ss", 0)                                                               \
    X(format_number, "?", 0)                                                                \
    X(format_string, "?", HR_K_NULLS | HR_K_ZONE)                                           \
    X(initcap, "s:s", 0)                                                                    \
    X(upper, "s:s", 0)                                                                      \
    X(lower, "s:s", 0)                                                                      \
    X(levenshtein, "i:ss", 0)                                                               \
    X(levenshtein_most, "i:ssi", 0)                                                         \
    X(soundex, "s:s", 0)                                                                    \
    X(concat, "?", 0)                                                                       \
    X(join, "?", 0)                                                                         \
    X(concat_ws, "?", HR_K_NULLS)                                                           \
    X(repeat, "s:si", 0)                                                                    \
    X(replace, "s:sss", 0)                                                                  \
    X(lpad, "?", 0)                                                                         \
    X(rpad, "?", 0)                                                                         \
    X(overlay, "?", 0)                                                                      \
    X(reverse, "?", 0)                                                                      \
    X(split_part, "s:ssi", 0)                                                               \
    X(substring_index, "s:ssi", 0)                                                          \
    X(translate, "s:sss", 0)                                                                \
    X(url_encode, "s:s", 0)                                                                 \
    X(url_decode, "s:s", 0)                                                                 \
    X(try_url_decode, "s:s", 0)                                                             \
    /* sequence.c */                                                                        \
    /* volatile: a constant one would be made of 150 bytes an item, while it is prepared */ \
    X(sequence, "?", HR_K_ZONE | HR_K_VOLATILE)                                             \
    /* regex.c */                                                                           \
    X(rlike, "b:ss", 0)                                                                     \
    X(regexp_replace, "s:sssi", 0)                                                          \
    X(regexp_extract, "s:ssi", 0)                                                           \
    X(regexp_extract_all, "?", 0)                                                           \
    X(regexp_count, "i:ss", 0)                                                              \
    X(regexp_instr, "i:ss", 0)                                                              \
    X(split, "?", 0)                                                                        \
    X(str_to_map, "?", 0)                                                                   \
    /* like.c */                                                                            \
    X(like, "b:s*", 0)                                                                      \
    X(like_any, "b:s*", HR_K_NULLS)                                                         \
    X(like_all, "b:s*", HR_K_NULLS)                                                         \
    X(contains, "b:ss", 0)                                                                  \
    /* string.c */                                                                          \
    X(mask, "s:s*", HR_K_NULLS)                                                             \
    X(luhn_check, "b:s", 0)                                                                 \
    X(base64, "s:y", 0)                                                                     \
    X(unbase64, "y:s", 0)                                                                   \
    X(encode, "?", 0)                                                                       \
    X(decode, "?", 0)                                                                       \
    X(is_valid_utf8, "b:s", 0)                                                              \
    X(parse_url, "s:s*", 0)                                                                 \
    X(try_parse_url, "s:s*", 0)                                                             \
    X(quote, "s:s", 0)                                                                      \
    X(sentences, "?", 0)                                                                    \
    X(make_valid_utf8, "s:s", 0)                                                            \
    X(validate_utf8, "s:s", 0)                                                              \
    /* moment_parts.c */                                                                    \
    X(window_start, "?", 0)                                                                 \
    X(timestamp_add, "?", HR_K_ZONE)                                                        \
    X(timestamp_diff, "?", HR_K_ZONE)                                                       \
    X(make_timestamp, "?", HR_K_ZONE)                                                       \
    X(make_timestamp_null, "?", HR_K_ZONE)                                                  \
    X(plus_months, "?", HR_K_ZONE)                                                          \
    X(plus_micros, "?", HR_K_ZONE)                                                          \
    X(micros_between, "?", HR_K_ZONE)                                                       \
    X(make_day_time, "?", 0)                                                                \
    X(make_year_month, "m:ii", 0)                                                           \
    /* moment.c */                                                                          \
    X(hour, "?", HR_K_ZONE)                                                                 \
    X(minute, "?", HR_K_ZONE)                                                               \
    X(second, "?", HR_K_ZONE)                                                               \
    X(seconds, "?", HR_K_ZONE)                                                              \
    X(date_format, "s:Ts", HR_K_ZONE)                                                       \
    X(parse_moment, "?", HR_K_ZONE)                                                         \
    X(parse_moment_null, "?", HR_K_ZONE)                                                    \
    X(date_trunc, "T:sT", HR_K_ZONE)                                                        \
    X(trunc, "D:Ds", 0)                                                                     \
    X(week_of_year, "i:D", 0)                                                               \
    X(year_of_week, "i:D", 0)                                                               \
    X(last_day, "D:D", 0)                                                                   \
    X(date_diff, "i:DD", 0)                                                                 \
    X(next_day, "D:Ds", 0)                                                                  \
    X(next_day_null, "D:Ds", 0)                                                             \
    X(convert_timezone, "N:ssN", 0)                                                         \
    X(months_between, "d:TTb", HR_K_ZONE)                                                   \
    X(timestamp_of, "?", 0)                                                                 \
    X(date_shift, "D:Dii", 0)                                                               \
    X(make_date, "D:iii", 0)                                                                \
    X(make_date_null, "D:iii", 0)                                                           \
    X(from_utc, "T:Ts", 0)                                                                  \
    X(to_utc, "T:Ts", 0)                                                                    \
    /* json.c */                                                                            \
    X(get_json_object, "s:ss", 0)                                                           \
    X(json_field, "s:ss", 0)                                                                \
    X(json_array_length, "i:s", 0)                                                          \
    X(json_object_keys, "?", 0)                                                             \
    /* collection.c */                                                                      \
    X(always, "b:", HR_K_VOLATILE)                                                          \
    X(array_index, "l:ll", 0)                                                               \
    X(array_index_null, "l:ll", 0)                                                          \
    X(element_index, "l:ll", 0)                                                             \
    X(element_index_null, "l:ll", 0)                                                        \
    X(elt_index, "l:ll", 0)                                                                 \
    X(any_true, "?", 0)                                                                     \
    X(all_true, "?", 0)                                                                     \
    X(slice_start, "l:lll", 0)                                                              \
    X(insert_place, "l:ll", 0)                                                              \
    X(item_count, "l:l", HR_K_VOLATILE)                                                     \
    X(shuffled, "?", HR_K_VOLATILE)                                                         \
    X(pivoted, "?", HR_K_NULLS)                                                             \
    X(bitmap_count, "l:y", 0)                                                               \
    /* set.c */                                                                             \
    X(array_distinct, "?", 0)                                                               \
    X(array_union, "?", 0)                                                                  \
    X(array_except, "?", 0)                                                                 \
    X(array_intersect, "?", 0)                                                              \
    X(arrays_overlap, "?", 0)                                                               \
    X(array_position, "?", 0)                                                               \
    X(nullif, "?", HR_K_NULLS)                                                              \
    X(map_from_arrays, "?", 0)                                                              \
    X(map_from_entries, "?", 0)                                                             \
    /* sort.c */                                                                            \
    X(sort_array, "?", 0)                                                                   \
    X(array_sort, "?", 0)

/* kernels with options: hr_p_<name> prepares them */
#define HR_KERNELS_PREPARED(X) \
    /* json.c */               \
    X(to_json, "?", 0)         \
    X(from_json, "?", 0)       \
    X(schema_of_json, "s:s", 0) X(to_csv, "?", 0) X(from_csv, "?", 0) X(schema_of_csv, "s:s", 0)

#define X(name, signature, flags) void hr_k_##name(struct hr_rows *rows, idx_t row);
HR_KERNELS(X)
HR_KERNELS_PREPARED(X)
#undef X
#define X(name, signature, flags)                                        \
    enum hr_code hr_p_##name(struct hr_arena *arena, struct hr_env *env, \
                             struct hr_kernel_types *types, struct hr_err *err);
HR_KERNELS_PREPARED(X)
#undef X
/* fails with Java's ArithmeticException, which has no condition of Spark's */
void hr_arithmetic_failure(struct hr_rows *rows, const char *message);
/* the zone that an argument names; NULL when the row has failed with Spark's error */
const struct hr_zone *hr_zone_at(struct hr_rows *rows, size_t arg, idx_t row);
#define HR_ARRAY_ITEMS_MAX ((int64_t)INT32_MAX - 15) /* Spark's longest array */
/* an array of this function would have so many items */
void hr_too_many_items(struct hr_rows *rows, const char *function, int64_t count);
/* a date beyond its 32 bits of days */
void hr_date_overflow(struct hr_rows *rows);
#endif
