#include "cli/common.h"
#include "daemon/daemon.h"
#include "io/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- serve ---- */

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
    HR_TRY(hr_cli_call(&wire, "GET", "/v1.0/me", NULL, &me, err));
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
        /* by this path Azure's libraries know a private cloud, and do not ask Microsoft about it: without, EnvironmentCredential() fails, and
           DefaultAzureCredential() with it */
        {"AZURE_AUTHORITY_HOST", hr_printf(arena, "%s/adfs", wire.url)},
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
        /* msrestazure sends no secret: its address has it */
        {"MSI_ENDPOINT", hr_printf(arena, "%s/msi/%s", wire.url, wire.token)},
        {"MSI_SECRET", wire.token},
    };
    for (size_t i = 0; i < HR_LEN(exports); i++)
        print_export(exports[i].name, exports[i].value);
    free(path);
    return HR_OK;
}

static const struct hr_option home_options[] = {HR_HOME_OPTION};

static const struct hr_command commands[] = {
    {"serve", "", "start a server; the first start makes everything it needs", 0, 0, HR_OPTIONS(serve_options), run_serve,
     "It prints one line when it accepts connections; DIR/run/endpoint.json says where and with which token.\nSIGTERM or Ctrl-C "
     "ends it in order.\n"},
    {"env", "", "print what a shell exports so that clients find the server: eval \"$(headrace env)\"", 0, 0,
     HR_OPTIONS(home_options), run_env},
};
const struct hr_command_group hr_server_commands = {"The server", commands, HR_LEN(commands)};
