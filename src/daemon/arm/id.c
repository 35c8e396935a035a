#include "daemon/arm/id.h"
#include <string.h>
#include <strings.h>

static const char *const words[] = {
    "subscriptions",
    "resourceGroups",
    "providers",
    "workspaces",
    "computes",
    "linkedServices",
    "datastores",
    "datasets",
    "data",
    "versions",
    "connections",
    "bigDataPools",
    "storageAccounts",
    "blobServices",
    "containers",
    "Microsoft.MachineLearningServices",
    "Microsoft.Synapse",
    "Microsoft.Storage",
    "Microsoft.Authorization",
    "roleAssignments",
    "roleDefinitions",
};

static const char *canonical(const char *word)
{
    for (size_t i = 0; i < HR_LEN(words); i++)
        if (!strcasecmp(words[i], word))
            return words[i];
    return word;
}

static enum hr_code malformed(const char *text, struct hr_err *err)
{
    return hr_fail(err, HR_E_INVALID, "\"%.300s\" is not a resource id", text);
}

/* provider/TYPE/NAME/…, two by two */
static enum hr_code parse_types(struct hr_arena *arena,
                                char *const *part,
                                size_t count,
                                const char *text,
                                struct hr_arm_id *id,
                                struct hr_err *err)
{
    if (count < 3 || count % 2 == 0 || count / 2 > HR_ARM_DEPTH_MAX)
        return malformed(text, err);
    id->type = canonical(part[0]);
    id->text = hr_printf(arena, "%s/providers/%s", id->text, id->type);
    for (size_t i = 1; i < count; i += 2) {
        if (i > 1)
            id->parent = id->text;
        id->type = hr_printf(arena, "%s/%s", id->type, canonical(part[i]));
        id->name[id->depth++] = part[i + 1];
        id->text = hr_printf(arena, "%s/%s/%s", id->text, canonical(part[i]), part[i + 1]);
    }
    return HR_OK;
}

enum hr_code hr_arm_id_parse(struct hr_arena *arena,
                             const char *text,
                             struct hr_arm_id *id,
                             struct hr_err *err)
{
    char *part[2 * HR_ARM_DEPTH_MAX + 8], *save = NULL, *copy = hr_strdup(arena, text);
    size_t count = 0;
    *id = (struct hr_arm_id){0};
    if (text[0] != '/' || strlen(text) > 1024)
        return malformed(text, err);
    for (char *word = strtok_r(copy, "/", &save); word; word = strtok_r(NULL, "/", &save)) {
        if (count == HR_LEN(part))
            return malformed(text, err);
        part[count++] = word;
    }
    if (count < 2 || strcasecmp(part[0], "subscriptions"))
        return malformed(text, err);
    id->subscription = part[1];
    id->text = hr_printf(arena, "/subscriptions/%s", part[1]);
    if (count == 2)
        return HR_OK;
    if (count < 4 || strcasecmp(part[2], "resourceGroups"))
        return malformed(text, err);
    id->group = part[3];
    id->parent = id->text;
    id->type = HR_TYPE_GROUP;
    id->text = hr_printf(arena, "%s/resourceGroups/%s", id->text, part[3]);
    if (count == 4)
        return HR_OK;
    if (strcasecmp(part[4], "providers"))
        return malformed(text, err);
    id->parent = id->text;
    return parse_types(arena, part + 5, count - 5, text, id, err);
}
