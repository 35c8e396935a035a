#include "account/tree_meta.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define ATTRIBUTE "user.headrace"

static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"type", offsetof(struct hr_tree_meta, content_type)},
    {"encoding", offsetof(struct hr_tree_meta, content_encoding)},
    {"language", offsetof(struct hr_tree_meta, content_language)},
    {"disposition", offsetof(struct hr_tree_meta, content_disposition)},
    {"cache", offsetof(struct hr_tree_meta, cache_control)},
    {"md5", offsetof(struct hr_tree_meta, md5)},
    {"copy", offsetof(struct hr_tree_meta, copy_id)},
    {"source", offsetof(struct hr_tree_meta, copy_source)},
    {"copied", offsetof(struct hr_tree_meta, copy_done)},
};

static const char **text_at(const struct hr_tree_meta *meta, size_t i)
{
    return (const char **)((char *)meta + texts[i].offset);
}

static int64_t time_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void of_file(const struct stat *st, struct hr_tree_meta *meta)
{
    *meta = (struct hr_tree_meta){.modified_ms = time_ns(st) / 1000000,
                                  .created_ms = time_ns(st) / 1000000};
    snprintf(meta->etag, sizeof meta->etag, "\"0xF%llX%llX\"", (unsigned long long)st->st_ino,
             (unsigned long long)time_ns(st) * 31 + (unsigned long long)st->st_size);
}

static void read_pairs(struct hr_arena *arena, json_t *from, struct hr_tree_meta *meta)
{
    const char *name;
    json_t *value;
    meta->pairs = HR_NEW_ARRAY(arena, struct hr_tree_pair, json_object_size(from) + 1);
    json_object_foreach(from, name, value) meta->pairs[meta->pair_count++] =
        (struct hr_tree_pair){hr_strdup(arena, name), hr_strdup(arena, json_string_value(value))};
}

void hr_tree_meta_read(struct hr_arena *arena,
                       int fd,
                       const struct stat *st,
                       struct hr_tree_item *item)
{
    char bytes[HR_TREE_META_MAX + 1];
    item->is_dir = S_ISDIR(st->st_mode);
    item->size = item->is_dir ? 0 : st->st_size;
    of_file(st, &item->meta);
    ssize_t len = fgetxattr(fd, ATTRIBUTE, bytes, HR_TREE_META_MAX);
    if (len <= 0)
        return;
    json_t *json = json_loadb(bytes, (size_t)len, 0, NULL);
    const char *etag = json_string_value(json_object_get(json, "etag"));
    bool fits = item->is_dir || (json_integer_value(json_object_get(json, "size")) == st->st_size &&
                                 json_integer_value(json_object_get(json, "ns")) == time_ns(st));
    if (etag && fits) {
        snprintf(item->meta.etag, sizeof item->meta.etag, "%s", etag);
        item->meta.modified_ms = json_integer_value(json_object_get(json, "modified"));
        item->meta.created_ms = json_integer_value(json_object_get(json, "created"));
        for (size_t i = 0; i < HR_LEN(texts); i++)
            *text_at(&item->meta, i) =
                hr_strdup(arena, json_string_value(json_object_get(json, texts[i].key)));
        read_pairs(arena, json_object_get(json, "metadata"), &item->meta);
        item->kept = item->is_dir;
    }
    json_decref(json);
}

/* ext4 says "no space" also of an attribute that is too large for its block */
static const char *attribute_error(int fd, int number)
{
    struct statvfs disk;
    bool full = number == ENOSPC && !fstatvfs(fd, &disk) && !disk.f_bavail;
    if (!full && (number == E2BIG || number == ENOSPC || number == ERANGE))
        return "MetadataTooLarge";
    return hr_tree_errno(number, "InternalError");
}

const char *hr_tree_meta_write(int fd, const struct stat *st, const struct hr_tree_meta *meta)
{
    json_t *json = json_object(), *pairs = json_object();
    json_object_set_new(json, "etag", json_string(meta->etag));
    json_object_set_new(json, "modified", json_integer(meta->modified_ms));
    json_object_set_new(json, "created", json_integer(meta->created_ms));
    json_object_set_new(json, "size", json_integer(st->st_size));
    json_object_set_new(json, "ns", json_integer(time_ns(st)));
    for (size_t i = 0; i < HR_LEN(texts); i++)
        if (*text_at(meta, i))
            json_object_set_new(json, texts[i].key, json_string(*text_at(meta, i)));
    for (size_t i = 0; i < meta->pair_count; i++)
        json_object_set_new(pairs, meta->pairs[i].name, json_string(meta->pairs[i].value));
    json_object_set_new(json, "metadata", pairs);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    const char *code = !text || strlen(text) > HR_TREE_META_MAX ? "MetadataTooLarge" : NULL;
    if (!code && fsetxattr(fd, ATTRIBUTE, text, strlen(text), 0))
        code = attribute_error(fd, errno);
    free(text);
    return code;
}

void hr_tree_tag(struct hr_tree *tree, struct hr_tree_meta *meta)
{
    meta->modified_ms = hr_clock_ms();
    /* never used twice: later than every one before, and begun anew with the clock in each process
     */
    uint64_t tag = (uint64_t)meta->modified_ms << 16;
    tree->last_tag = tag > tree->last_tag ? tag : tree->last_tag + 1;
    uint16_t salt;
    hr_random_bytes(&salt, sizeof salt);
    snprintf(meta->etag, sizeof meta->etag, "\"0x%llX%04X\"", (unsigned long long)tree->last_tag,
             salt);
    if (!meta->created_ms)
        meta->created_ms = meta->modified_ms;
}
