/* arm: Azure's management REST over this server's own resources: cloud metadata, token service,
 * subscriptions, workspaces, Synapse workspaces and pools, linked services, computes, role
 * assignments, principals. doc/arm.md lists the routes.
 *
 * Resources live in the store as rows named by their resource id; what a reply adds (addresses,
 * states) is computed when it is made. */
#ifndef HR_DAEMON_ARM_ARM_H
#define HR_DAEMON_ARM_ARM_H
#include "daemon/rest/rest.h"

const struct hr_routes *hr_arm_routes(void);
/* the defaults of a fresh home: group, workspace, Synapse workspace, pool, storage account, and the
 * owner's roles on them. The site names them; runs in the caller's transaction. */
enum hr_code hr_arm_bootstrap(struct hr_site *site,
                              const struct hr_principal *owner,
                              struct hr_err *err);
/* goes on with what was under way when the server ended */
void hr_arm_start(struct hr_site *site);
void hr_arm_stop(void);
#endif
