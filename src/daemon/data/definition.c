/* Definitions: an MLTable document
 * (https://azuremlschemas.azureedge.net/latest/MLTable.schema.json) as JSON, which is YAML too.
 * Paths name datastores of this workspace; transformations are kept for those who read the bytes,
 * who honour or refuse each. */
#include "base/check.h"
#include "base/limits.h"
#include "daemon/data/private.h"
#include <string.h>
#include <strings.h>

#define PATHS_MAX 1000
#define DEFINITION_MAX (1024 * 1024)

/* ---- globs ---- */

static const char *class_end(const char *pattern)
{
    const char *end = pattern + 1;
    end += *end == '^' || *end == '!';
    end += *end == ']';
    while (*end && *end != ']')
        end++;
    return *end ? end : NULL;
}

static bool in_class(const char *at, const char *end, char c)
{
    bool negated = at[1] == '^' || at[1] == '!', found = false;
    for (at += 1 + negated; at < end; at++) {
        if (at[1] == '-' && at + 2 < end) {
            found = found || (c >= at[0] && c <= at[2]);
            at += 2;
        } else {
            found = found || c == *at;
        }
    }
    return found != negated;
}

/* one character of the pattern against one of the name; *pattern is left on its last */
static bool match_one(const char **pattern, char c)
{
    const char *at = *pattern, *end;
    if (!*at || !c || (c == '/' && *at != '/'))
        return false;
    if (*at == '[' && (end = class_end(at))) {
        *pattern = end;
        return in_class(at, end, c);
    }
    return *at == '?' || *at == c;
}

/* Where to go on when it does not fit: a later star makes the choices of an earlier one of its kind
 * final, so there is one of each, and the work is bounded by the product of the lengths. */
struct again {
    const char *star, *star_at; /* *: behind it, and the name from where it was last tried */
    const char *deep, *deep_at; /* the same of ** */
    /* a ** that is a whole segment: only segments' beginnings are tried */
    bool whole;
};

static bool retry(struct again *again, const char **pattern, const char **name)
{
    if (again->star && *again->star_at && *again->star_at != '/') {
        *name = ++again->star_at;
        *pattern = again->star;
        return true;
    }
    again->star = NULL;
    if (!again->deep || !*again->deep_at)
        return false;
    const char *slash = strchr(again->deep_at, '/');
    if (again->whole && !slash)
        return false;
    *name = again->deep_at = again->whole ? slash + 1 : again->deep_at + 1;
    *pattern = again->deep;
    return true;
}

bool hr_data_glob_match(const char *pattern, const char *name)
{
    const char *start = pattern;
    struct again again = {0};
    for (;;) {
        if (pattern[0] == '*' && pattern[1] == '*') {
            bool begins = pattern == start || pattern[-1] == '/';
            pattern += 2;
            again = (struct again){.deep_at = name, .whole = begins && *pattern == '/'};
            pattern += again.whole;
            again.deep = pattern;
        } else if (*pattern == '*') {
            again.star = ++pattern;
            again.star_at = name;
        } else if (!*pattern && !*name) {
            return true;
        } else if (match_one(&pattern, *name)) {
            pattern++;
            name++;
        } else if (!retry(&again, &pattern, &name)) {
            return false;
        }
    }
}

/* ---- paths ---- */

static enum hr_code not_a_path(const char *text, struct hr_err *err)
{
    hr_fail(err, HR_E_INVALID, "\"%.300s\" is not a path in a datastore", text);
    return hr_fail_hint(
        err,
        "azureml://datastores/NAME/paths/PATH names one; other addresses need a datastore: headrace datastore register");
}

/* azureml://datastores/D/paths/P, or with /subscriptions/…/workspaces/W before it */
static enum hr_code split_uri(
    struct hr_rest *req, const char *uri, const char **store, const char **path, struct hr_err *err)
{
    const char *short_form = "azureml://datastores/", *at;
    if (!strncasecmp(uri, short_form, strlen(short_form))) {
        at = uri + strlen(short_form);
    } else {
        const char *workspace = strcasestr(uri, "/workspaces/");
        if (strncasecmp(uri, "azureml://subscriptions/", 24) ||
            !workspace ||
            !(at = strcasestr(workspace, "/datastores/")))
            return not_a_path(uri, err);
        const char *name = hr_rest_param(req, "workspace");
        size_t len = strcspn(workspace + 12, "/");
        if (len != strlen(name) || strncasecmp(workspace + 12, name, len))
            return hr_fail(
                err, HR_E_UNSUPPORTED,
                "\"%.300s\" is in another workspace than \"%s\": a dataset names datastores of its own",
                uri, name);
        at += 12;
    }
    size_t len = strcspn(at, "/");
    if (!len || strncasecmp(at + len, "/paths/", 7))
        return not_a_path(uri, err);
    *store = hr_strndup(req->arena, at, len);
    *path = at + len + 7;
    return HR_OK;
}

static enum hr_code clean_path(
    struct hr_rest *req, const char *store, const char *text, const char **path, struct hr_err *err)
{
    if (!*text) {
        hr_fail(err, HR_E_INVALID, "the path in datastore \"%s\" is empty", store);
        return hr_fail_hint(err, "name a file, a folder or a pattern; '/' is the whole container");
    }
    size_t len = strlen(text), at = 0;
    if (len > HR_BLOB_NAME_MAX)
        return hr_fail(err, HR_E_LIMIT, "a path in datastore \"%s\" is longer than %d characters",
                       store, HR_BLOB_NAME_MAX);
    char *out = hr_arena_alloc(req->arena, len + 1);
    for (const char *from = text; *from;) {
        size_t part = strcspn(from, "/");
        if ((part == 1 && *from == '.') || (part == 2 && !strncmp(from, "..", 2)))
            return hr_fail(
                err, HR_E_INVALID,
                "path \"%.300s\" in datastore \"%s\" holds \".\" or \"..\": name it from the container's root",
                text, store);
        if (part && at)
            out[at++] = '/';
        memcpy(out + at, from, part);
        at += part;
        from += part + (from[part] == '/');
    }
    *path = out;
    return HR_OK;
}

static enum hr_code read_path(struct hr_rest *req,
                              const char *workspace,
                              const json_t *item,
                              json_t *canonical,
                              struct data_path *path,
                              struct hr_err *err)
{
    static const char *const kinds[] = {"pattern", "file", "folder"};
    const char *kind = NULL, *uri = NULL, *store = NULL, *text = NULL;
    struct hr_datastore_row *row;
    for (size_t i = 0; i < HR_LEN(kinds) && !uri; i++)
        if ((uri = json_string_value(json_object_get(item, kinds[i]))))
            kind = kinds[i];
    if (!uri)
        return hr_fail(err, HR_E_INVALID,
                       "an item of \"paths\" has neither \"pattern\" nor \"file\" nor \"folder\"");
    HR_TRY(split_uri(req, uri, &store, &text, err));
    HR_TRY(hr_store_datastore_get(req->site->store, req->arena, workspace, store, &row, err));
    if (!row) {
        hr_fail(err, HR_E_NOT_FOUND, "datastore \"%s\" does not exist in workspace \"%s\"", store,
                hr_rest_param(req, "workspace"));
        return hr_fail_command(err, "headrace datastore list");
    }
    path->store = row;
    HR_TRY(clean_path(req, row->name, text, &path->path, err));
    path->glob = !strcmp(kind, "pattern") && path->path[strcspn(path->path, "*?[")];
    json_array_append_new(canonical,
                          json_pack("{s:o}", kind,
                                    json_sprintf("azureml://datastores/%s/paths/%s", row->name,
                                                 *path->path ? path->path : "/")));
    return HR_OK;
}

/* ---- the document ---- */

/* of files, a part can be taken; what is done with tables is their readers' */
static enum hr_code check_steps(const char *type, const json_t *steps, struct hr_err *err)
{
    const json_t *step;
    size_t i;
    if (!strcmp(type, "tabular"))
        return json_array_size(steps)
                   ? HR_OK
                   : hr_fail(
                         err, HR_E_INVALID,
                         "a tabular dataset needs a reader as its first transformation: read_delimited, "
                         "read_json_lines or read_parquet");
    json_array_foreach(steps, i, step)
    {
        const json_t *count = json_object_get(step, "take") ? json_object_get(step, "take")
                                                            : json_object_get(step, "skip");
        if (json_object_size(step) != 1 || !count)
            return hr_fail(err, HR_E_UNSUPPORTED,
                           "of a file dataset's transformations only take and skip are supported");
        if (!json_is_integer(count) || json_integer_value(count) < 0)
            return hr_fail(err, HR_E_INVALID, "take and skip need a number from 0");
    }
    return HR_OK;
}

static enum hr_code read_document(struct hr_rest *req,
                                  const char *workspace,
                                  const json_t *document,
                                  json_t *canonical,
                                  struct data_definition *definition,
                                  struct hr_err *err)
{
    json_t *paths = json_object_get(document, "paths"),
           *steps = json_object_get(document, "transformations"), *item, *kept = json_array();
    size_t i;
    json_object_set_new(canonical, "paths", kept);
    json_object_set_new(canonical, "transformations", steps ? json_deep_copy(steps) : json_array());
    if (!json_is_array(paths) || !json_array_size(paths))
        return hr_fail(err, HR_E_INVALID,
                       "the dataset has no paths: name at least one (datastore, path)");
    if (json_array_size(paths) > PATHS_MAX)
        return hr_fail(err, HR_E_LIMIT,
                       "the dataset has more than %d paths: use a pattern or a folder", PATHS_MAX);
    if (steps && !json_is_array(steps))
        return hr_fail(err, HR_E_INVALID, "\"transformations\" is not a list");
    HR_TRY(check_steps(definition->type, steps, err));
    definition->count = json_array_size(paths);
    definition->paths = HR_NEW_ARRAY(req->arena, struct data_path, definition->count);
    json_array_foreach(paths, i, item)
        HR_TRY(read_path(req, workspace, item, kept, &definition->paths[i], err));
    definition->text = hr_data_dump(req->arena, canonical);
    return strlen(definition->text) <= DEFINITION_MAX
               ? HR_OK
               : hr_fail(err, HR_E_LIMIT, "the definition is larger than %d bytes", DEFINITION_MAX);
}

static enum hr_code canonical_type(const char *type, const char **out, struct hr_err *err)
{
    static const struct {
        const char *word, *type;
    } words[] = {{"file", "file"},
                 {"FileDataset", "file"},
                 {"tabular", "tabular"},
                 {"TabularDataset", "tabular"}};
    for (size_t i = 0; i < HR_LEN(words) && type; i++)
        if (!strcasecmp(words[i].word, type)) {
            *out = words[i].type;
            return HR_OK;
        }
    return hr_fail(err, HR_E_INVALID, "\"datasetType\" is \"%.100s\", not \"file\" or \"tabular\"",
                   type ? type : "");
}

enum hr_code hr_data_definition_read(struct hr_rest *req,
                                     const char *workspace,
                                     const char *type,
                                     const json_t *dataflow,
                                     struct data_definition *definition,
                                     struct hr_err *err)
{
    const char *text = json_string_value(dataflow);
    HR_TRY(canonical_type(type, &definition->type, err));
    if (text)
        return hr_data_definition_of(req, workspace, definition->type, text, definition, err);
    if (!json_is_object(dataflow))
        return hr_fail(err, HR_E_INVALID,
                       "\"latest.dataflow\" is missing: an MLTable document, as JSON");
    json_t *canonical = json_object();
    enum hr_code code = read_document(req, workspace, dataflow, canonical, definition, err);
    json_decref(canonical);
    return code;
}

enum hr_code hr_data_definition_of(struct hr_rest *req,
                                   const char *workspace,
                                   const char *type,
                                   const char *text,
                                   struct data_definition *definition,
                                   struct hr_err *err)
{
    json_error_t error;
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error), *canonical = json_object();
    definition->type = type;
    enum hr_code code =
        json_is_object(document)
            ? read_document(req, workspace, document, canonical, definition, err)
            : hr_fail(err, HR_E_UNSUPPORTED, "the dataflow is not an MLTable document as JSON: %s",
                      document ? "not an object" : error.text);
    json_decref(document);
    json_decref(canonical);
    return code;
}
