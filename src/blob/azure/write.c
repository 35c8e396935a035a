/* Writing an object in parts, several under way at a time, made visible in one step: Put Block List
 * (wasb), or a rename of a flushed temporary file (abfs). A small object that no stage holds back
 * and no condition guards is one Put Blob: that may be done twice. */
#include "blob/azure/azure.h"
#include "base/check.h"
#include "base/clock.h"
#include "wire/base64.h"
#include "wire/uri.h"
#include "wire/xml.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_BYTES (8u << 20)
#define PARTS_AT_ONCE 4
#define PARTS_MAX 50000 /* Azure's limit of committed blocks */

struct part {
    struct hr_azure_call call;
    struct hr_arena *arena;
    char *bytes;
    struct part *next;
};

struct upload {
    struct hr_azure_access access;
    char *buffer; /* of PART_BYTES, filled up to `filled` */
    size_t filled, count, under_way;
    int64_t sent;
    struct part *parts;             /* oldest first */
    char id[37];                    /* makes this writer's block ids its own */
    struct hr_blob_place temporary; /* abfs: the hidden file that becomes the object */
    bool temporary_made;
};

enum hr_code hr_azure_create(struct hr_blob_writer *writer, struct hr_err *err)
{
    struct upload *upload = HR_NEW(writer->arena, struct upload);
    HR_TRY(hr_azure_access(writer->blob, writer->arena, &writer->place, &upload->access, err));
    hr_uuid_new(upload->id);
    writer->state = upload;
    if (!hr_azure_is_dfs(&writer->place))
        return HR_OK;
    const char *path = writer->place.path, *slash = strrchr(path, '/');
    upload->temporary = writer->place;
    upload->temporary.path = hr_printf(writer->arena, "%.*s.headrace-%s.part",
                                       slash ? (int)(slash + 1 - path) : 0, path, upload->id);
    upload->temporary.location =
        hr_printf(writer->arena, "%s/%s", writer->place.root, upload->temporary.path);
    return HR_OK;
}

/* base64 of 40 characters: all ids of a blob have one length */
static void block_id(const struct upload *upload, size_t number, char out[64])
{
    char plain[64];
    snprintf(plain, sizeof plain, "%.32s-%05zu..", upload->id, number);
    hr_base64_encode(plain, strlen(plain), out);
}

static enum hr_code make_temporary(struct hr_blob_writer *writer, struct hr_err *err)
{
    struct upload *upload = writer->state;
    struct hr_azure_call call;
    if (!hr_azure_is_dfs(&writer->place) || upload->temporary_made)
        return HR_OK;
    HR_TRY(hr_azure_call(&call, writer->blob, writer->arena, &upload->temporary, &upload->access,
                         "PUT", upload->temporary.path, "resource=file", err));
    hr_azure_header(&call, "x-ms-content-type", writer->options.content_type);
    enum hr_code code = hr_azure_do(&call, "write", writer->cancel, err);
    hr_azure_end(&call);
    upload->temporary_made = !code;
    return code;
}

/* ---- parts ---- */

static void part_free(struct part *part)
{
    hr_azure_end(&part->call);
    hr_arena_free(part->arena);
    free(part->bytes);
    free(part);
}

static enum hr_code wait_oldest(struct hr_blob_writer *writer, struct hr_err *err)
{
    struct upload *upload = writer->state;
    struct part *part = upload->parts;
    enum hr_code code = hr_azure_wait(&part->call, writer->cancel, err);
    if (!code && part->call.transfer.status / 100 != 2)
        code = hr_azure_fail(&part->call, "write", err);
    upload->parts = part->next;
    upload->under_way--;
    part_free(part);
    return code;
}

static enum hr_code part_call(struct hr_blob_writer *writer,
                              struct part *part,
                              size_t len,
                              struct hr_err *err)
{
    struct upload *upload = writer->state;
    char id[64];
    const char *query;
    if (hr_azure_is_dfs(&writer->place)) {
        query = hr_printf(part->arena, "action=append&position=%lld", (long long)upload->sent);
        HR_TRY(hr_azure_call(&part->call, writer->blob, part->arena, &upload->temporary,
                             &upload->access, "PATCH", upload->temporary.path, query, err));
    } else {
        block_id(upload, upload->count, id);
        query = hr_printf(part->arena, "comp=block%s", hr_azure_param(part->arena, "blockid", id));
        HR_TRY(hr_azure_call(&part->call, writer->blob, part->arena, &writer->place,
                             &upload->access, "PUT", writer->place.path, query, err));
    }
    part->call.transfer.body = part->bytes;
    part->call.transfer.body_len = len;
    return hr_azure_send(&part->call, err);
}

/* hands the filled buffer to the mover */
static enum hr_code send_part(struct hr_blob_writer *writer, struct hr_err *err)
{
    struct upload *upload = writer->state;
    if (upload->count == PARTS_MAX)
        return hr_fail(err, HR_E_LIMIT, "'%s' would have more than %d blocks",
                       writer->place.location, PARTS_MAX);
    HR_TRY(make_temporary(writer, err));
    while (upload->under_way >= PARTS_AT_ONCE)
        HR_TRY(wait_oldest(writer, err));
    struct part *part = calloc(1, sizeof *part);
    HR_CHECK(part);
    part->arena = hr_arena_new(NULL);
    part->bytes = upload->buffer;
    upload->buffer = NULL;
    enum hr_code code = part_call(writer, part, upload->filled, err);
    if (code) {
        part_free(part);
        return code;
    }
    struct part **at = &upload->parts;
    while (*at)
        at = &(*at)->next;
    *at = part;
    upload->count++;
    upload->under_way++;
    upload->sent += (int64_t)upload->filled;
    upload->filled = 0;
    return HR_OK;
}

enum hr_code hr_azure_write(struct hr_blob_writer *writer,
                            const void *bytes,
                            size_t len,
                            struct hr_err *err)
{
    struct upload *upload = writer->state;
    for (size_t done = 0; done < len;) {
        if (upload->filled == PART_BYTES)
            HR_TRY(send_part(writer, err));
        if (!upload->buffer && !(upload->buffer = malloc(PART_BYTES)))
            return hr_fail(err, HR_E_NOMEM, "no memory to write '%s'", writer->place.location);
        size_t n =
            len - done < PART_BYTES - upload->filled ? len - done : PART_BYTES - upload->filled;
        memcpy(upload->buffer + upload->filled, (const char *)bytes + done, n);
        upload->filled += n;
        done += n;
    }
    return HR_OK;
}

/* ---- finish: stored, not visible ---- */

static enum hr_code flush_temporary(struct hr_blob_writer *writer, struct hr_err *err)
{
    struct upload *upload = writer->state;
    struct hr_azure_call call;
    const char *query =
        hr_printf(writer->arena, "action=flush&position=%lld&close=true", (long long)upload->sent);
    HR_TRY(hr_azure_call(&call, writer->blob, writer->arena, &upload->temporary, &upload->access,
                         "PATCH", upload->temporary.path, query, err));
    enum hr_code code = hr_azure_do(&call, "write", writer->cancel, err);
    hr_azure_end(&call);
    return code;
}

enum hr_code hr_azure_finish(struct hr_blob_writer *writer, bool staged, struct hr_err *err)
{
    struct upload *upload = writer->state;
    bool guarded = !writer->options.overwrite || writer->options.if_match[0];
    /* publish sends it, as one Put Blob */
    bool one_put = !hr_azure_is_dfs(&writer->place) && !staged && !guarded && !upload->count;
    if (!one_put && upload->filled)
        HR_TRY(send_part(writer, err));
    while (upload->under_way)
        HR_TRY(wait_oldest(writer, err));
    if (!hr_azure_is_dfs(&writer->place))
        return HR_OK;
    /* an empty object had no part to make it for */
    HR_TRY(make_temporary(writer, err));
    return flush_temporary(writer, err);
}

/* ---- publish: visible in one step ---- */

static void conditions(const struct hr_blob_writer *writer, struct hr_azure_call *call)
{
    if (writer->options.if_match[0])
        hr_azure_header(call, "If-Match", writer->options.if_match);
    else if (!writer->options.overwrite)
        hr_azure_header(call, "If-None-Match", "*");
}

/* An attempt whose answer was lost may have been carried out (curl too repeats a request when a
 * kept connection turns out dead): then the object is ours although the next attempt was refused.
 * Block ids are this writer's own, so they tell. */
static bool is_ours(const struct hr_blob_writer *writer,
                    const struct hr_azure_call *call,
                    struct hr_blob_stat *stat)
{
    const struct upload *upload = writer->state;
    struct hr_azure_call look;
    char id[64];
    if (!upload->count || (call->transfer.status != 409 && call->transfer.status != 412))
        return false;
    block_id(upload, 0, id);
    if (hr_azure_call(&look, writer->blob, writer->arena, &writer->place, &upload->access, "GET",
                      writer->place.path, "comp=blocklist&blocklisttype=committed", NULL))
        return false;
    look.transfer.response_max = 16 * 1024 * 1024;
    bool ours = !hr_azure_do(&look, "look at", writer->cancel, NULL) &&
                strstr(hr_buf_text(&look.transfer.response), id);
    if (ours)
        hr_azure_stat_of(&look, stat);
    hr_azure_end(&look);
    return ours;
}

static enum hr_code done(struct hr_blob_writer *writer,
                         struct hr_azure_call *call,
                         enum hr_code code,
                         struct hr_blob_stat *stat,
                         struct hr_err *err)
{
    if (!code)
        hr_azure_stat_of(call, stat);
    else if (is_ours(writer, call, stat))
        code = HR_OK;
    if (code == HR_E_CHANGED && !writer->options.if_match[0])
        code = hr_fail(err, HR_E_EXISTS, "'%s' exists already", writer->place.location);
    hr_azure_end(call);
    stat->size = writer->written;
    stat->is_dir = false;
    return code;
}

static enum hr_code put_blob(struct hr_blob_writer *writer,
                             struct hr_blob_stat *stat,
                             struct hr_err *err)
{
    struct upload *upload = writer->state;
    struct hr_azure_call call;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    char md5[64];
    EVP_Digest(upload->buffer ? upload->buffer : "", upload->filled, digest, &digest_len, EVP_md5(),
               NULL);
    hr_base64_encode(digest, digest_len, md5);
    HR_TRY(hr_azure_call(&call, writer->blob, writer->arena, &writer->place, &upload->access, "PUT",
                         writer->place.path, "", err));
    hr_azure_header(&call, "x-ms-blob-type", "BlockBlob");
    hr_azure_header(&call, "Content-Type", writer->options.content_type);
    hr_azure_header(&call, "Content-MD5", md5);
    conditions(writer, &call);
    call.transfer.body = upload->buffer ? upload->buffer : "";
    call.transfer.body_len = upload->filled;
    return done(writer, &call, hr_azure_do(&call, "write", writer->cancel, err), stat, err);
}

static enum hr_code put_block_list(struct hr_blob_writer *writer,
                                   struct hr_blob_stat *stat,
                                   struct hr_err *err)
{
    struct upload *upload = writer->state;
    struct hr_azure_call call;
    struct hr_buf body;
    hr_buf_init(&body, 16 * 1024 * 1024);
    hr_buf_adds(&body, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for (size_t i = 0; i < upload->count; i++) {
        char id[64];
        block_id(upload, i, id);
        hr_xml_element(&body, "Latest", id);
    }
    hr_buf_adds(&body, "</BlockList>");
    enum hr_code code = hr_buf_check(&body, "the list of a blob's blocks", err);
    if (!code)
        code = hr_azure_call(&call, writer->blob, writer->arena, &writer->place, &upload->access,
                             "PUT", writer->place.path, "comp=blocklist", err);
    if (!code) {
        hr_azure_header(&call, "Content-Type", "application/xml");
        hr_azure_header(&call, "x-ms-blob-content-type", writer->options.content_type);
        conditions(writer, &call);
        call.transfer.body = hr_buf_text(&body);
        call.transfer.body_len = hr_buf_len(&body);
        code = done(writer, &call, hr_azure_do(&call, "write", writer->cancel, err), stat, err);
    }
    hr_buf_release(&body);
    return code;
}

static enum hr_code put_in_place(struct hr_blob_writer *writer,
                                 struct hr_blob_stat *stat,
                                 struct hr_err *err)
{
    struct upload *upload = writer->state;
    struct hr_blob_stat now;
    if (writer->options.if_match[0]) {
        HR_TRY(hr_azure_stat(writer->blob, &writer->place, &now, writer->cancel, err));
        if (strcmp(now.etag, writer->options.if_match))
            return hr_fail(err, HR_E_CHANGED, "'%s' is not the version that was to be replaced",
                           writer->place.location);
    }
    HR_TRY(hr_azure_rename(writer->blob, &upload->temporary, &writer->place,
                           writer->options.overwrite || writer->options.if_match[0], writer->cancel,
                           err));
    upload->temporary_made = false;
    return hr_azure_stat(writer->blob, &writer->place, stat, writer->cancel, err);
}

enum hr_code hr_azure_publish(struct hr_blob_writer *writer,
                              struct hr_blob_stat *stat,
                              struct hr_err *err)
{
    struct upload *upload = writer->state;
    if (hr_azure_is_dfs(&writer->place))
        return put_in_place(writer, stat, err);
    /* an empty object under a stage has no blocks: its commit is a Put Blob of nothing */
    return (upload->count ? put_block_list : put_blob)(writer, stat, err);
}

void hr_azure_drop(struct hr_blob_writer *writer)
{
    struct upload *upload = writer->state;
    for (struct part *part = upload->parts, *next; part; part = next) {
        next = part->next;
        hr_mover_cancel(part->call.transfer.mover, &part->call.transfer);
        part_free(part);
    }
    /* blocks that were never committed go by themselves, after a week */
    if (upload->temporary_made)
        hr_azure_remove(writer->blob, &upload->temporary, false, NULL, NULL);
    free(upload->buffer);
}
