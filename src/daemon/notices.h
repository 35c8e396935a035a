/* Notices: what the daemon tells the processes that hold its grants, as soon as it is so.
 *
 * A role that is taken away ends the principal's grants by a signed message: to the hosts of its
 * sessions (by the gate, with a new grant for who may still use the pool), and to every socket
 * RUN/NAME.grants (0600): the storage account, mounts. A process that starts later reads what was
 * told in the last minutes from RUN/revoked, one message a line. The REST reply that took the role
 * away waits until all have answered, or HEARD_MS. Any other change only makes the gate ask anew.
 * Loop's thread only. */
#ifndef HR_DAEMON_NOTICES_H
#define HR_DAEMON_NOTICES_H
#include "daemon/gate/gate.h"
#include "daemon/rest/rest.h"

struct hr_notices;

/* writes RUN/grant.pub, the key that hosts, account and mounts are handed, and listens to the
 * site's identity from now on */
enum hr_code hr_notices_new(struct hr_site *site,
                            struct hr_gate *gate,
                            struct hr_notices **notices,
                            struct hr_err *err);
/* writes its files again, in a run folder that somebody removed */
enum hr_code hr_notices_mend(struct hr_notices *notices, struct hr_err *err);
void hr_notices_stop(struct hr_notices *notices); /* before the gate stops; NULL is fine */
/* once the loop and its connections are gone; NULL is fine */
void hr_notices_free(struct hr_notices *notices);

/* files of a site's run folder, in the arena */
const char *hr_notices_key_file(const struct hr_site *site, struct hr_arena *arena);
const char *hr_notices_revoked_file(const struct hr_site *site, struct hr_arena *arena);
const char *hr_notices_socket(const struct hr_site *site, struct hr_arena *arena, const char *name);
#endif
