/* Structured logs: one line an event, `time level event key=value …`, to standard error.
 * Secrets have a type that no formatter accepts: keep a key, token or SAS in struct hr_secret and
 * there is nothing to log by accident. */
#ifndef HR_BASE_LOG_H
#define HR_BASE_LOG_H

enum hr_log_level { HR_LOG_DEBUG, HR_LOG_INFO, HR_LOG_WARN, HR_LOG_ERROR };

struct hr_secret {
    char *text;
};

/* name-value pairs of text, closed by NULL; a NULL value is left out */
void hr_log(enum hr_log_level level, const char *event, ...) __attribute__((sentinel));
#endif
