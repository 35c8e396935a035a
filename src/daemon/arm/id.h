/* Resource ids: /subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…].
 * Clients write them in any case and expect them in the canonical one (%synapse matches
 * "resourceGroups"): parse, compare without case, print canonical words. */
#ifndef HR_DAEMON_ARM_ID_H
#define HR_DAEMON_ARM_ID_H
#include "base/arena.h"
#include "base/error.h"

#define HR_ARM_DEPTH_MAX 4
#define HR_ARM_SUBSCRIPTION "/subscriptions/{subscription}"
#define HR_ARM_GROUP HR_ARM_SUBSCRIPTION "/resourceGroups/{group}"
#define HR_ARM_ML HR_ARM_GROUP "/providers/Microsoft.MachineLearningServices/workspaces"
#define HR_ARM_SYNAPSE HR_ARM_GROUP "/providers/Microsoft.Synapse/workspaces"
#define HR_ARM_STORAGE HR_ARM_GROUP "/providers/Microsoft.Storage/storageAccounts"

#define HR_TYPE_GROUP "Microsoft.Resources/resourceGroups"
#define HR_TYPE_ML "Microsoft.MachineLearningServices/workspaces"
#define HR_TYPE_COMPUTE HR_TYPE_ML "/computes"
#define HR_TYPE_LINK HR_TYPE_ML "/linkedServices"
#define HR_TYPE_SYNAPSE "Microsoft.Synapse/workspaces"
#define HR_TYPE_POOL HR_TYPE_SYNAPSE "/bigDataPools"
#define HR_TYPE_STORAGE "Microsoft.Storage/storageAccounts"

struct hr_arm_id {
    const char *subscription, *group; /* group NULL: the subscription itself */
    /* NAMESPACE/TYPE[/TYPE…], canonical; HR_TYPE_GROUP for a group */
    const char *type;
    const char *name[HR_ARM_DEPTH_MAX]; /* one a type */
    size_t depth;
    /* canonical; parent: the resource or group that holds it */
    const char *text, *parent;
};

enum hr_code hr_arm_id_parse(struct hr_arena *arena,
                             const char *text,
                             struct hr_arm_id *id,
                             struct hr_err *err);
#endif
