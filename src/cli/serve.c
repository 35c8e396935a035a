#include "cli/common.h"
#include "daemon/daemon.h"
#include "io/file.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- serve ---- */

static const struct hr_option serve_options[] = {
    {"home", "DIR",
     "where everything is kept; made when absent ($HEADRACE_HOME, else ~/.headrace)"},
    {"port", "N", "gRPC, REST and studio; 0 or none: a free one, the same again next time"},
    {"listen", "ADDRESS", "127.0.0.1 unless told; any other than loopback takes TLS only"},
    {"storage-port", "N", "the storage account's; 0 or none: a free one, the same again next time"},
    {"python", "FILE", "the Python that has the headrace package (found)"},
};

static enum hr_code run_serve(const struct hr_args *args,
                              struct hr_arena *arena,
                              struct hr_err *err)
{
    struct hr_daemon_options options = {.home = hr_client_home(arena, hr_args_get(args, "home")),
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

/* The server on this home; with HEADRACE_URL alone the one there, of which no endpoint file is to
 * be read: a colleague's. */
static enum hr_code find_server(const struct hr_args *args,
                                struct hr_arena *arena,
                                struct hr_client **client,
                                struct hr_err *err)
{
    const char *home = hr_args_get(args, "home"), *url = getenv("HEADRACE_URL"),
               *from_env = getenv("HEADRACE_HOME");
    bool home_named = home || (from_env && *from_env);
    if (url && *url && !home_named)
        return hr_client_find(arena, NULL, client, err);
    return hr_client_find(arena, hr_client_home(arena, home), client, err);
}

/* HOST:PORT of the address, its scheme's port where it has none of its own: Spark Connect's is
 * another */
static enum hr_code authority_of(struct hr_arena *arena,
                                 const char *url,
                                 const char **authority,
                                 struct hr_err *err)
{
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    bool read = parts &&
                curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (read)
        *authority = hr_printf(arena, "%s:%s", host, port);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return read ? HR_OK : hr_fail(err, HR_E_INVALID, "HEADRACE_URL is no address: \"%s\"", url);
}

static enum hr_code spark_remote(struct hr_arena *arena,
                                 struct hr_client *client,
                                 const char **remote,
                                 struct hr_err *err)
{
    const char *authority, *connect = hr_client_field(client, "connect"),
                           *at = strstr(connect, ";token=");
    *remote = connect;
    if (at && strcmp(client->token.text, hr_client_field(client, "token")))
        *remote =
            hr_printf(arena, "%.*s;token=%s", (int)(at - connect), connect, client->token.text);
    if (client->endpoint)
        return HR_OK;
    HR_TRY(authority_of(arena, client->url, &authority, err));
    bool tls = !strncmp(client->url, "https://", 8);
    *remote = hr_printf(arena, "sc://%s/;token=%s%s", authority, client->token.text,
                        tls ? ";use_ssl=true" : "");
    return HR_OK;
}

/* in the server's home; of a server elsewhere in the user's cache, a file a server */
static enum hr_code bundle_path(struct hr_arena *arena,
                                struct hr_client *client,
                                const char **path,
                                struct hr_err *err)
{
    const char *authority, *folder, *cache = getenv("XDG_CACHE_HOME"), *user = getenv("HOME");
    if (client->endpoint) {
        *path = hr_printf(arena, "%s/tls/bundle.pem", client->home);
        return HR_OK;
    }
    folder = hr_printf(arena, "%s/.cache/headrace", user ? user : "");
    if (cache && *cache)
        folder = hr_printf(arena, "%s/headrace", cache);
    HR_TRY(authority_of(arena, client->url, &authority, err));
    HR_TRY(hr_file_mkdirs(folder, err));
    *path = hr_printf(arena, "%s/%s.pem", folder, authority);
    return HR_OK;
}

/* Clients that are told of one authority forget the others: a bundle of the system's and ours. NULL
 * where the server's certificate is one that the system knows */
static enum hr_code write_bundle(struct hr_arena *arena,
                                 struct hr_client *client,
                                 const char **path,
                                 struct hr_err *err)
{
    static const char *const system_bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                                 "/etc/pki/tls/certs/ca-bundle.crt",
                                                 "/etc/ssl/cert.pem"};
    char *ours, *system = NULL;
    size_t ours_len, len = 0;
    *path = NULL;
    if (!*client->ca_file)
        return HR_OK;
    HR_TRY(hr_file_read(arena, client->ca_file, 1 << 20, &ours, &ours_len, err));
    for (size_t i = 0; i < HR_LEN(system_bundles) && !system; i++)
        if (hr_file_read(arena, system_bundles[i], 16 << 20, &system, &len, NULL))
            system = NULL;
    const char *both = system ? hr_printf(arena, "%s\n%s", system, ours) : ours;
    HR_TRY(bundle_path(arena, client, path, err));
    return hr_file_write(*path, 0600, both, strlen(both), err);
}

/* by the account's key, which stands in the endpoint file only: a colleague goes by a role */
static const char *storage_connection(struct hr_arena *arena, struct hr_client *client)
{
    const char *url = hr_client_field(client, "storage_url"),
               *account = hr_client_field(client, "account");
    if (!client->endpoint)
        return NULL;
    return hr_printf(arena,
                     "DefaultEndpointsProtocol=%s;AccountName=%s;AccountKey=%s;BlobEndpoint=%s/%s",
                     strncmp(url, "https", 5) ? "http" : "https", account,
                     hr_client_field(client, "account_key"), url, account);
}

static enum hr_code run_env(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_client *client;
    const char *bundle, *connect, *tenant, *subscription;
    json_t *me;
    HR_TRY(find_server(args, arena, &client, err));
    HR_TRY(hr_cli_call(client, "GET", "/v1.0/me", NULL, &me, err));
    const char *principal = hr_strdup(arena, json_string_value(json_object_get(me, "id")));
    json_decref(me);
    HR_TRY(hr_client_default(client, "tenant_id", &tenant, err));
    HR_TRY(hr_client_default(client, "subscription_id", &subscription, err));
    HR_TRY(write_bundle(arena, client, &bundle, err));
    HR_TRY(spark_remote(arena, client, &connect, err));
    char *home = client->endpoint ? realpath(client->home, NULL) : NULL;
    const struct {
        const char *name, *value;
    } exports[] = {
        {"HEADRACE_HOME", home},
        {"HEADRACE_URL", client->url},
        {"HEADRACE_TOKEN", client->token.text},
        {"HEADRACE_CA_FILE", *client->ca_file ? client->ca_file : NULL},
        {"SPARK_REMOTE", connect},
        {"REQUESTS_CA_BUNDLE", bundle},
        {"SSL_CERT_FILE", bundle},
        {"CURL_CA_BUNDLE", bundle},
        {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", bundle},
        /* by this path Azure's libraries know a private cloud, and do not ask Microsoft about it:
           without, EnvironmentCredential() fails, and DefaultAzureCredential() with it */
        {"AZURE_AUTHORITY_HOST", hr_printf(arena, "%s/adfs", client->url)},
        {"AZURE_TENANT_ID", tenant},
        {"AZURE_CLIENT_ID", principal},
        {"AZURE_CLIENT_SECRET", client->token.text},
        {"AZURE_SUBSCRIPTION_ID", subscription},
        {"AZURE_STORAGE_CONNECTION_STRING", storage_connection(arena, client)},
        {"ARM_CLOUD_METADATA_URL", hr_printf(arena, "%s/metadata/endpoints", client->url)},
        /* a name that azure-ai-ml does not know by itself, and asks the address above for:
           AzureCloud is Microsoft's to it */
        {"AZUREML_CURRENT_CLOUD", "LocalCloud"},
        /* msrestazure sends no secret: its address has it */
        {"MSI_ENDPOINT", hr_printf(arena, "%s/msi/%s", client->url, client->token.text)},
        {"MSI_SECRET", client->token.text},
    };
    for (size_t i = 0; i < HR_LEN(exports); i++)
        if (exports[i].value)
            print_export(exports[i].name, exports[i].value);
    free(home);
    return HR_OK;
}

static const struct hr_option home_options[] = {HR_HOME_OPTION};

static const struct hr_command commands[] = {
    {"serve", "", "start a server; the first start makes everything it needs", 0, 0,
     HR_OPTIONS(serve_options), run_serve,
     "It prints one line when it accepts connections; DIR/run/endpoint.json says where and with which token.\nSIGTERM or Ctrl-C "
     "ends it in order.\n"},
    {"env", "",
     "print what a shell exports so that clients find the server: eval \"$(headrace env)\"", 0, 0,
     HR_OPTIONS(home_options), run_env},
};
const struct hr_command_group hr_server_commands = {"The server", commands, HR_LEN(commands)};
