/* Who holds a host: the daemon, by a call that stays open.
 *
 * The daemon calls POST /headrace/hold on the host's own Unix socket as soon as that listens, and
 * neither side ends it. Its end is how a host learns that its daemon died: it goes on for
 * `linger_ms` if it has sessions, so that the next daemon can adopt it by another such call, and
 * ends itself when none came. Loop's thread only. */
#ifndef HR_HOST_HOLD_H
#define HR_HOST_HOLD_H
#include "http/http.h"
#include <stdbool.h>
#include <stdint.h>

struct hr_loop;
struct hr_connect;
struct hr_hold;

/* linger_ms 0: nobody holds this host, it never ends by itself */
struct hr_hold *hr_hold_new(struct hr_loop *loop, struct hr_connect *connect, uint64_t linger_ms);
bool hr_hold_wants(const struct hr_request *request);                  /* Unix sockets only */
void hr_hold_take(struct hr_hold *hold, struct hr_exchange *exchange); /* in `request` */
/* before the service is freed; NULL is fine */
void hr_hold_stop(struct hr_hold *hold);
void hr_hold_free(struct hr_hold *hold); /* after the loop */
#endif
