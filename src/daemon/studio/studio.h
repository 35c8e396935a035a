/* The studio's pages: files that are part of this program, served below /studio/ to whoever asks.
 * They hold nothing of the home; everything that they show comes from the public REST, with the
 * token that their user gives them. No file system is looked at. Loop thread. */
#ifndef HR_DAEMON_STUDIO_STUDIO_H
#define HR_DAEMON_STUDIO_STUDIO_H
#include "http/http.h"

bool hr_studio_wants(const struct hr_request *request); /* /studio…, or / of a browser */
void hr_studio_take(struct hr_exchange *exchange);      /* answers it */
#endif
