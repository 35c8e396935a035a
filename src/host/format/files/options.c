/* Options and settings as readers and writers ask for them: without case, checked as Spark checks
 * them. */
#include "host/format/files/files.h"
#include "base/clock.h"
#include "host/format/text_value.h"
#include <strings.h>

enum hr_code hr_option_bool(const struct hr_options *options,
                            const char *key,
                            bool fallback,
                            bool *value,
                            struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (!text)
        return HR_OK;
    if (!hr_value_boolean(text, strlen(text), value))
        return hr_fail(err, HR_E_INVALID, "%s flag can be true or false.", key);
    return HR_OK;
}

enum hr_code hr_option_long(const struct hr_options *options,
                            const char *key,
                            int64_t fallback,
                            int64_t *value,
                            struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (text && !hr_value_long(text, strlen(text), value))
        return hr_fail(err, HR_E_INVALID, "%s should be an integer. Found %s.", key, text);
    return HR_OK;
}

enum hr_code hr_option_pattern(struct hr_arena *arena,
                               const char *text,
                               enum hr_pattern_use use,
                               const struct hr_pattern **pattern,
                               struct hr_err *err)
{
    const char *problem = NULL;
    *pattern = NULL;
    if (text && !(*pattern = hr_pattern_new(arena, text, strlen(text), use, &problem)))
        return hr_fail_spark(err, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "pattern", text,
                             NULL);
    return HR_OK;
}

int64_t hr_now_us(void)
{
    return hr_clock_ms() * 1000;
}

struct hr_options hr_options_copy(struct hr_arena *arena, const struct hr_options *options)
{
    struct hr_options made = {HR_NEW_ARRAY(arena, struct hr_option, options->count + 1),
                              options->count};
    for (size_t i = 0; i < options->count; i++)
        made.at[i] = (struct hr_option){hr_strdup(arena, options->at[i].key),
                                        hr_strdup(arena, options->at[i].value)};
    return made;
}

const char *hr_conf(struct hr_env *env, const char *key, const char *fallback)
{
    const char *value = env ? env->ops->conf(env, key) : NULL;
    return value ? value : fallback;
}

bool hr_conf_bool(struct hr_env *env, const char *key, bool fallback)
{
    return !strcasecmp(hr_conf(env, key, fallback ? "true" : "false"), "true");
}

enum hr_code hr_conf_zone(struct hr_env *env,
                          const struct hr_options *options,
                          const struct hr_zone **zone,
                          const char **name,
                          struct hr_err *err)
{
    const char *text = options ? hr_option_get(options, "timeZone") : NULL;
    if (!text)
        text = hr_conf(env, "spark.sql.session.timeZone", "UTC");
    *name = text;
    *zone = hr_zone_find(text, strlen(text));
    return *zone ? HR_OK : hr_fail(err, HR_E_INVALID, "unknown time zone: \"%s\"", text);
}
