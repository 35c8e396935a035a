/* Names as Azure has them, for the account that serves them and the client that asks for them. */
#ifndef HR_WIRE_AZURE_H
#define HR_WIRE_AZURE_H
#include <stdbool.h>
#include <stddef.h>

/* 3 to 63 lower-case letters, digits and single hyphens, none of these at an end; or $root, $web */
bool hr_azure_container_valid(const char *name, size_t len);
#endif
