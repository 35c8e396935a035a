/* A select that is being written. Private to engine/. */
#ifndef HR_HOST_ENGINE_SELECT_H
#define HR_HOST_ENGINE_SELECT_H
#include "host/engine/internal.h"

struct sel {
    /* SQL after their keywords; NULL when absent */
    const char *from, *where, *group, *order, *distinct_on;
    int64_t limit, offset; /* -1, 0: none */
    bool grouped, distinct, windows, is_volatile;
};

struct plain_search {
    struct emit *e;
    bool computed, is_volatile, windows;
};

enum hr_code hr_build_node(struct emit *e, const struct hr_node *node, struct sel *s);
int hr_largest_id(const struct hr_node *node);
enum hr_code hr_expr_text(struct emit *e, const struct hr_texpr *expr, const char **out);
/* what ORDER BY compares: emit/order.c */
enum hr_code hr_emit_order_key(struct emit *e, const struct hr_texpr *expr, const char **out);
void hr_set_text(struct emit *e, int id, const char *text, int plain);
void hr_write_tail(const struct sel *s, struct hr_buf *out);
const char *hr_column_sql(struct emit *e, int id);
void hr_write_head(const struct sel *s, struct hr_buf *out);
const char *hr_close_select(
    struct emit *e, const struct sel *s, const struct hr_attrs *output, int **ids, size_t *count);
/* the query with what was written of common table expressions before it */
const char *hr_with_ctes(const struct emit *e, const char *sql);
void hr_sel_wrap(struct emit *e, struct sel *s, const struct hr_attrs *output);
void hr_sel_wrap_with_ctes(struct emit *e, struct sel *s, const struct hr_attrs *output);
bool hr_sel_closed(const struct sel *s);
enum hr_code hr_search_plain(void *arg, struct hr_texpr **child);
struct plain_search hr_search_expr(struct emit *e, struct hr_texpr *expr);
bool hr_all_columns(struct emit *e, const struct hr_attrs *output);
void hr_need_node(struct emit *e, const struct hr_node *node);
void hr_need_all(struct emit *e, const struct hr_attrs *output);
enum hr_code hr_build_generate(struct emit *e, const struct hr_node *node, struct sel *s);
enum hr_code hr_build_join(struct emit *e, const struct hr_node *node, struct sel *s);
enum hr_code hr_build_set(struct emit *e, const struct hr_node *node, struct sel *s);
enum hr_code hr_build_cte(struct emit *e, const struct hr_node *node, struct sel *s);
#endif
