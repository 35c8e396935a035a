/* gate's own: the relay (gate.c) and grants (grant.c). */
#ifndef HR_DAEMON_GATE_PRIVATE_H
#define HR_DAEMON_GATE_PRIVATE_H
#include "daemon/gate/gate.h"

struct hr_gate {
    struct hr_gate_options options;
};

/* the session's grant, asked for when there is none or it has become old; NULL where admission
 * gives none */
enum hr_code hr_gate_grant(struct hr_gate *gate,
                           struct hr_arena *arena,
                           struct hr_session *session,
                           const char **grant,
                           struct hr_err *err);
void hr_gate_grant_keep(struct hr_session *session, const char *grant);
#endif
