/* The account's private door: a Unix socket (0600, the own uid) by which the daemon says that
 * grants have ended. The messages are signed, and what was said before this process started is read
 * from a file. Loop's thread. */
#include "account/request.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"
#include <string.h>
#include <unistd.h>

#define CONTROL_PATH "/headrace/grant"
#define REVOCATION "headrace-revocation"
#define REVOKED_FILE_MAX (1 << 20)

static enum hr_code take(struct account *account, const char *text, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_revocation revocation;
    enum hr_code code = hr_revocation_verify(arena, account->grant_key, text, &revocation, err);
    if (!code) {
        hr_revoked_add(&account->revoked, &revocation, hr_clock_ms());
        hr_log(HR_LOG_INFO, "account_revoked", "principal", revocation.principal, NULL);
    }
    hr_arena_free(arena);
    return code;
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    const char *text = hr_header_get(&request->headers, REVOCATION);
    struct hr_err err;
    int status = 204;
    if (request->peer_uid != (int)getuid())
        status = 403;
    else if (strcmp(request->path, CONTROL_PATH) || !text)
        status = 404;
    else if (take(arg, text, &err))
        status = 401;
    hr_exchange_reply(exchange, status, NULL, "", 0);
}

enum hr_code hr_account_notices(struct account *account,
                                struct hr_arena *arena,
                                const char *socket,
                                const char *revoked,
                                struct hr_http_server **server,
                                struct hr_err *err)
{
    static const struct hr_exchange_handler handler = {.request = on_request};
    struct hr_http_server_options options = {
        .unix_path = socket, .body_max = 1, .handler = &handler, .arg = account};
    /* the socket first: what is said from now on is heard, and what was said before stands in the
     * file */
    HR_TRY(hr_http_server_start(account->loop, &options, server, err));
    char *text, *save = NULL;
    size_t len;
    if (!revoked || !hr_file_exists(revoked))
        return HR_OK;
    HR_TRY(hr_file_read(arena, revoked, REVOKED_FILE_MAX, &text, &len, err));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        HR_TRY(take(account, line, err));
    return HR_OK;
}
