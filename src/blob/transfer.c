#include "blob/transfer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAX 16 /* idle easy handles kept; connections are the multi handle's */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 8000
#define CANCEL_POLL_MS 50

struct hr_blob_mover {
    int attempts, timeout_ms;
    pthread_t thread;
    /* the innermost lock: no other is taken under it, and nobody's function called */
    pthread_mutex_t lock;
    pthread_cond_t done; /* some transfer's `done` was set; all who wait look for their own */
    /* under the lock, with each transfer's `done` and `cancelled` */
    struct hr_blob_transfer *incoming, **incoming_end;
    bool stop, cancel_asked;
    /* the thread's alone */
    CURLM *multi; /* but for curl_multi_wakeup, which is for others */
    struct hr_blob_transfer *delayed, *running;
    CURL *pool[POOL_MAX];
    size_t pool_count;
    unsigned pause_seed;
    _Atomic uint64_t requests, retries, bytes_read, bytes_written;
};

static void curl_once(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- curl's callbacks, on the mover's thread ---- */

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct hr_blob_transfer *transfer = arg;
    size_t len = size * count;
    /* a new answer: what stood before belonged to a 100 or a proxy */
    if (len > 5 && !memcmp(line, "HTTP/", 5)) {
        hr_buf_clear(&transfer->headers);
        return len;
    }
    const char *colon = memchr(line, ':', len);
    if (!colon)
        return len;
    size_t name_len = (size_t)(colon - line), start = name_len + 1, end = len;
    while (start < end && (line[start] == ' ' || line[start] == '\t'))
        start++;
    while (end > start && isspace((unsigned char)line[end - 1]))
        end--;
    for (size_t i = 0; i < name_len; i++)
        hr_buf_addc(&transfer->headers, (char)tolower((unsigned char)line[i]));
    hr_buf_addc(&transfer->headers, ':');
    hr_buf_add(&transfer->headers, line + start, end - start);
    return hr_buf_addc(&transfer->headers, '\n') ? len : 0;
}

static size_t response_max(const struct hr_blob_transfer *transfer)
{
    return transfer->response_max ? transfer->response_max : 64 * 1024;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct hr_blob_transfer *transfer = arg;
    size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    bool good = status / 100 == 2;
    atomic_fetch_add_explicit(&transfer->mover->bytes_read, len, memory_order_relaxed);
    if (good && transfer->into) {
        if (len > transfer->into_len - transfer->got)
            return 0; /* more than was asked for: the answer is not the range */
        memcpy((char *)transfer->into + transfer->got, bytes, len);
        transfer->got += len;
        return len;
    }
    size_t have = hr_buf_mark(&transfer->response);
    if (!good && have + len > response_max(transfer))
        return len; /* of an error's body the beginning is enough */
    transfer->got += len;
    return hr_buf_add(&transfer->response, bytes, len) ? len : 0;
}

static int on_progress(
    void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    struct hr_blob_transfer *transfer = arg;
    (void)down_total, (void)up_total;
    int64_t now = (int64_t)(hr_clock_mono_ns() / 1000000);
    if (down + up != transfer->moved || !transfer->moved_ms) {
        transfer->moved = down + up;
        transfer->moved_ms = now;
    }
    return now - transfer->moved_ms > transfer->mover->timeout_ms;
}

/* ---- one attempt ---- */

static bool loopback(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return !strncmp(host, "127.", 4) ||
           !strncmp(host, "localhost", 9) ||
           !strncmp(host, "[::1]", 5);
}

static void set_request(struct hr_blob_transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it stands */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (transfer->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, transfer->ca_file);
    if (loopback(transfer->url))
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    if (transfer->body ||
        !strcmp(transfer->method, "PUT") ||
        !strcmp(transfer->method, "PATCH") ||
        !strcmp(transfer->method, "POST")) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body ? transfer->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_len);
    }
    if (!strcmp(transfer->method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, transfer->method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->slist);
}

static void set_callbacks(struct hr_blob_transfer *transfer)
{
    CURL *easy = transfer->easy;
    int timeout_ms = transfer->mover->timeout_ms;
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(timeout_ms < 10000 ? timeout_ms : 10000));
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->why);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

static void finish(struct hr_blob_mover *mover,
                   struct hr_blob_transfer *transfer,
                   enum hr_code code)
{
    transfer->code = code;
    pthread_mutex_lock(&mover->lock);
    transfer->done = true;
    pthread_cond_broadcast(&mover->done);
    pthread_mutex_unlock(&mover->lock);
}

static void list_remove(struct hr_blob_transfer **list, struct hr_blob_transfer *transfer)
{
    while (*list && *list != transfer)
        list = &(*list)->next;
    if (*list)
        *list = transfer->next;
}

static void let_go(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer)
{
    list_remove(&mover->running, transfer);
    curl_multi_remove_handle(mover->multi, transfer->easy);
    curl_easy_reset(transfer->easy);
    if (mover->pool_count < POOL_MAX)
        mover->pool[mover->pool_count++] = transfer->easy;
    else
        curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    curl_slist_free_all(transfer->slist);
    transfer->slist = NULL;
}

static void start(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer)
{
    transfer->got = 0;
    transfer->moved = 0;
    transfer->moved_ms = 0;
    transfer->why[0] = 0;
    transfer->status = 0;
    hr_buf_release(&transfer->response); /* an earlier attempt's failure too */
    hr_buf_release(&transfer->headers);
    enum hr_code code = transfer->prepare(transfer, &transfer->slist, &transfer->err);
    if (code) {
        curl_slist_free_all(transfer->slist);
        transfer->slist = NULL;
        finish(mover, transfer, code);
        return;
    }
    transfer->easy = mover->pool_count ? mover->pool[--mover->pool_count] : curl_easy_init();
    HR_CHECK(transfer->easy);
    transfer->attempts++;
    atomic_fetch_add_explicit(&mover->requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&mover->bytes_written, transfer->body_len, memory_order_relaxed);
    set_request(transfer);
    set_callbacks(transfer);
    transfer->next = mover->running;
    mover->running = transfer;
    curl_multi_add_handle(mover->multi, transfer->easy);
}

/* ---- what came of it ---- */

static bool status_may_pass(int status)
{
    return status == 408 ||
           status == 429 ||
           status == 500 ||
           status == 502 ||
           status == 503 ||
           status == 504;
}

static bool failure_may_pass(const struct hr_blob_transfer *transfer, CURLcode result)
{
    switch ((int)result) { /* libcurl's: each of its versions may know more */
    case CURLE_COULDNT_RESOLVE_HOST:
        /* it rarely becomes known within seconds */
        return transfer->attempts < 3;
    /* a storage account, or the server that holds its port, starts again within seconds */
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_HTTP2:
    case CURLE_WEIRD_SERVER_REPLY:
        return true;
    default:
        return false;
    }
}

static int64_t pause_ms(struct hr_blob_mover *mover, const struct hr_blob_transfer *transfer)
{
    char after[32];
    int64_t pause = PAUSE_FIRST_MS;
    for (int i = 1; i < transfer->attempts && pause < PAUSE_MAX_MS; i++)
        pause *= 3;
    /* so that many readers do not come back together */
    pause += rand_r(&mover->pause_seed) % (pause / 2);
    int64_t asked = atoll(hr_transfer_header(transfer, "retry-after", after, sizeof after)) * 1000;
    pause = asked > pause ? asked : pause;
    return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

static enum hr_code describe(struct hr_blob_transfer *transfer, CURLcode result)
{
    const char *host = strstr(transfer->url, "://");
    host = host ? host + 3 : transfer->url;
    int len = (int)strcspn(host, "/");
    const char *why = transfer->why[0] ? transfer->why : curl_easy_strerror(result);
    int tries = transfer->attempts;
    const char *s = tries == 1 ? "" : "s";
    switch ((int)result) { /* libcurl's: each of its versions may know more */
    case CURLE_OK:
        return hr_fail(&transfer->err, HR_E_IO, "the answer of '%.*s' was cut short %d time%s", len,
                       host, tries, s);
    case CURLE_COULDNT_RESOLVE_HOST:
        hr_fail(&transfer->err, HR_E_STORAGE_DOWN, "the host '%.*s' is not known", len, host);
        return hr_fail_hint(&transfer->err,
                            "check the account's name; does this machine reach Azure?");
    case CURLE_COULDNT_CONNECT:
        return hr_fail(&transfer->err, HR_E_STORAGE_DOWN, "nobody answers at '%.*s' (%d attempt%s)",
                       len, host, tries, s);
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_ABORTED_BY_CALLBACK:
        return hr_fail(&transfer->err, HR_E_STORAGE_DOWN,
                       "'%.*s' was silent for %d ms (%d attempt%s)", len, host,
                       transfer->mover->timeout_ms, tries, s);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return hr_fail(&transfer->err, HR_E_STORAGE_DOWN,
                       "the certificate of '%.*s' is not trusted: %s", len, host, why);
    case CURLE_WRITE_ERROR:
        return hr_fail(&transfer->err, HR_E_IO, "'%.*s' answered with more than was asked for", len,
                       host);
    default:
        return hr_fail(&transfer->err, HR_E_STORAGE_DOWN,
                       "the connection to '%.*s' failed: %s (%d attempt%s)", len, host, why, tries,
                       s);
    }
}

static bool is_cancelled(struct hr_blob_mover *mover, const struct hr_blob_transfer *transfer)
{
    pthread_mutex_lock(&mover->lock);
    bool cancelled = transfer->cancelled;
    pthread_mutex_unlock(&mover->lock);
    return cancelled;
}

static void completed(struct hr_blob_mover *mover,
                      struct hr_blob_transfer *transfer,
                      CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->status = (int)status;
    bool short_body = result == CURLE_OK &&
                      status / 100 == 2 &&
                      transfer->into &&
                      transfer->got != transfer->into_len;
    bool again = result == CURLE_OK ? status_may_pass(transfer->status) || short_body
                                    : failure_may_pass(transfer, result);
    again = again && transfer->attempts < mover->attempts && !is_cancelled(mover, transfer);
    let_go(mover, transfer);
    if (again) {
        atomic_fetch_add_explicit(&mover->retries, 1, memory_order_relaxed);
        transfer->due_ms = (int64_t)(hr_clock_mono_ns() / 1000000) + pause_ms(mover, transfer);
        transfer->next = mover->delayed;
        mover->delayed = transfer;
        return;
    }
    finish(mover, transfer, result == CURLE_OK && !short_body ? HR_OK : describe(transfer, result));
}

/* ---- the thread ---- */

static struct hr_blob_transfer *take_incoming(struct hr_blob_mover *mover,
                                              bool *cancels,
                                              bool *stop)
{
    pthread_mutex_lock(&mover->lock);
    struct hr_blob_transfer *list = mover->incoming;
    mover->incoming = NULL;
    mover->incoming_end = &mover->incoming;
    *cancels = mover->cancel_asked;
    mover->cancel_asked = false;
    *stop = mover->stop;
    pthread_mutex_unlock(&mover->lock);
    return list;
}

static void drop_cancelled(struct hr_blob_mover *mover)
{
    for (struct hr_blob_transfer *t = mover->running, *next; t; t = next) {
        next = t->next;
        if (is_cancelled(mover, t)) {
            let_go(mover, t);
            finish(mover, t, hr_fail(&t->err, HR_E_CANCELLED, "the request was cancelled"));
        }
    }
    for (struct hr_blob_transfer *t = mover->delayed, *next; t; t = next) {
        next = t->next;
        if (is_cancelled(mover, t)) {
            list_remove(&mover->delayed, t);
            finish(mover, t, hr_fail(&t->err, HR_E_CANCELLED, "the request was cancelled"));
        }
    }
}

static void start_due(struct hr_blob_mover *mover)
{
    int64_t now = (int64_t)(hr_clock_mono_ns() / 1000000);
    for (struct hr_blob_transfer *t = mover->delayed, *next; t; t = next) {
        next = t->next;
        if (t->due_ms <= now) {
            list_remove(&mover->delayed, t);
            start(mover, t);
        }
    }
}

static int until_due(const struct hr_blob_mover *mover)
{
    int64_t now = (int64_t)(hr_clock_mono_ns() / 1000000), wait = 1000;
    for (const struct hr_blob_transfer *t = mover->delayed; t; t = t->next)
        wait = t->due_ms - now < wait ? t->due_ms - now : wait;
    return wait > 0 ? (int)wait : 0;
}

static void *run(void *arg)
{
    struct hr_blob_mover *mover = arg;
    for (bool stop = false; !stop;) {
        bool cancels;
        for (struct hr_blob_transfer *t = take_incoming(mover, &cancels, &stop), *next; t;
             t = next) {
            next = t->next;
            if (is_cancelled(mover, t))
                finish(mover, t, hr_fail(&t->err, HR_E_CANCELLED, "the request was cancelled"));
            else
                start(mover, t);
        }
        if (cancels)
            drop_cancelled(mover);
        int running, left;
        start_due(mover);
        curl_multi_perform(mover->multi, &running);
        for (CURLMsg *msg; (msg = curl_multi_info_read(mover->multi, &left));) {
            struct hr_blob_transfer *transfer;
            CURLcode result = msg->data.result;
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
            completed(mover, transfer, result);
        }
        if (!stop)
            curl_multi_poll(mover->multi, NULL, 0, until_due(mover), NULL);
    }
    return NULL;
}

enum hr_code hr_mover_new(const struct hr_blob_mover_options *options,
                          struct hr_blob_mover **out,
                          struct hr_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_once);
    struct hr_blob_mover *mover = calloc(1, sizeof *mover);
    HR_CHECK(mover);
    mover->attempts = options->attempts;
    mover->timeout_ms = options->timeout_ms;
    mover->pause_seed = (unsigned)hr_clock_mono_ns();
    mover->incoming_end = &mover->incoming;
    mover->multi = curl_multi_init();
    HR_CHECK(mover->multi);
    curl_multi_setopt(mover->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HR_BLOB_CONNECTIONS_MAX);
    curl_multi_setopt(mover->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    pthread_mutex_init(&mover->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&mover->done, &clock);
    pthread_condattr_destroy(&clock);
    if (pthread_create(&mover->thread, NULL, run, mover)) {
        curl_multi_cleanup(mover->multi);
        free(mover);
        return hr_fail(err, HR_E_NOMEM, "cannot start a thread for storage requests");
    }
    *out = mover;
    return HR_OK;
}

void hr_mover_free(struct hr_blob_mover *mover)
{
    if (!mover)
        return;
    pthread_mutex_lock(&mover->lock);
    mover->stop = true;
    pthread_mutex_unlock(&mover->lock);
    curl_multi_wakeup(mover->multi);
    pthread_join(mover->thread, NULL);
    HR_CHECK(!mover->running && !mover->delayed && !mover->incoming);
    for (size_t i = 0; i < mover->pool_count; i++)
        curl_easy_cleanup(mover->pool[i]);
    curl_multi_cleanup(mover->multi);
    pthread_cond_destroy(&mover->done);
    pthread_mutex_destroy(&mover->lock);
    free(mover);
}

void hr_mover_submit(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer)
{
    HR_CHECK(transfer->prepare && transfer->method && transfer->url);
    hr_buf_init(&transfer->response, response_max(transfer));
    hr_buf_init(&transfer->headers, HR_HTTP_HEADER_BYTES_MAX);
    transfer->mover = mover;
    transfer->next = NULL;
    pthread_mutex_lock(&mover->lock);
    *mover->incoming_end = transfer;
    mover->incoming_end = &transfer->next;
    pthread_mutex_unlock(&mover->lock);
    curl_multi_wakeup(mover->multi);
}

static void ask_cancel(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer)
{
    transfer->cancelled = true;
    mover->cancel_asked = true;
    curl_multi_wakeup(mover->multi);
}

static void wait_a_moment(struct hr_blob_mover *mover)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CANCEL_POLL_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&mover->done, &mover->lock, &until);
}

enum hr_code hr_mover_wait(struct hr_blob_mover *mover,
                           struct hr_blob_transfer *transfer,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err)
{
    pthread_mutex_lock(&mover->lock);
    while (!transfer->done) {
        if (!cancel || !cancel->cancelled || transfer->cancelled) {
            pthread_cond_wait(&mover->done, &mover->lock);
            continue;
        }
        wait_a_moment(mover);
        if (transfer->done)
            break;
        pthread_mutex_unlock(&mover->lock);
        bool stop = cancel->cancelled(cancel->arg);
        pthread_mutex_lock(&mover->lock);
        if (stop)
            ask_cancel(mover, transfer);
    }
    pthread_mutex_unlock(&mover->lock);
    if (transfer->code && err)
        *err = transfer->err;
    return transfer->code;
}

void hr_mover_cancel(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer)
{
    pthread_mutex_lock(&mover->lock);
    if (!transfer->done)
        ask_cancel(mover, transfer);
    while (!transfer->done)
        pthread_cond_wait(&mover->done, &mover->lock);
    pthread_mutex_unlock(&mover->lock);
}

void hr_mover_count(struct hr_blob_mover *mover, struct hr_blob_counts *counts)
{
    counts->requests += atomic_load(&mover->requests);
    counts->retries += atomic_load(&mover->retries);
    counts->bytes_read += atomic_load(&mover->bytes_read);
    counts->bytes_written += atomic_load(&mover->bytes_written);
}

void hr_transfer_release(struct hr_blob_transfer *transfer)
{
    hr_buf_release(&transfer->response);
    hr_buf_release(&transfer->headers);
}

/* the value's place among the headers; NULL when absent */
static const char *find_header(const struct hr_blob_transfer *transfer,
                               const char *name,
                               size_t *value_len)
{
    size_t len = strlen(name);
    if (!hr_buf_ok(&transfer->headers))
        return NULL; /* too large: the transfer failed for it */
    for (const char *line = hr_buf_text(&transfer->headers); *line;
         line += strcspn(line, "\n") + 1) {
        if (strncmp(line, name, len) || line[len] != ':')
            continue;
        *value_len = strcspn(line + len + 1, "\n");
        return line + len + 1;
    }
    return NULL;
}

const char *hr_transfer_header(const struct hr_blob_transfer *transfer,
                               const char *name,
                               char *value,
                               size_t size)
{
    size_t len = 0;
    const char *found = find_header(transfer, name, &len);
    len = len < size - 1 ? len : size - 1;
    if (found)
        memcpy(value, found, len);
    value[found ? len : 0] = 0;
    return value;
}

const char *hr_transfer_header_whole(const struct hr_blob_transfer *transfer,
                                     const char *name,
                                     struct hr_arena *arena)
{
    size_t len = 0;
    const char *found = find_header(transfer, name, &len);
    return found && len ? hr_strndup(arena, found, len) : NULL;
}
