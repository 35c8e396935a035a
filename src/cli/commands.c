#include "access/access.h"
#include "base/clock.h"
#include "cli/command.h"
#include "daemon/daemon.h"
#include "io/child.h"
#include "io/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HOME_OPTION {"home", "DIR", "the server's home ($HEADRACE_HOME, else ~/.headrace)"}
#define JSON_OPTION {"json", NULL, "JSON for programs instead of a table for people"}
#define GROUP_OPTION {"resource-group", "NAME", "the resource group (the server's own)"}
#define OPTIONS(list) list, HR_LEN(list)

/* ---- what commands share ---- */

static enum hr_code find(const struct hr_args *args, struct hr_arena *arena, struct hr_wire *wire, struct hr_err *err)
{
    return hr_wire_find(arena, hr_args_get(args, "home"), wire, err);
}

static enum hr_code call(const struct hr_wire *wire, const char *method, const char *path, json_t *body, json_t **reply,
                         struct hr_err *err)
{
    int status;
    return hr_wire_call(wire, method, path, body, &status, reply, err);
}

/* prints one thing or a list of them, and lets go of it */
static enum hr_code show(const struct hr_args *args, json_t *reply, const struct hr_column *columns, size_t count)
{
    json_t *rows = json_object_get(reply, "value");
    if (hr_args_has(args, "json")) {
        hr_print_json(rows ? rows : reply);
    } else {
        json_t *list = rows ? json_incref(rows) : json_is_array(reply) ? json_incref(reply) : json_pack("[O]", reply);
        hr_print_table(list, columns, count);
        json_decref(list);
    }
    json_decref(reply);
    return HR_OK;
}

/* the subscription and group of the server; both from its endpoint file, or asked */
static enum hr_code group_path(const struct hr_args *args, const struct hr_wire *wire, const char **path, struct hr_err *err)
{
    const char *subscription = hr_wire_field(wire, "subscription_id"), *group = hr_args_get(args, "resource-group");
    if (!*subscription) {
        json_t *reply;
        HR_TRY(call(wire, "GET", "/subscriptions?api-version=2022-12-01", NULL, &reply, err));
        subscription =
            hr_strdup(wire->arena,
                      json_string_value(json_object_get(json_array_get(json_object_get(reply, "value"), 0), "subscriptionId")));
        json_decref(reply);
    }
    if (!group)
        group = *hr_wire_field(wire, "resource_group") ? hr_wire_field(wire, "resource_group") : "headrace";
    *path = hr_printf(wire->arena, "/subscriptions/%s/resourceGroups/%s", subscription, hr_wire_escape(wire->arena, group));
    return HR_OK;
}

/* ---- serve, host, account ---- */

static const struct hr_option serve_options[] = {
    {"home", "DIR", "where everything is kept; made when absent ($HEADRACE_HOME, else ~/.headrace)"},
    {"port", "N", "gRPC, REST and studio; 0 or none: a free one, the same again next time"},
    {"listen", "ADDRESS", "127.0.0.1 unless told; any other than loopback takes TLS only"},
    {"storage-port", "N", "the storage account's; 0 or none: a free one, the same again next time"},
    {"python", "FILE", "the Python that has the headrace package (found)"},
};

static enum hr_code run_serve(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_daemon_options options = {.home = hr_wire_home(arena, hr_args_get(args, "home")),
                                        .python = hr_args_get(args, "python")};
    options.listen = hr_args_get(args, "listen") ? hr_args_get(args, "listen") : "127.0.0.1";
    HR_TRY(hr_args_number(args, "port", 0, 0, 65535, &options.port, err));
    HR_TRY(hr_args_number(args, "storage-port", 0, 0, 65535, &options.storage_port, err));
    return hr_daemon_serve(&options, err);
}

/* ---- users ---- */

static const struct hr_column user_columns[] = {{"NAME", "displayName"}, {"PRINCIPAL", "id"}, {"KIND", "principalType"}};
static const struct hr_option user_create_options[] = {
    HOME_OPTION, JSON_OPTION, {"no-reader", NULL, "without the role Reader on the server's resource group"}};
static const struct hr_option plain_options[] = {HOME_OPTION, JSON_OPTION};

static enum hr_code run_user_create(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    json_t *reply, *body = json_pack("{s:s, s:b}", "displayName", args->positional[0], "reader", !hr_args_has(args, "no-reader"));
    if (!body)
        return hr_fail(err, HR_E_INVALID, "the name is not UTF-8");
    enum hr_code code = find(args, arena, &wire, err);
    if (code) {
        json_decref(body);
        return code;
    }
    HR_TRY(call(&wire, "POST", "/v1.0/users", body, &reply, err));
    json_t *made = json_pack("{s:O, s:O, s:O}", "name", json_object_get(reply, "displayName"), "principal",
                             json_object_get(reply, "id"), "token", json_object_get(reply, "token"));
    json_decref(reply);
    static const struct hr_column columns[] = {{"NAME", "name"}, {"PRINCIPAL", "principal"}, {"TOKEN (told once)", "token"}};
    return show(args, made, columns, HR_LEN(columns));
}

static enum hr_code run_user_list(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    json_t *reply;
    HR_TRY(find(args, arena, &wire, err));
    HR_TRY(call(&wire, "GET", "/v1.0/users", NULL, &reply, err));
    return show(args, reply, user_columns, HR_LEN(user_columns));
}

static enum hr_code run_user_remove(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    json_t *reply;
    HR_TRY(find(args, arena, &wire, err));
    HR_TRY(
        call(&wire, "DELETE", hr_printf(arena, "/v1.0/users/%s", hr_wire_escape(arena, args->positional[0])), NULL, &reply, err));
    json_decref(reply);
    return HR_OK;
}

/* ---- roles ---- */

static const struct hr_option assign_options[] = {
    HOME_OPTION, JSON_OPTION,
    {"assignee", "PRINCIPAL", "who gets it: a principal's GUID or name"},
    {"scope", "SCOPE", "workspaces/NAME[/bigDataPools/POOL] for Synapse roles, a resource id for the others"},
};

static bool is_synapse(const char *scope)
{
    return !strncasecmp(scope, "workspaces/", 11);
}

static enum hr_code find_assignee(const struct hr_wire *wire, const char *text, const char **id, struct hr_err *err)
{
    json_t *reply;
    HR_TRY(call(wire, "GET", hr_printf(wire->arena, "/v1.0/directoryObjects/%s", hr_wire_escape(wire->arena, text)), NULL, &reply,
                err));
    *id = hr_strdup(wire->arena, json_string_value(json_object_get(reply, "id")));
    json_decref(reply);
    return HR_OK;
}

/* a Synapse scope's address on the server: /synapse/NAME */
static const char *synapse_address(struct hr_arena *arena, const char *scope)
{
    char *name = hr_strdup(arena, scope + 11);
    name[strcspn(name, "/")] = 0;
    return hr_printf(arena, "/synapse/%s", hr_wire_escape(arena, name));
}

static const char *slashes_kept(struct hr_arena *arena, const char *scope)
{
    const char *out = "";
    char *save = NULL, *copy = hr_strdup(arena, scope);
    for (char *word = strtok_r(copy, "/", &save); word; word = strtok_r(NULL, "/", &save))
        out = hr_printf(arena, "%s/%s", out, hr_wire_escape(arena, word));
    return out;
}

static enum hr_code need(const struct hr_args *args, const char *name, const char **value, struct hr_err *err)
{
    *value = hr_args_get(args, name);
    return *value ? HR_OK : hr_fail(err, HR_E_INVALID, "option \"--%s\" is missing", name);
}

static enum hr_code run_role_assign(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    const char *assignee, *scope, *principal, *path;
    char guid[37];
    json_t *reply, *body;
    int status;
    const struct hr_role *role = hr_role_find(args->positional[0]);
    if (!role) {
        hr_fail(err, HR_E_NOT_FOUND, "there is no role \"%s\"", args->positional[0]);
        hr_fail_hint(err, "headrace role definition");
        return HR_E_NOT_FOUND;
    }
    HR_TRY(need(args, "assignee", &assignee, err));
    HR_TRY(need(args, "scope", &scope, err));
    HR_TRY(hr_access_check_scope(role, scope, err));
    HR_TRY(find(args, arena, &wire, err));
    HR_TRY(find_assignee(&wire, assignee, &principal, err));
    hr_uuid_new(guid);
    if (role->family == HR_ROLES_SYNAPSE) {
        path = hr_printf(arena, "%s/roleAssignments/%s?api-version=2020-12-01", synapse_address(arena, scope), guid);
        body = json_pack("{s:s, s:s, s:s}", "roleId", role->id, "principalId", principal, "scope", scope);
    } else {
        path = hr_printf(arena, "%s/providers/Microsoft.Authorization/roleAssignments/%s?api-version=2022-04-01",
                         slashes_kept(arena, scope), guid);
        body = json_pack("{s:{s:s, s:s}}", "properties", "roleDefinitionId", role->id, "principalId", principal);
    }
    enum hr_code code = hr_wire_call(&wire, "PUT", path, body, &status, &reply, err);
    if (code == HR_E_EXISTS && status == 409) {   /* what was asked for is so */
        printf("\"%s\" has role \"%s\" on \"%s\" already\n", assignee, role->name, scope);
        return HR_OK;
    }
    HR_TRY(code);
    if (hr_args_has(args, "json"))
        hr_print_json(reply);
    else
        printf("\"%s\" now has role \"%s\" on \"%s\"\n", assignee, role->name, scope);
    json_decref(reply);
    return HR_OK;
}

static const struct hr_option role_list_options[] = {
    HOME_OPTION, JSON_OPTION, GROUP_OPTION,
    {"assignee", "PRINCIPAL", "only this principal's"},
    {"scope", "SCOPE", "only on and below this scope, and above it for resource ids"},
};

/* one shape for both dialects: role, principal, scope, id */
static json_t *flat(json_t *row, json_t *names)
{
    json_t *in = json_object_get(row, "properties") ? json_object_get(row, "properties") : row;
    const char *role_id = json_string_value(json_object_get(in, "roleDefinitionId")),
               *principal = json_string_value(json_object_get(in, "principalId"));
    const struct hr_role *role = hr_role_find(role_id ? role_id : "");
    json_t *name = json_object_get(names, principal ? principal : "");
    return json_pack("{s:s, s:s, s:O, s:O, s:O}", "role", role ? role->name : "", "principal", principal ? principal : "", "name",
                     name ? name : json_object_get(in, "principalId"), "scope", json_object_get(in, "scope"), "id",
                     json_object_get(row, json_object_get(row, "name") ? "name" : "id"));
}

static enum hr_code principal_names(const struct hr_wire *wire, json_t **names, struct hr_err *err)
{
    json_t *reply, *row;
    size_t i;
    HR_TRY(call(wire, "GET", "/v1.0/users", NULL, &reply, err));
    *names = json_object();
    json_array_foreach(json_object_get(reply, "value"), i, row)
        json_object_set(*names, json_string_value(json_object_get(row, "id")), json_object_get(row, "displayName"));
    json_decref(reply);
    return HR_OK;
}

static enum hr_code add_assignments(const struct hr_wire *wire, const char *path, const char *principal, json_t *names,
                                    json_t *list, struct hr_err *err)
{
    json_t *reply, *row;
    size_t i;
    HR_TRY(call(wire, "GET", path, NULL, &reply, err));
    json_array_foreach(json_object_get(reply, "value"), i, row) {
        json_t *one = flat(row, names);
        const char *who = json_string_value(json_object_get(one, "principal"));
        if (!principal || (who && !strcasecmp(who, principal)))
            json_array_append(list, one);
        json_decref(one);
    }
    json_decref(reply);
    return HR_OK;
}

/* without a scope: the subscription's and every Synapse workspace's that may be seen */
static enum hr_code add_all(const struct hr_args *args, const struct hr_wire *wire, const char *principal, json_t *names,
                            json_t *list, struct hr_err *err)
{
    const char *group;
    json_t *reply, *row;
    size_t i;
    HR_TRY(group_path(args, wire, &group, err));
    const char *subscription = hr_strndup(wire->arena, group, (size_t)(strstr(group, "/resourceGroups/") - group));
    HR_TRY(add_assignments(wire, hr_printf(wire->arena, "%s/providers/Microsoft.Authorization/roleAssignments", subscription),
                           principal, names, list, err));
    HR_TRY(
        call(wire, "GET", hr_printf(wire->arena, "%s/providers/Microsoft.Synapse/workspaces", subscription), NULL, &reply, err));
    enum hr_code code = HR_OK;
    json_array_foreach(json_object_get(reply, "value"), i, row)
        if (!code)
            code = add_assignments(wire,
                                   hr_printf(wire->arena, "/synapse/%s/roleAssignments",
                                             json_string_value(json_object_get(row, "name"))),
                                   principal, names, list, err);
    json_decref(reply);
    return code;
}

static const struct hr_column assignment_columns[] = {
    {"ROLE", "role"}, {"NAME", "name"}, {"PRINCIPAL", "principal"}, {"SCOPE", "scope"}, {"ID", "id"}};

static enum hr_code run_role_list(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    const char *scope = hr_args_get(args, "scope"), *principal = NULL;
    json_t *names, *list;
    HR_TRY(find(args, arena, &wire, err));
    if (hr_args_has(args, "assignee"))
        HR_TRY(find_assignee(&wire, hr_args_get(args, "assignee"), &principal, err));
    HR_TRY(principal_names(&wire, &names, err));
    list = json_array();
    enum hr_code code;
    if (!scope)
        code = add_all(args, &wire, principal, names, list, err);
    else
        code = add_assignments(&wire,
                               hr_printf(arena, "%s%s/roleAssignments",
                                         is_synapse(scope) ? synapse_address(arena, scope) : slashes_kept(arena, scope),
                                         is_synapse(scope) ? "" : "/providers/Microsoft.Authorization"),
                               principal, names, list, err);
    json_decref(names);
    if (code) {
        json_decref(list);
        return code;
    }
    return show(args, list, assignment_columns, HR_LEN(assignment_columns));
}

static const struct hr_option role_remove_options[] = {
    HOME_OPTION, JSON_OPTION,
    {"scope", "SCOPE", "the scope that it stands on"},
    {"assignee", "PRINCIPAL", "whose"},
};

/* the id of the assignment among those listed, in the arena; NULL: none */
static const char *find_assignment(struct hr_arena *arena, json_t *list, const struct hr_role *role, const char *scope)
{
    json_t *row;
    size_t i;
    json_array_foreach(list, i, row)
        if (!strcasecmp(json_string_value(json_object_get(row, "scope")), scope) &&
            !strcmp(json_string_value(json_object_get(row, "role")), role->name))
            return hr_strdup(arena, json_string_value(json_object_get(row, "id")));
    return NULL;
}

static enum hr_code run_role_remove(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    const char *assignee, *scope, *principal;
    const struct hr_role *role = hr_role_find(args->positional[0]);
    if (!role)
        return hr_fail(err, HR_E_NOT_FOUND, "there is no role \"%s\"", args->positional[0]);
    HR_TRY(need(args, "assignee", &assignee, err));
    HR_TRY(need(args, "scope", &scope, err));
    HR_TRY(find(args, arena, &wire, err));
    HR_TRY(find_assignee(&wire, assignee, &principal, err));
    const char *base = is_synapse(scope)
                           ? hr_printf(arena, "%s/roleAssignments", synapse_address(arena, scope))
                           : hr_printf(arena, "%s/providers/Microsoft.Authorization/roleAssignments", slashes_kept(arena, scope));
    json_t *list = json_array(), *names = json_object(), *reply;
    enum hr_code code = add_assignments(&wire, base, principal, names, list, err);
    const char *id = code ? NULL : find_assignment(arena, list, role, scope);
    json_decref(list);
    json_decref(names);
    HR_TRY(code);
    if (!id)
        return hr_fail(err, HR_E_NOT_FOUND, "\"%s\" does not have role \"%s\" on \"%s\"", assignee, role->name, scope);
    HR_TRY(call(&wire, "DELETE", hr_printf(arena, "%s/%s", base, id), NULL, &reply, err));
    json_decref(reply);
    printf("\"%s\" no longer has role \"%s\" on \"%s\"\n", assignee, role->name, scope);
    return HR_OK;
}

static enum hr_code run_role_definition(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    (void)arena;
    (void)err;
    json_t *list = json_array();
    for (const struct hr_role *role = NULL; (role = hr_role_next(role));)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", role->name, "id", role->id, "family",
                                              hr_role_family_name(role->family), "text", role->text));
    static const struct hr_column columns[] = {{"ROLE", "name"}, {"FAMILY", "family"}, {"ID", "id"}, {"FOR", "text"}};
    return show(args, list, columns, HR_LEN(columns));
}

/* ---- workspaces, Synapse workspaces, pools ---- */

static const struct hr_column resource_columns[] = {{"NAME", "name"}, {"STATE", "properties.provisioningState"}, {"ID", "id"}};
static const struct hr_option resource_options[] = {HOME_OPTION, JSON_OPTION, GROUP_OPTION};
static const struct hr_option pool_options[] = {
    HOME_OPTION, JSON_OPTION, GROUP_OPTION, {"synapse", "NAME", "the Synapse workspace (the server's own)"},
};

struct kind { const char *provider, *version; bool in_synapse; };
static const struct kind workspace_kind = {"Microsoft.MachineLearningServices/workspaces", "2022-05-01", false};
static const struct kind synapse_kind = {"Microsoft.Synapse/workspaces", "2021-03-01", false};
static const struct kind pool_kind = {"Microsoft.Synapse/workspaces", "2021-03-01", true};

static enum hr_code resource_path(const struct hr_args *args, const struct hr_wire *wire, const struct kind *kind,
                                  const char *name, const char **path, struct hr_err *err)
{
    const char *group, *synapse = kind->in_synapse ? hr_args_get(args, "synapse") : NULL;
    struct hr_arena *arena = wire->arena;
    HR_TRY(group_path(args, wire, &group, err));
    if (kind->in_synapse && !synapse)
        synapse = hr_wire_field(wire, "synapse_workspace");
    if (kind->in_synapse && !*synapse)
        return hr_fail(err, HR_E_INVALID, "option \"--synapse\" is missing");
    const char *base = kind->in_synapse ? hr_printf(arena, "%s/providers/%s/%s/bigDataPools", group, kind->provider,
                                                    hr_wire_escape(arena, synapse))
                                        : hr_printf(arena, "%s/providers/%s", group, kind->provider);
    *path =
        hr_printf(arena, "%s%s%s?api-version=%s", base, name ? "/" : "", name ? hr_wire_escape(arena, name) : "", kind->version);
    return HR_OK;
}

static enum hr_code resource(const struct hr_args *args, struct hr_arena *arena, const struct kind *kind, const char *method,
                             const char *name, json_t *body, struct hr_err *err)
{
    struct hr_wire wire;
    const char *path = NULL;
    json_t *reply;
    enum hr_code code = find(args, arena, &wire, err);
    if (!code)
        code = resource_path(args, &wire, kind, name, &path, err);
    if (code) {
        json_decref(body);
        return code;
    }
    HR_TRY(call(&wire, method, path, body, &reply, err));
    return show(args, reply, resource_columns, HR_LEN(resource_columns));
}

#define RESOURCE_COMMANDS(kind) \
    static enum hr_code run_##kind##_create(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err) \
    { return resource(args, arena, &kind##_kind, "PUT", args->positional[0], json_pack("{s:{}}", "properties"), err); } \
    static enum hr_code run_##kind##_show(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err) \
    { return resource(args, arena, &kind##_kind, "GET", args->positional[0], NULL, err); } \
    static enum hr_code run_##kind##_list(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err) \
    { return resource(args, arena, &kind##_kind, "GET", NULL, NULL, err); }
RESOURCE_COMMANDS(workspace)
RESOURCE_COMMANDS(synapse)
RESOURCE_COMMANDS(pool)

/* ---- env ---- */

static void print_export(const char *name, const char *value)
{
    printf("export %s='", name);
    for (; *value; value++) {
        if (*value == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*value);
    }
    puts("'");
}

/* clients that are told of one authority forget the others: a bundle of the system's and ours */
static enum hr_code write_bundle(struct hr_arena *arena, const struct hr_wire *wire, const char **path, struct hr_err *err)
{
    static const char *const system_bundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                                 "/etc/ssl/cert.pem"};
    char *ours, *system = NULL;
    size_t ours_len, len = 0;
    HR_TRY(hr_file_read(arena, wire->ca_file, 1 << 20, &ours, &ours_len, err));
    for (size_t i = 0; i < HR_LEN(system_bundles) && !system; i++)
        if (hr_file_read(arena, system_bundles[i], 16 << 20, &system, &len, NULL))
            system = NULL;
    const char *both = system ? hr_printf(arena, "%s\n%s", system, ours) : ours;
    *path = hr_printf(arena, "%s/tls/bundle.pem", wire->home);
    return hr_file_write(*path, 0600, both, strlen(both), err);
}

static enum hr_code run_env(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_wire wire;
    const char *bundle, *home = hr_args_get(args, "home");
    json_t *me;
    HR_TRY(hr_wire_find(arena, home ? home : hr_wire_home(arena, NULL), &wire, err));
    HR_TRY(call(&wire, "GET", "/v1.0/me", NULL, &me, err));
    const char *principal = hr_strdup(arena, json_string_value(json_object_get(me, "id")));
    json_decref(me);
    HR_TRY(write_bundle(arena, &wire, &bundle, err));
    const char *connect = hr_wire_field(&wire, "connect"), *at = strstr(connect, ";token=");
    if (at && strcmp(wire.token, hr_wire_field(&wire, "token")))
        connect = hr_printf(arena, "%.*s;token=%s", (int)(at - connect), connect, wire.token);
    char *path = realpath(wire.home, NULL);
    const struct { const char *name, *value; } exports[] = {
        {"HEADRACE_HOME", path ? path : wire.home},
        {"HEADRACE_URL", wire.url},
        {"HEADRACE_TOKEN", wire.token},
        {"HEADRACE_CA_FILE", wire.ca_file},
        {"SPARK_REMOTE", connect},
        {"REQUESTS_CA_BUNDLE", bundle},
        {"SSL_CERT_FILE", bundle},
        {"CURL_CA_BUNDLE", bundle},
        {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", bundle},
        {"AZURE_AUTHORITY_HOST", wire.url},
        {"AZURE_TENANT_ID", hr_wire_field(&wire, "tenant_id")},
        {"AZURE_CLIENT_ID", principal},
        {"AZURE_CLIENT_SECRET", wire.token},
        {"AZURE_SUBSCRIPTION_ID", hr_wire_field(&wire, "subscription_id")},
        {"AZURE_STORAGE_CONNECTION_STRING",
         hr_printf(arena, "DefaultEndpointsProtocol=%s;AccountName=%s;AccountKey=%s;BlobEndpoint=%s/%s",
                   strncmp(hr_wire_field(&wire, "storage_url"), "https", 5) ? "http" : "https", hr_wire_field(&wire, "account"),
                   hr_wire_field(&wire, "account_key"), hr_wire_field(&wire, "storage_url"), hr_wire_field(&wire, "account"))},
        {"ARM_CLOUD_METADATA_URL", hr_printf(arena, "%s/metadata/endpoints", wire.url)},
        {"AZUREML_CURRENT_CLOUD", "AzureCloud"},
        {"MSI_ENDPOINT", hr_printf(arena, "%s/msi", wire.url)},
        {"MSI_SECRET", wire.token},
    };
    for (size_t i = 0; i < HR_LEN(exports); i++)
        print_export(exports[i].name, exports[i].value);
    free(path);
    return HR_OK;
}

/* ---- the table ---- */

static const struct hr_option home_options[] = {HOME_OPTION};

const struct hr_command hr_commands[] = {
    {"serve", "", "start a server; the first start makes everything it needs", 0, 0, OPTIONS(serve_options), run_serve,
     "It prints one line when it accepts connections; DIR/run/endpoint.json says where and with which token.\nSIGTERM or Ctrl-C "
     "ends it in order.\n"},
    {"env", "", "print what a shell exports so that clients find the server: eval \"$(headrace env)\"", 0, 0,
     OPTIONS(home_options), run_env},
    {"user create", "NAME", "make a user; prints its principal and its token, once", 1, 1, OPTIONS(user_create_options),
     run_user_create},
    {"user list", "", "users and managed identities", 0, 0, OPTIONS(plain_options), run_user_list},
    {"user remove", "NAME", "remove a user with its token and roles", 1, 1, OPTIONS(plain_options), run_user_remove},
    {"role assign", "ROLE", "give a principal a role on a scope", 1, 1, OPTIONS(assign_options), run_role_assign,
     "  headrace role assign \"Synapse Apache Spark Administrator\" --assignee anna --scope workspaces/headrace-synapse\n"},
    {"role remove", "ROLE", "take a role away", 1, 1, OPTIONS(role_remove_options), run_role_remove},
    {"role list", "", "who has which role where", 0, 0, OPTIONS(role_list_options), run_role_list},
    {"role definition", "", "the roles there are", 0, 0, OPTIONS(plain_options), run_role_definition},
    {"workspace create", "NAME", "make a Machine Learning workspace", 1, 1, OPTIONS(resource_options), run_workspace_create},
    {"workspace list", "", "Machine Learning workspaces", 0, 0, OPTIONS(resource_options), run_workspace_list},
    {"workspace show", "NAME", "one Machine Learning workspace", 1, 1, OPTIONS(resource_options), run_workspace_show},
    {"synapse create", "NAME", "make a Synapse workspace", 1, 1, OPTIONS(resource_options), run_synapse_create},
    {"synapse list", "", "Synapse workspaces", 0, 0, OPTIONS(resource_options), run_synapse_list},
    {"synapse show", "NAME", "one Synapse workspace", 1, 1, OPTIONS(resource_options), run_synapse_show},
    {"pool create", "NAME", "make an embedded Spark pool", 1, 1, OPTIONS(pool_options), run_pool_create},
    {"pool list", "", "the Spark pools of a Synapse workspace", 0, 0, OPTIONS(pool_options), run_pool_list},
    {"pool show", "NAME", "one Spark pool", 1, 1, OPTIONS(pool_options), run_pool_show},
};
const size_t hr_command_count = HR_LEN(hr_commands);
