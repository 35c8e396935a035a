#include "wire/azure.h"
#include <string.h>

static bool is(const char *name, size_t len, const char *text)
{
    return len == strlen(text) && !memcmp(name, text, len);
}

bool hr_azure_container_valid(const char *name, size_t len)
{
    if (is(name, len, "$root") || is(name, len, "$web"))
        return true;
    if (len < 3 || len > 63 || name[0] == '-' || name[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        bool plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');
        bool single = name[i] == '-' && name[i - 1] != '-';
        if (!plain && !single)
            return false;
    }
    return true;
}
