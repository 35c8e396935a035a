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

enum hr_code build_node(struct emit *e, const struct hr_node *node, struct sel *s);
int largest_id(const struct hr_node *node);
enum hr_code expr_text(struct emit *e, const struct hr_texpr *expr, const char **out);
/* what ORDER BY compares: emit/order.c */
enum hr_code emit_order_key(struct emit *e, const struct hr_texpr *expr, const char **out);
void set_text(struct emit *e, int id, const char *text, int plain);
void write_tail(const struct sel *s, struct hr_buf *out);
const char *column_text(struct emit *e, int id);
void write_head(const struct sel *s, struct hr_buf *out);
const char *close_select(
    struct emit *e, const struct sel *s, const struct hr_attrs *output, int **ids, size_t *count);
void sel_wrap(struct emit *e, struct sel *s, const struct hr_attrs *output);
bool sel_closed(const struct sel *s);
enum hr_code search_plain(void *arg, struct hr_texpr **child);
struct plain_search search_expr(struct emit *e, struct hr_texpr *expr);
bool all_columns(struct emit *e, const struct hr_attrs *output);
void need_node(struct emit *e, const struct hr_node *node);
void need_all(struct emit *e, const struct hr_attrs *output);
enum hr_code build_generate(struct emit *e, const struct hr_node *node, struct sel *s);
enum hr_code build_join(struct emit *e, const struct hr_node *node, struct sel *s);
enum hr_code build_set(struct emit *e, const struct hr_node *node, struct sel *s);
enum hr_code build_cte(struct emit *e, const struct hr_node *node, struct sel *s);
#endif
