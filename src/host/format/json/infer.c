#include "host/format/json/json.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

/* an inferred type: Spark's, with its own null (void) until the end */
struct shape {
    enum hr_type_id id;
    int precision, scale;
    struct shape *element;
    struct member *members;
    size_t count; /* of a struct, sorted by name */
};
struct member {
    const char *name;
    struct shape *shape;
};

struct hr_json_inference {
    /* of what is inferred so far; it is copied to a new one when it has grown */
    struct hr_arena *arena;
    struct hr_arena *target;
    const struct hr_json *json;
    struct hr_bump bump;
    struct shape *root;
    size_t mark;
    bool repeated;
    char repeated_name[256];
};

#define ARENA_COPY_BYTES (1 << 20)

struct hr_json_inference *hr_json_inference_new(struct hr_arena *arena,
                                                const struct hr_json *json,
                                                const struct hr_watch *watch)
{
    struct hr_json_inference *made = calloc(1, sizeof *made);
    HR_CHECK(made);
    made->target = arena;
    made->arena = hr_arena_new(NULL);
    made->json = json;
    made->bump.pace.watch = watch;
    return made;
}

void hr_json_inference_free(struct hr_json_inference *inference)
{
    hr_bump_release(&inference->bump);
    hr_arena_free(inference->arena);
    free(inference);
}

static struct shape *scalar(struct hr_arena *arena, enum hr_type_id id)
{
    struct shape *made = HR_NEW(arena, struct shape);
    made->id = id;
    return made;
}

static struct shape *decimal(struct hr_arena *arena, int precision, int scale)
{
    struct shape *made = scalar(arena, HR_TYPE_DECIMAL);
    made->precision = precision;
    made->scale = scale;
    return made;
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static struct shape *merge(struct hr_json_inference *in, struct shape *a, struct shape *b);

static int compare_names(const struct hr_json_inference *in, const char *a, const char *b)
{
    (void)in;
    return strcmp(a, b);
}

static struct shape *merge_structs(struct hr_json_inference *in, struct shape *a, struct shape *b)
{
    struct shape *made = scalar(in->arena, HR_TYPE_STRUCT);
    size_t i = 0, j = 0;
    made->members = HR_NEW_ARRAY(in->arena, struct member, a->count + b->count + 1);
    while (i < a->count || j < b->count) {
        int order = i == a->count   ? 1
                    : j == b->count ? -1
                                    : compare_names(in, a->members[i].name, b->members[j].name);
        if (order < 0)
            made->members[made->count++] = a->members[i++];
        else if (order > 0)
            made->members[made->count++] = b->members[j++];
        else
            made->members[made->count++] =
                (struct member){a->members[i].name,
                                merge(in, a->members[i].shape, b->members[j].shape)},
            i++, j++;
    }
    return made;
}

static bool same_members(const struct shape *a, const struct shape *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->members[i].name, b->members[i].name))
            return false;
    return true;
}

static bool is_timestamp(const struct shape *shape)
{
    return shape->id == HR_TYPE_TIMESTAMP || shape->id == HR_TYPE_TIMESTAMP_NTZ;
}

static bool is_number(const struct shape *shape)
{
    return shape->id == HR_TYPE_LONG || shape->id == HR_TYPE_DOUBLE || shape->id == HR_TYPE_DECIMAL;
}

/* room for the digits of both on both sides of the point */
static struct shape *merge_decimals(struct hr_json_inference *in,
                                    const struct shape *a,
                                    const struct shape *b)
{
    int scale = a->scale > b->scale ? a->scale : b->scale;
    int a_range = a->precision - a->scale;
    int b_range = b->precision - b->scale;
    int range = a_range > b_range ? a_range : b_range;
    if (range + scale > HR_TYPE_DECIMAL_MAX)
        return scalar(in->arena, HR_TYPE_DOUBLE);
    return decimal(in->arena, range + scale, scale);
}

/* two numbers of different kinds, or two decimals */
static struct shape *merge_numbers(struct hr_json_inference *in, struct shape *a, struct shape *b)
{
    if (a->id == HR_TYPE_DOUBLE || b->id == HR_TYPE_DOUBLE)
        return scalar(in->arena, HR_TYPE_DOUBLE);
    if (a->id == HR_TYPE_LONG)
        a = decimal(in->arena, 20, 0);
    if (b->id == HR_TYPE_LONG)
        b = decimal(in->arena, 20, 0);
    return merge_decimals(in, a, b);
}

static struct shape *merge(struct hr_json_inference *in, struct shape *a, struct shape *b)
{
    if (a->id == HR_TYPE_VOID)
        return b;
    if (b->id == HR_TYPE_VOID)
        return a;
    if (a->id == HR_TYPE_STRUCT && b->id == HR_TYPE_STRUCT) {
        if (!same_members(a, b))
            return merge_structs(in, a, b);
        for (size_t i = 0; i < a->count; i++)
            a->members[i].shape = merge(in, a->members[i].shape, b->members[i].shape);
        return a;
    }
    if (a->id == HR_TYPE_ARRAY && b->id == HR_TYPE_ARRAY) {
        a->element = merge(in, a->element, b->element);
        return a;
    }
    if (a->id == b->id && a->id != HR_TYPE_DECIMAL)
        return a;
    if (is_timestamp(a) && is_timestamp(b))
        return scalar(in->arena, HR_TYPE_TIMESTAMP);
    if (!is_number(a) || !is_number(b))
        return scalar(in->arena, HR_TYPE_STRING);
    return merge_numbers(in, a, b);
}

static struct shape *decimal_or_double(struct hr_json_inference *in,
                                       const struct hr_json_node *node)
{
    struct hr_decimal read;
    if (!hr_value_bigdecimal(node->text, node->len, false, &read))
        return scalar(in->arena, HR_TYPE_DOUBLE);
    int precision = read.precision > read.scale ? read.precision : read.scale;
    return precision <= 38 && read.scale >= 0 ? decimal(in->arena, precision, read.scale)
                                              : scalar(in->arena, HR_TYPE_DOUBLE);
}

static struct shape *infer_string(struct hr_json_inference *in, const struct hr_json_node *node)
{
    const struct hr_json *json = in->json;
    struct hr_decimal read;
    struct hr_moment moment;
    int64_t micros;
    if (!node->len)
        return scalar(in->arena, HR_TYPE_VOID);
    if (json->prefers_decimal && hr_value_bigdecimal(node->text, node->len, true, &read))
        return decimal_or_double(in, node);
    if (json->infer_timestamp &&
        json->infer_ntz &&
        (json->ntz_format ? hr_pattern_parse(json->ntz_format, node->text, node->len, &moment) &&
                                !moment.has_zone
                          : hr_parse_timestamp_ntz(node->text, node->len, false, &micros)))
        return scalar(in->arena, HR_TYPE_TIMESTAMP_NTZ);
    if (json->infer_timestamp &&
        (json->timestamp_format
             ? hr_pattern_parse(json->timestamp_format, node->text, node->len, &moment)
             : hr_parse_timestamp(node->text, node->len, json->zone, 0, &micros)))
        return scalar(in->arena, HR_TYPE_TIMESTAMP);
    return scalar(in->arena, HR_TYPE_STRING);
}

static struct shape *infer_node(struct hr_json_inference *in, const struct hr_json_node *node);

static struct shape *infer_object(struct hr_json_inference *in, const struct hr_json_node *node)
{
    struct shape *made = scalar(in->arena, HR_TYPE_STRUCT);
    size_t count = 0;
    for (const struct hr_json_node *at = node->child;
         at && hr_pace_step(&in->bump.pace, sizeof *made->members); at = at->next)
        count++;
    made->members = HR_NEW_ARRAY(in->arena, struct member, count + 1);
    for (const struct hr_json_node *at = node->child; made->count < count; at = at->next)
        made->members[made->count++] =
            (struct member){hr_strndup(in->arena, at->key, at->key_len), infer_node(in, at)};
    qsort(made->members, made->count, sizeof *made->members, compare_members);
    for (size_t i = 1; i < made->count; i++)
        if (!strcmp(made->members[i].name, made->members[i - 1].name) && !in->repeated) {
            in->repeated = true;
            snprintf(in->repeated_name, sizeof in->repeated_name, "`%.250s`",
                     made->members[i].name);
        }
    return made;
}

static struct shape *infer_node(struct hr_json_inference *in, const struct hr_json_node *node)
{
    const struct hr_json *json = in->json;
    int64_t whole;
    switch (node->kind) {
    case HR_JSON_NULL:
        return scalar(in->arena, HR_TYPE_VOID);
    case HR_JSON_STRING:
        return infer_string(in, node);
    case HR_JSON_OBJECT:
        return infer_object(in, node);
    case HR_JSON_ARRAY: {
        struct shape *made = scalar(in->arena, HR_TYPE_ARRAY);
        made->element = scalar(in->arena, HR_TYPE_VOID);
        for (const struct hr_json_node *at = node->child;
             at && hr_pace_step(&in->bump.pace, sizeof *made); at = at->next)
            made->element = merge(in, made->element, infer_node(in, at));
        return made;
    }
    default:
        break;
    }
    if (json->primitives_as_string)
        return scalar(in->arena, HR_TYPE_STRING);
    if (node->kind == HR_JSON_TRUE || node->kind == HR_JSON_FALSE)
        return scalar(in->arena, HR_TYPE_BOOLEAN);
    if (node->kind == HR_JSON_INTEGER)
        return hr_value_long(node->text, node->len, &whole) ? scalar(in->arena, HR_TYPE_LONG)
                                                            : decimal_or_double(in, node);
    return json->prefers_decimal ? decimal_or_double(in, node) : scalar(in->arena, HR_TYPE_DOUBLE);
}

static struct shape *with_corrupt(struct hr_json_inference *in, struct shape *shape)
{
    struct shape *added = scalar(in->arena, HR_TYPE_STRUCT);
    added->members = HR_NEW_ARRAY(in->arena, struct member, 1);
    added->members[added->count++] =
        (struct member){in->json->corrupt, scalar(in->arena, HR_TYPE_STRING)};
    if (!shape || shape->id != HR_TYPE_STRUCT)
        return added;
    for (size_t i = 0; i < shape->count; i++)
        if (!strcmp(shape->members[i].name, in->json->corrupt)) {
            shape->members[i].shape = scalar(in->arena, HR_TYPE_STRING);
            return shape;
        }
    return merge_structs(in, shape, added);
}

static struct shape *copy_shape(struct hr_arena *arena, const struct shape *shape)
{
    struct shape *made = hr_memdup(arena, shape, sizeof *shape);
    if (shape->element)
        made->element = copy_shape(arena, shape->element);
    made->members = HR_NEW_ARRAY(arena, struct member, shape->count + 1);
    for (size_t i = 0; i < shape->count; i++)
        made->members[i] = (struct member){hr_strdup(arena, shape->members[i].name),
                                           copy_shape(arena, shape->members[i].shape)};
    return made;
}

/* what the records leave behind would grow with their number: now and then only the result is kept
 */
static void tidy(struct hr_json_inference *in)
{
    if (hr_arena_used(in->arena) < in->mark + ARENA_COPY_BYTES)
        return;
    struct hr_arena *fresh = hr_arena_new(NULL);
    if (in->root)
        in->root = copy_shape(fresh, in->root);
    hr_arena_free(in->arena);
    in->arena = fresh;
    in->mark = hr_arena_used(fresh);
}

static enum hr_code ended(struct hr_err *err)
{
    return hr_fail(err, HR_E_CANCELLED, "operation has been canceled");
}

enum hr_code hr_json_infer(struct hr_json_inference *in,
                           const char *text,
                           size_t len,
                           struct hr_err *err)
{
    struct hr_json_node *root;
    hr_bump_reset(&in->bump);
    bool ok = hr_json_parse(in->json, text, len, &in->bump, &root);
    if (in->bump.pace.ended)
        return ended(err);
    if (ok && !root)
        return HR_OK;
    if (!ok) {
        if (in->json->mode == HR_MODE_FAILFAST)
            return hr_fail_spark(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "badRecord",
                                 in->json->corrupt, "failFastMode", "FAILFAST", NULL);
        if (in->json->mode == HR_MODE_PERMISSIVE)
            in->root = with_corrupt(in, in->root);
        tidy(in);
        return HR_OK;
    }
    struct shape *shape = infer_node(in, root);
    if (in->bump.pace.ended)
        return ended(err);
    while (shape->id == HR_TYPE_ARRAY)
        shape = shape->element;
    if (in->repeated)
        return hr_fail_spark(err, "COLUMN_ALREADY_EXISTS", "columnName", in->repeated_name, NULL);
    if (shape->id == HR_TYPE_STRUCT)
        in->root = in->root ? merge(in, in->root, shape) : shape;
    else if (in->json->mode == HR_MODE_PERMISSIVE &&
             (shape->id != HR_TYPE_VOID || root->kind != HR_JSON_ARRAY))
        in->root = with_corrupt(in, in->root);
    tidy(in);
    return HR_OK;
}

/* Spark's canonical form: nulls are strings, empty structs and nameless fields go; NULL: the type
 * goes */
static const struct hr_type *canonical(const struct hr_json_inference *in,
                                       const struct shape *shape)
{
    if (shape->id == HR_TYPE_VOID)
        return in->json->drop_null_fields ? NULL : hr_type_basic(HR_TYPE_STRING);
    if (shape->id == HR_TYPE_DECIMAL)
        return hr_type_decimal(in->target, shape->precision, shape->scale);
    if (shape->id == HR_TYPE_ARRAY) {
        const struct hr_type *element = canonical(in, shape->element);
        return element ? hr_type_array(in->target, element, true) : NULL;
    }
    if (shape->id != HR_TYPE_STRUCT)
        return hr_type_basic(shape->id);
    struct hr_field *fields = HR_NEW_ARRAY(in->target, struct hr_field, shape->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct hr_type *type =
            *shape->members[i].name ? canonical(in, shape->members[i].shape) : NULL;
        if (type)
            fields[count++] =
                (struct hr_field){hr_strdup(in->target, shape->members[i].name), type, true, NULL};
    }
    return count ? hr_type_struct(in->target, fields, count) : NULL;
}

enum hr_code hr_json_inferred(struct hr_json_inference *in,
                              const struct hr_type **schema,
                              struct hr_err *err)
{
    (void)err;
    *schema = in->root ? canonical(in, in->root) : NULL;
    if (!*schema)
        *schema = hr_type_struct(in->target, NULL, 0);
    return HR_OK;
}

enum hr_code hr_json_infer_value(struct hr_json_inference *in,
                                 const char *text,
                                 size_t len,
                                 const struct hr_type **type,
                                 struct hr_err *err)
{
    struct hr_json_node *root;
    hr_bump_reset(&in->bump);
    bool good = hr_json_parse(in->json, text, len, &in->bump, &root);
    if (in->bump.pace.ended)
        return ended(err);
    if (!good)
        return hr_fail_spark(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "badRecord",
                             hr_strndup(in->target, text, len), "failFastMode", "FAILFAST", NULL);
    *type = root ? canonical(in, infer_node(in, root)) : NULL;
    if (in->bump.pace.ended)
        return ended(err);
    if (!*type)
        *type = root && root->kind == HR_JSON_OBJECT ? hr_type_struct(in->target, NULL, 0)
                                                     : hr_type_basic(HR_TYPE_STRING);
    if (in->repeated)
        return hr_fail_spark(err, "COLUMN_ALREADY_EXISTS", "columnName", in->repeated_name, NULL);
    return HR_OK;
}
