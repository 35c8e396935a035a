/* private to connect/: small tables of text and truth values, as SHOW, SET and spark.catalog answer
 * them; and the catalog itself */
#ifndef HR_HOST_CONNECT_TEXTS_H
#define HR_HOST_CONNECT_TEXTS_H
#include "host/connect/private.h"

struct texts;
struct texts *hr_texts_new(struct hr_arena *arena);
/* names, closed by NULL; "?name" is a column of booleans, "[name" one of arrays of text (values
 * split at '\n'), "!name" one of text that is never null; the others are nullable */
void hr_texts_columns(struct texts *texts, const char *first, ...) __attribute__((sentinel));
/* as many values as columns: const char *, NULL is null; booleans "true", "false" */
void hr_texts_row(struct texts *texts, ...);
/* both fail when the answer is larger than a message may be */
/* a LocalRelation */
enum hr_code hr_texts_relation(struct texts *texts,
                               struct hr_arena *arena,
                               PB(Relation) * *out,
                               struct hr_err *err);
/* rel becomes HR_REL_LOCAL */
enum hr_code hr_texts_local(struct texts *texts,
                            struct hr_arena *arena,
                            struct hr_rel *rel,
                            struct hr_err *err);

enum hr_code hr_catalog_bind(struct env *env, struct hr_rel *rel, struct hr_err *err);
enum hr_code hr_catalog_show(struct env *env,
                             const struct hr_command *command,
                             struct texts *texts,
                             struct hr_err *err);
enum hr_code hr_catalog_use(struct env *env, const struct hr_command *command, struct hr_err *err);
enum hr_code hr_catalog_cache(struct env *env,
                              const struct hr_names *name,
                              bool cached,
                              struct hr_err *err);
enum hr_code hr_catalog_not_found(struct env *env, const struct hr_names *name, struct hr_err *err);
#endif
