#include "access/access.h"
#include <string.h>
#include <strings.h>

#define SYNAPSE_READER HR_ACT_SYNAPSE_READ
#define OPERATOR (HR_ACT_SYNAPSE_READ | HR_ACT_USE_COMPUTE | HR_ACT_VIEW_LOGS | HR_ACT_CANCEL)

/* GUIDs are Azure's own, so that its clients' constants name the same roles here */
static const struct hr_role roles[] = {
    {"Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", HR_ROLES_ARM,
     HR_ACT_READ | HR_ACT_WRITE | HR_ACT_ASSIGN | HR_ACT_LINK, false,
     "manage everything, assign roles, link workspaces; no data"},
    {"Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c", HR_ROLES_ARM,
     HR_ACT_READ | HR_ACT_WRITE, false, "manage everything but roles; no data"},
    {"Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", HR_ROLES_ARM, HR_ACT_READ, false,
     "see everything; no data"},
    {"Synapse Administrator", "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78", HR_ROLES_SYNAPSE,
     OPERATOR | HR_ACT_SYNAPSE_WRITE | HR_ACT_SYNAPSE_ASSIGN, false,
     "use every pool, manage everything, assign Synapse roles"},
    {"Synapse Apache Spark Administrator", "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1", HR_ROLES_SYNAPSE,
     HR_ACT_SYNAPSE_READ | HR_ACT_USE_COMPUTE | HR_ACT_VIEW_LOGS | HR_ACT_SYNAPSE_WRITE, false,
     "use Spark pools, manage notebooks and jobs"},
    {"Synapse Compute Operator", "e3844cc7-4670-42cb-9349-9bdac1ee7881", HR_ROLES_SYNAPSE, OPERATOR,
     true, "use Spark pools, read logs, cancel"},
    {"Synapse Contributor", "7572bffe-f453-4b66-912a-46cc5ef38fda", HR_ROLES_SYNAPSE,
     HR_ACT_SYNAPSE_READ | HR_ACT_SYNAPSE_WRITE | HR_ACT_VIEW_LOGS, false,
     "manage notebooks and jobs, read logs"},
    {"Synapse User", "2a385764-43e8-416c-9825-7b18d05a2c4b", HR_ROLES_SYNAPSE, SYNAPSE_READER, true,
     "see the workspace and its pools"},
    {"Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", HR_ROLES_STORAGE,
     HR_ACT_BLOB_READ, false, "read blobs"},
    {"Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", HR_ROLES_STORAGE,
     HR_ACT_BLOB_READ | HR_ACT_BLOB_WRITE, false, "read, write and delete blobs"},
};

const struct hr_role *hr_role_find(const char *name_or_id)
{
    const char *slash = strrchr(name_or_id, '/');
    const char *tail = slash ? slash + 1 : name_or_id;
    for (size_t i = 0; i < HR_LEN(roles); i++)
        if (!strcasecmp(roles[i].id, tail) || !strcasecmp(roles[i].name, name_or_id))
            return &roles[i];
    return NULL;
}

const struct hr_role *hr_role_next(const struct hr_role *role)
{
    const struct hr_role *next = role ? role + 1 : roles;
    return next < roles + HR_LEN(roles) ? next : NULL;
}

const char *hr_role_family_name(enum hr_role_family family)
{
    static const char *const names[] = {"arm", "synapse", "storage"};
    return names[family];
}
