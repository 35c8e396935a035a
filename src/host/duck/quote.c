#include "host/duck/quote.h"
#include <string.h>

void hr_duck_text(const char *bytes, size_t len, struct hr_buf *out)
{
    hr_buf_addc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        /* SQL text cannot hold a NUL, and \1 is what marks an operand for the emitter */
        if (bytes[i] == 0 || bytes[i] == 1) {
            hr_buf_addf(out, "' || chr(%d) || '", bytes[i]);
            continue;
        }
        if (bytes[i] == '\'')
            hr_buf_addc(out, '\'');
        hr_buf_addc(out, bytes[i]);
    }
    hr_buf_addc(out, '\'');
}

void hr_duck_name(const char *name, struct hr_buf *out)
{
    hr_buf_addc(out, '"');
    for (; *name; name++) {
        if (*name == '"')
            hr_buf_addc(out, '"');
        hr_buf_addc(out, *name);
    }
    hr_buf_addc(out, '"');
}
