/* Lines over a Unix socket: how the daemon talks to its helper processes (interpreters) in
 * newline-delimited JSON.
 *
 * Loop's thread only. Lines sent before the connection stands are queued. `closed` is told once,
 * whatever ends the connection, and the struct is gone after it; hr_lines_close ends it without
 * telling. */
#ifndef HR_IO_LINES_H
#define HR_IO_LINES_H
#include "base/error.h"
#include <stddef.h>

struct hr_loop;
struct hr_lines;

struct hr_lines_handler {
    void (*opened)(void *arg); /* may be NULL */
    /* NUL in the place of the newline; valid during the call */
    void (*line)(char *text, size_t len, void *arg);
    void (*closed)(const char *why, void *arg);
};
/* patience_ms: a socket that is not there yet, or does not accept yet, is tried again for so long
 */
struct hr_lines *hr_lines_connect(struct hr_loop *loop,
                                  const char *path,
                                  unsigned patience_ms,
                                  size_t line_max,
                                  const struct hr_lines_handler *handler,
                                  void *arg);
/* copies; adds the newline */
void hr_lines_send(struct hr_lines *lines, const char *text, size_t len);
void hr_lines_close(struct hr_lines *lines); /* NULL is fine */
#endif
