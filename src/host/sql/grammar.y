/* The grammar of Spark SQL's queries and expressions. Which keywords are names is decided before (classify.c); the rest of that
 * question is %fallback's. Actions only call build.c. */
%include {
#include "host/sql/parse.h"
#include "base/check.h"
#include <stdlib.h>
#include "host/sql/grammar.h"
}
%name hr_sql_lemon
%token_prefix TK_
%token_type {struct token}
%extra_argument {struct parser *p}
%stack_size 0
%token SEMICOLON UNRECOGNIZED PIPE_GT.
%syntax_error { hr_sql_syntax(p, &TOKEN); }
%stack_overflow { hr_sql_fail_at(p, p->offset_end, p->offset_end, "FAILED_TO_PARSE_TOO_COMPLEX", NULL); }

/* every keyword may be a name where the grammar has no other use for it */
%fallback ID
  ALL AND ANTI ANY AS ASC BETWEEN BOTH BY CASE CAST CLUSTER COLLATE CROSS CUBE CURRENT DESC DISTINCT DISTRIBUTE DIV ELSE END ESCAPE
  EXCEPT EXCLUDE EXISTS FILTER FIRST FOLLOWING FOR FROM FULL GROUP GROUPING HAVING IGNORE ILIKE IN INCLUDE INNER INTERSECT IS JOIN
  LAST LATERAL LEADING LEFT LIKE LIMIT MINUS_SET NATURAL NOT NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PIVOT PLACING PRECEDING
  QUALIFY RANGE RECURSIVE REPEATABLE RESPECT RIGHT RLIKE ROLLUP ROW ROWS SELECT SEMI SETS SOME SORT TABLE TABLESAMPLE THEN TRAILING
  TRY_CAST UNBOUNDED UNION UNKNOWN UNPIVOT USING VALUES WHEN WHERE WINDOW WITH WITHIN.

/* LOW … HIGH only settle conflicts between rules */
%nonassoc LOW.
%nonassoc COMMA IGNORE RESPECT.
%left UNION EXCEPT MINUS_SET.
%left INTERSECT.
%left EQ NULL_SAFE_EQ NE LT LE GT GE.
%left BAR.
%left CARET.
%left AMP.
%left SHIFT_LEFT SHIFT_RIGHT SHIFT_RIGHT_UNSIGNED.
%left PLUS MINUS CONCAT.
%left STAR SLASH PERCENT DIV.
%right UNARY TILDE.
%left DOT LP LB DCOLON COLON COLLATE.
%nonassoc HIGH.

start ::= START_QUERY query(Q). { p->query = Q; }
start ::= START_EXPR named(E). { p->expr = E; }

/* ---- names ---- */
%type names {struct texts}
%type dotted {struct texts}
%type texts {struct texts}
%type columns_opt {struct texts}
dotted(A) ::= ID(X). { A = (struct texts){0}; hr_sql_push_text(p, &A, (struct text){X.text, X.start, X.stop, X.quoted}); }
dotted(A) ::= dotted(B) DOT ID(X). { A = B; hr_sql_push_text(p, &A, (struct text){X.text, X.start, X.stop, X.quoted}); }
%type word {struct token}
word(A) ::= ID(X). { A = X; }
word(A) ::= NULL(X). { A = X; }
word(A) ::= TRUE(X). { A = X; }
word(A) ::= FALSE(X). { A = X; }
texts(A) ::= word(X). { A = (struct texts){0}; hr_sql_push_text(p, &A, (struct text){X.text, X.start, X.stop, X.quoted}); }
texts(A) ::= texts(B) COMMA word(X). { A = B; hr_sql_push_text(p, &A, (struct text){X.text, X.start, X.stop, X.quoted}); }
columns_opt(A) ::= . [LOW] { A = (struct texts){0}; }
columns_opt(A) ::= LP texts(B) RP. { A = B; }

/* ---- queries ---- */
%type query {struct rel}
%type organized {struct rel}
%type term {struct rel}
%type simple_query {struct rel}
%type paren_query {struct rel}
query(A) ::= organized(B). { A = B; }
query(A) ::= WITH(W) recursive(R) ctes(C) organized(B). { A = hr_sql_with(p, C.at, C.count, R, B, W.start, C.depth); }

%type recursive {bool}
recursive(A) ::= . { A = false; }
recursive(A) ::= RECURSIVE. { A = true; }

%type ctes {struct { struct hr_cte *at; size_t count, room; int depth; }}
%type cte {struct { struct hr_cte cte; int depth; }}
ctes(A) ::= cte(B). { A.at = HR_NEW_ARRAY(p->arena, struct hr_cte, 4); A.room = 4; A.count = 1; A.at[0] = B.cte; A.depth = B.depth; }
ctes(A) ::= ctes(C) COMMA cte(B). {
    A = C;
    if (A.count == A.room) {
        struct hr_cte *more = HR_NEW_ARRAY(p->arena, struct hr_cte, A.room * 2);
        memcpy(more, A.at, A.count * sizeof *more);
        A.at = more;
        A.room *= 2;
    }
    A.at[A.count++] = B.cte;
    A.depth = A.depth > B.depth ? A.depth : B.depth;
}
cte(A) ::= ID(X) columns_opt(C) ID(M) ID(R) ID(L) NUMBER(N) as_opt paren_query(Q). {
    if (!hr_sql_word_is(p, &M, "max") || !hr_sql_word_is(p, &R, "recursion") || !hr_sql_word_is(p, &L, "level"))
        hr_sql_syntax(p, &M);
    p->recursion_limit = (int)strtol(p->sql + N.start, NULL, 10);
    A.cte = (struct hr_cte){X.text, hr_sql_names(p, &C), Q.rel};
    A.depth = Q.depth;
}
cte(A) ::= ID(X) columns_opt(C) as_opt paren_query(Q). { A.cte = (struct hr_cte){X.text, hr_sql_names(p, &C), Q.rel}; A.depth = Q.depth; }
as_opt ::= .
as_opt ::= AS.

organized(A) ::= term(B) sorting(S) limiting(L). {
    A = B;
    if (S.has_order)
        A = hr_sql_sorted(p, A, S.order, true, S.all, S.stop);
    if (S.has_distribute)
        A = hr_sql_distributed(p, A, S.distribute, S.stop);
    if (S.has_sort)
        A = hr_sql_sorted(p, A, S.sort, false, false, S.stop);
    if (L.has_offset)
        A = hr_sql_limited(p, A, HR_REL_OFFSET, L.offset, L.offset.stop);
    if (L.has_limit)
        A = hr_sql_limited(p, A, HR_REL_LIMIT, L.limit, L.limit.stop);
}
%type sorting {struct { bool has_order, all, has_distribute, has_sort; struct nodes order, distribute, sort; int stop; }}
sorting(A) ::= . { memset(&A, 0, sizeof A); }
sorting(A) ::= ORDER BY orders(O). { memset(&A, 0, sizeof A); A.has_order = true; A.order = O; A.stop = O.at[O.count - 1].stop; }
sorting(A) ::= ORDER BY ALL(X) direction(D) null_order(N). {
    memset(&A, 0, sizeof A);
    A.has_order = A.all = true;
    struct node all = hr_sql_node(p, hr_expr_attribute(p->arena, "ALL"), X.start, X.stop, 1);
    hr_sql_push(p, &A.order, hr_sql_sort(p, all, D, N, p->offset_end));
    A.stop = p->offset_end;
}
sorting(A) ::= SORT BY orders(O). { memset(&A, 0, sizeof A); A.has_sort = true; A.sort = O; A.stop = O.at[O.count - 1].stop; }
sorting(A) ::= DISTRIBUTE BY exprs(E). { memset(&A, 0, sizeof A); A.has_distribute = true; A.distribute = E; A.stop = E.at[E.count - 1].stop; }
sorting(A) ::= DISTRIBUTE BY exprs(E) SORT BY orders(O). {
    memset(&A, 0, sizeof A);
    A.has_distribute = A.has_sort = true;
    A.distribute = E;
    A.sort = O;
    A.stop = O.at[O.count - 1].stop;
}
sorting(A) ::= CLUSTER BY exprs(E). {
    memset(&A, 0, sizeof A);
    A.has_distribute = A.has_sort = true;
    A.distribute = E;
    for (size_t i = 0; i < E.count; i++)
        hr_sql_push(p, &A.sort, hr_sql_sort(p, E.at[i], 0, 0, E.at[i].stop));
    A.stop = E.at[E.count - 1].stop;
}
%type limiting {struct { bool has_limit, has_offset; struct node limit, offset; }}
limiting(A) ::= . { memset(&A, 0, sizeof A); }
limiting(A) ::= LIMIT ALL. { memset(&A, 0, sizeof A); }
limiting(A) ::= LIMIT expr(E). { memset(&A, 0, sizeof A); A.has_limit = true; A.limit = E; }
limiting(A) ::= OFFSET expr(E). { memset(&A, 0, sizeof A); A.has_offset = true; A.offset = E; }
limiting(A) ::= LIMIT expr(E) OFFSET expr(O). { memset(&A, 0, sizeof A); A.has_limit = A.has_offset = true; A.limit = E; A.offset = O; }
limiting(A) ::= LIMIT ALL OFFSET expr(O). { memset(&A, 0, sizeof A); A.has_offset = true; A.offset = O; }

%type quantifier {int}   /* 0 none, 1 DISTINCT, 2 ALL */
quantifier(A) ::= . { A = 0; }
quantifier(A) ::= DISTINCT. { A = 1; }
quantifier(A) ::= ALL. { A = 2; }

term(A) ::= simple_query(B). { A = B; }
term(A) ::= term(L) UNION quantifier(Q) term(R). [UNION] { A = hr_sql_set(p, HR_SET_UNION, Q == 2, false, L, R); }
term(A) ::= term(L) EXCEPT quantifier(Q) term(R). [EXCEPT] { A = hr_sql_set(p, HR_SET_EXCEPT, Q == 2, false, L, R); }
term(A) ::= term(L) MINUS_SET quantifier(Q) term(R). [MINUS_SET] { A = hr_sql_set(p, HR_SET_EXCEPT, Q == 2, false, L, R); }
term(A) ::= term(L) INTERSECT quantifier(Q) term(R). [INTERSECT] { A = hr_sql_set(p, HR_SET_INTERSECT, Q == 2, false, L, R); }

paren_query(A) ::= LP(X) query(B) RP(Y). { A = B; A.start = X.start; A.stop = Y.stop; }
simple_query(A) ::= paren_query(B). [HIGH] { A = B; }
simple_query(A) ::= TABLE(X) dotted(B). { A = hr_sql_table(p, B, p->offset_end); A.start = X.start; }
simple_query(A) ::= values(B). [HIGH] { A = B; }
simple_query(A) ::= select(S). { A = hr_sql_select(p, &S); }

/* ---- SELECT ---- */
%type select {struct select}
%type select_head {struct select}
%type select_tail {struct select}
select(A) ::= select_head(H) from_opt(F) select_tail(T). {
    A = T;
    A.start = H.start;
    A.hints = H.hints;
    A.distinct = H.distinct;
    A.items = H.items;
    A.from = F;
}
select(A) ::= FROM(X) from(F) select_head(H) select_tail(T). {
    A = T;
    A.start = X.start;
    A.hints = H.hints;
    A.distinct = H.distinct;
    A.items = H.items;
    A.from = F;
}
select_head(A) ::= SELECT(X) hints(H) quantifier(Q) items(I). {
    memset(&A, 0, sizeof A);
    A.start = X.start;
    A.hints = H;
    A.distinct = Q == 1;
    A.items = I;
}
%type hints {struct nodes}
%type hint_list {struct nodes}
%type hint {struct node}
hints(A) ::= . { A = (struct nodes){0}; }
hints(A) ::= hints(B) HINT_START hint_list(C) HINT_END. { A = B; for (size_t i = 0; i < C.count; i++) hr_sql_push(p, &A, C.at[i]); }
hint_list(A) ::= hint(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
hint_list(A) ::= hint_list(L) hint(B). { A = L; hr_sql_push(p, &A, B); }
hint_list(A) ::= hint_list(L) COMMA hint(B). { A = L; hr_sql_push(p, &A, B); }
hint(A) ::= ID(X). { A = hr_sql_call(p, X.text, X.start, X.stop, 0); }
hint(A) ::= ID(X) LP RP(Y). { A = hr_sql_call(p, X.text, X.start, Y.stop, 0); }
hint(A) ::= ID(X) LP exprs(E) RP(Y). { A = hr_sql_call(p, X.text, X.start, Y.stop, 0); A.expr->call.args = hr_sql_exprs(p, &E); }

%type items {struct nodes}
%type named {struct node}
%type named_list {struct nodes}
items(A) ::= named_list(B). { A = B; }
named_list(A) ::= named(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
named_list(A) ::= named_list(L) COMMA named(B). { A = L; hr_sql_push(p, &A, B); }
named(A) ::= expr(B). { A = B; }
named(A) ::= expr(B) ID(X). {
    struct texts names = {0};
    hr_sql_push_text(p, &names, (struct text){X.text, X.start, X.stop, X.quoted});
    A = hr_sql_alias(p, B, names, X.stop);
}
named(A) ::= expr(B) AS word(X). {
    struct texts names = {0};
    hr_sql_push_text(p, &names, (struct text){X.text, X.start, X.stop, X.quoted});
    A = hr_sql_alias(p, B, names, X.stop);
}
named(A) ::= expr(B) AS LP texts(T) RP(Y). { A = hr_sql_alias(p, B, T, Y.stop); }

select_tail(A) ::= where(W) group(G) having(H) qualify(Q) windows(D). {
    A = D;
    A.where = W;
    A.has_group = G != NULL;
    A.group = G;
    A.having = H;
    A.qualify = Q;
    A.stop = p->offset_end;
}
%type where {struct node}
%type having {struct node}
%type qualify {struct node}
where(A) ::= . { memset(&A, 0, sizeof A); }
where(A) ::= WHERE expr(E). { A = E; }
having(A) ::= . { memset(&A, 0, sizeof A); }
having(A) ::= HAVING expr(E). { A = E; }
qualify(A) ::= . { memset(&A, 0, sizeof A); }
qualify(A) ::= QUALIFY expr(E). { A = E; }

%type windows {struct select}
%type window_list {struct select}
windows(A) ::= . { memset(&A, 0, sizeof A); }
windows(A) ::= WINDOW window_list(B). { A = B; }
window_list(A) ::= ID(X) AS window_spec(S). {
    memset(&A, 0, sizeof A);
    A.windows = HR_NEW_ARRAY(p->arena, struct hr_window_definition, 1);
    A.windows[0] = (struct hr_window_definition){X.text, S.expr};
    A.window_count = 1;
}
window_list(A) ::= window_list(B) COMMA ID(X) AS window_spec(S). {
    A = B;
    A.windows = HR_NEW_ARRAY(p->arena, struct hr_window_definition, B.window_count + 1);
    memcpy(A.windows, B.windows, B.window_count * sizeof *B.windows);
    A.windows[A.window_count++] = (struct hr_window_definition){X.text, S.expr};
}

/* ---- GROUP BY ---- */
%type group {struct group *}
%type group_items {struct group *}
%type group_item {struct group *}
%type analytics {struct sets *}
%type set_items {struct sets *}
%type set_item {struct sets *}
group(A) ::= . { A = NULL; }
group(A) ::= GROUP BY group_items(B). { A = B; }
group(A) ::= GROUP BY group_items(B) WITH ROLLUP. { A = hr_sql_group_with(p, B, HR_GROUP_ROLLUP); }
group(A) ::= GROUP BY group_items(B) WITH CUBE. { A = hr_sql_group_with(p, B, HR_GROUP_CUBE); }
group(A) ::= GROUP BY group_items(B) GROUPING SETS LP set_items(S) RP. { A = hr_sql_group_sets(p, B, S); }
group_items(A) ::= group_item(B). { A = B; }
group_items(A) ::= group_items(L) COMMA group_item(B). { A = hr_sql_group_join(p, L, B); }
group_item(A) ::= expr(E). { A = hr_sql_group_key(p, E); }
group_item(A) ::= ROLLUP LP set_items(S) RP. { A = hr_sql_group_analytics(p, HR_GROUP_ROLLUP, S); }
group_item(A) ::= CUBE LP set_items(S) RP. { A = hr_sql_group_analytics(p, HR_GROUP_CUBE, S); }
group_item(A) ::= GROUPING SETS LP set_items(S) RP. { A = hr_sql_group_analytics(p, HR_GROUP_SETS, S); }
set_items(A) ::= set_item(B). { A = B; }
set_items(A) ::= set_items(L) COMMA set_item(B). { A = hr_sql_sets_join(p, L, B); }
set_item(A) ::= LP RP. { A = hr_sql_sets_one(p, NULL); }
set_item(A) ::= expr(E). { A = hr_sql_sets_one(p, &E); }
set_item(A) ::= analytics(B). { A = B; }
analytics(A) ::= ROLLUP LP set_items(S) RP. { A = hr_sql_sets_expand(p, HR_GROUP_ROLLUP, S); }
analytics(A) ::= CUBE LP set_items(S) RP. { A = hr_sql_sets_expand(p, HR_GROUP_CUBE, S); }
analytics(A) ::= GROUPING SETS LP set_items(S) RP. { A = S; }

/* ---- FROM ---- */
%type from_opt {struct rel}
%type from {struct rel}
%type relations {struct rel}
%type relation {struct rel}
%type primary_rel {struct rel}
from_opt(A) ::= . { memset(&A, 0, sizeof A); }
from_opt(A) ::= FROM from(B). { A = B; }
from(A) ::= relations(B). [LOW] { A = B; }
from(A) ::= from(B) LATERAL_VIEW outer(O) dotted(F) LP args_opt(G) RP ID(T) view_columns(C). {
    A = hr_sql_lateral_view(p, B, O, hr_sql_function(p, F, G, 0, p->offset_end), T.text, C, p->offset_end);
}
%type outer {bool}
outer(A) ::= . { A = false; }
outer(A) ::= OUTER. { A = true; }
%type view_columns {struct texts}
%type view_texts {struct texts}
view_columns(A) ::= . { A = (struct texts){0}; }
view_columns(A) ::= AS view_texts(B). [LOW] { A = B; }
view_columns(A) ::= view_texts(B). [LOW] { A = B; }
view_texts(A) ::= ID(X). { A = (struct texts){0}; hr_sql_push_text(p, &A, (struct text){X.text, X.start, X.stop, X.quoted}); }
view_texts(A) ::= view_texts(B) COMMA ID(X). { A = B; hr_sql_push_text(p, &A, (struct text){X.text, X.start, X.stop, X.quoted}); }

relations(A) ::= relation(B). { A = B; }
relations(A) ::= LATERAL relation(B). { A = B; }
relations(A) ::= relations(L) COMMA relation(R). { A = hr_sql_join(p, L, HR_JOIN_INNER, false, false, R, (struct criteria){0}); }
relations(A) ::= relations(L) COMMA LATERAL relation(R). { A = hr_sql_join(p, L, HR_JOIN_INNER, false, true, R, (struct criteria){0}); }
relation(A) ::= primary_rel(B). { A = B; }
relation(A) ::= relation(L) join_type(T) JOIN lateral(V) primary_rel(R) criteria(C). { A = hr_sql_join(p, L, T, false, V, R, C); }
relation(A) ::= relation(L) NATURAL join_type(T) JOIN lateral(V) primary_rel(R). { A = hr_sql_join(p, L, T, true, V, R, (struct criteria){0}); }
relation(A) ::= relation(L) PIVOT LP named_list(G) FOR pivot_columns(C) IN LP named_list(V) RP RP alias_opt(B). {
    A = hr_sql_aliased(p, hr_sql_pivot(p, L, G, C, V, p->offset_end), B, p->offset_end);
}
relation(A) ::= relation(L) UNPIVOT nulls_clause(N) LP ID(V) FOR ID(X) IN LP unpivot_columns(C) RP RP alias_opt(B). {
    struct texts values = {0};
    hr_sql_push_text(p, &values, (struct text){V.text, V.start, V.stop, V.quoted});
    A = hr_sql_aliased(p, hr_sql_unpivot(p, L, N, values, X, C.sets, C.aliases, p->offset_end), B, p->offset_end);
}
relation(A) ::= relation(L) UNPIVOT nulls_clause(N) LP LP texts(V) RP FOR ID(X) IN LP unpivot_sets(C) RP RP alias_opt(B). {
    A = hr_sql_aliased(p, hr_sql_unpivot(p, L, N, V, X, C.sets, C.aliases, p->offset_end), B, p->offset_end);
}
%type lateral {bool}
lateral(A) ::= . { A = false; }
lateral(A) ::= LATERAL. { A = true; }
%type nulls_clause {bool}
nulls_clause(A) ::= . { A = false; }
nulls_clause(A) ::= INCLUDE NULLS. { A = true; }
nulls_clause(A) ::= EXCLUDE NULLS. { A = false; }
%type pivot_columns {struct nodes}
pivot_columns(A) ::= ID(X). {
    A = (struct nodes){0};
    struct texts name = {0};
    hr_sql_push_text(p, &name, (struct text){X.text, X.start, X.stop, X.quoted});
    hr_sql_push(p, &A, hr_sql_name(p, name));
}
pivot_columns(A) ::= LP texts(T) RP. {
    A = (struct nodes){0};
    for (size_t i = 0; i < T.count; i++) {
        struct texts name = {0};
        hr_sql_push_text(p, &name, T.at[i]);
        hr_sql_push(p, &A, hr_sql_name(p, name));
    }
}
/* aliases has one text a set, NULL where none is given */
%type unpivot_columns {struct { struct nodes sets; struct texts aliases; }}
%type unpivot_sets {struct { struct nodes sets; struct texts aliases; }}
%type unpivot_alias {struct text}
%type unpivot_set {struct node}
unpivot_alias(A) ::= . { A = (struct text){0}; }
unpivot_alias(A) ::= AS ID(X). { A = (struct text){X.text, X.start, X.stop, X.quoted}; }
unpivot_alias(A) ::= ID(X). { A = (struct text){X.text, X.start, X.stop, X.quoted}; }
unpivot_columns(A) ::= dotted(D) unpivot_alias(X). { memset(&A, 0, sizeof A); hr_sql_push(p, &A.sets, hr_sql_name(p, D)); hr_sql_push_text(p, &A.aliases, X); }
unpivot_columns(A) ::= unpivot_columns(B) COMMA dotted(D) unpivot_alias(X). { A = B; hr_sql_push(p, &A.sets, hr_sql_name(p, D)); hr_sql_push_text(p, &A.aliases, X); }
unpivot_set(A) ::= LP(X) exprs(E) RP(Y). { A = hr_sql_row(p, E, X.start, Y.stop); }
unpivot_sets(A) ::= unpivot_set(S) unpivot_alias(X). { memset(&A, 0, sizeof A); hr_sql_push(p, &A.sets, S); hr_sql_push_text(p, &A.aliases, X); }
unpivot_sets(A) ::= unpivot_sets(B) COMMA unpivot_set(S) unpivot_alias(X). { A = B; hr_sql_push(p, &A.sets, S); hr_sql_push_text(p, &A.aliases, X); }

%type join_type {enum hr_join_type}
join_type(A) ::= . { A = HR_JOIN_INNER; }
join_type(A) ::= INNER. { A = HR_JOIN_INNER; }
join_type(A) ::= CROSS. { A = HR_JOIN_CROSS; }
join_type(A) ::= LEFT. { A = HR_JOIN_LEFT; }
join_type(A) ::= LEFT OUTER. { A = HR_JOIN_LEFT; }
join_type(A) ::= LEFT SEMI. { A = HR_JOIN_SEMI; }
join_type(A) ::= SEMI. { A = HR_JOIN_SEMI; }
join_type(A) ::= LEFT ANTI. { A = HR_JOIN_ANTI; }
join_type(A) ::= ANTI. { A = HR_JOIN_ANTI; }
join_type(A) ::= RIGHT. { A = HR_JOIN_RIGHT; }
join_type(A) ::= RIGHT OUTER. { A = HR_JOIN_RIGHT; }
join_type(A) ::= FULL. { A = HR_JOIN_FULL; }
join_type(A) ::= FULL OUTER. { A = HR_JOIN_FULL; }

%type criteria {struct criteria}
criteria(A) ::= . { A = (struct criteria){0}; }
criteria(A) ::= ON expr(E). { A = (struct criteria){.on = E.expr, .depth = E.depth, .stop = E.stop}; }
criteria(A) ::= USING LP texts(T) RP(Y). { A = (struct criteria){.using = hr_sql_names(p, &T), .stop = Y.stop}; }

%type alias_opt {struct alias}
alias_opt(A) ::= . [LOW] { A = (struct alias){0}; }
alias_opt(A) ::= ID(X) columns_opt(C). { A = (struct alias){X.text, hr_sql_names(p, &C)}; }
alias_opt(A) ::= AS ID(X) columns_opt(C). { A = (struct alias){X.text, hr_sql_names(p, &C)}; }

primary_rel(A) ::= dotted(D) sample(S) alias_opt(B). {
    A = hr_sql_table(p, D, D.at[D.count - 1].stop);
    if (S.kind)
        A = hr_sql_sample(p, A, &S.number, S.kind, &S.total, S.has_seed ? &S.seed : NULL, S.stop);
    A = hr_sql_aliased(p, A, B, p->offset_end);
}
primary_rel(A) ::= dotted(D) LP args_opt(G) RP(Y) alias_opt(B). { A = hr_sql_aliased(p, hr_sql_table_function(p, D, G, Y.stop), B, p->offset_end); }
primary_rel(A) ::= values(V). [LOW] { A = V; }
primary_rel(A) ::= paren_query(Q) sample(S) alias_opt(B). {
    A = Q;
    if (S.kind)
        A = hr_sql_sample(p, A, &S.number, S.kind, &S.total, S.has_seed ? &S.seed : NULL, S.stop);
    A = hr_sql_aliased(p, A, B, p->offset_end);
}
primary_rel(A) ::= LP(X) relation(R) RP sample(S) alias_opt(B). {
    A = R;
    A.start = X.start;
    if (S.kind)
        A = hr_sql_sample(p, A, &S.number, S.kind, &S.total, S.has_seed ? &S.seed : NULL, S.stop);
    A = hr_sql_aliased(p, A, B, p->offset_end);
}
%type sample {struct { int kind; struct token number, total, seed; bool has_seed; int stop; }}   /* kind 1 percent, 2 rows, 3 bucket */
%type sample_body {struct { int kind; struct token number, total; }}
sample(A) ::= . [LOW] { memset(&A, 0, sizeof A); }
sample(A) ::= TABLESAMPLE LP sample_body(B) RP(Y). {
    memset(&A, 0, sizeof A);
    A.kind = B.kind;
    A.number = B.number;
    A.total = B.total;
    A.stop = Y.stop;
}
sample(A) ::= TABLESAMPLE LP sample_body(B) RP REPEATABLE LP NUMBER(N) RP(Y). {
    memset(&A, 0, sizeof A);
    A.kind = B.kind;
    A.number = B.number;
    A.total = B.total;
    A.seed = N;
    A.has_seed = true;
    A.stop = Y.stop;
}
sample_body(A) ::= NUMBER(N) ROWS. { memset(&A, 0, sizeof A); A.kind = 2; A.number = N; }
sample_body(A) ::= NUMBER(N) ID(X). {
    memset(&A, 0, sizeof A);
    A.kind = 1;
    A.number = N;
    if (!hr_sql_word_is(p, &X, "percent"))
        hr_sql_syntax(p, &X);
}
sample_body(A) ::= ID(X) NUMBER(N) ID ID NUMBER(M). {
    memset(&A, 0, sizeof A);
    A.kind = 3;
    A.number = N;
    A.total = M;
    if (!hr_sql_word_is(p, &X, "bucket"))
        hr_sql_syntax(p, &X);
}

%type values {struct rel}
values(A) ::= VALUES(X) exprs(E) alias_opt(B). [LOW] { A = hr_sql_aliased(p, hr_sql_values(p, E, X.start, p->offset_end), B, p->offset_end); }

/* ---- sort orders ---- */
%type orders {struct nodes}
%type order {struct node}
%type direction {int}
%type null_order {int}
orders(A) ::= order(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
orders(A) ::= orders(L) COMMA order(B). { A = L; hr_sql_push(p, &A, B); }
order(A) ::= expr(E) direction(D) null_order(N). { A = hr_sql_sort(p, E, D, N, p->offset_end); }
direction(A) ::= . { A = 0; }
direction(A) ::= ASC. { A = 0; }
direction(A) ::= DESC. { A = 1; }
null_order(A) ::= . { A = 0; }
null_order(A) ::= NULLS FIRST. { A = 1; }
null_order(A) ::= NULLS LAST. { A = 2; }

/* ---- expressions ---- */
%type exprs {struct nodes}
%type expr {struct node}
%type ors {struct nodes}
%type ands {struct nodes}
%type conjunction {struct node}
%type inverted {struct node}
%type predicate {struct node}
%type value {struct node}
%type primary {struct node}
%type negation {bool}
exprs(A) ::= expr(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
exprs(A) ::= exprs(L) COMMA expr(B). { A = L; hr_sql_push(p, &A, B); }
expr(A) ::= ors(B). { A = hr_sql_chain(p, "or", &B); }
ors(A) ::= conjunction(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
ors(A) ::= ors(L) OR conjunction(B). { A = L; hr_sql_push(p, &A, B); }
conjunction(A) ::= ands(B). { A = hr_sql_chain(p, "and", &B); }
ands(A) ::= inverted(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
ands(A) ::= ands(L) AND inverted(B). { A = L; hr_sql_push(p, &A, B); }
inverted(A) ::= predicate(B). { A = B; }
inverted(A) ::= NOT(X) inverted(B). { A = hr_sql_unary(p, "not", X.start, B); }
inverted(A) ::= BANG(X) inverted(B). { A = hr_sql_unary(p, "not", X.start, B); }
inverted(A) ::= EXISTS(X) paren_query(Q). { A = hr_sql_subquery(p, HR_SUBQUERY_EXISTS, Q, NULL, X.start, Q.stop); }

negation(A) ::= . { A = false; }
negation(A) ::= NOT. { A = true; }
negation(A) ::= BANG(X). {
    A = true;
    hr_sql_late(p, X.start, X.stop, "SYNTAX_DISCONTINUED.BANG_EQUALS_NOT", "clause", "!", NULL);
}
predicate(A) ::= value(B). { A = B; }
predicate(A) ::= value(V) negation(N) BETWEEN value(L) AND value(U). {
    A = hr_sql_not(p, N, hr_sql_call(p, "between", V.start, U.stop, 3, &V, &L, &U));
}
predicate(A) ::= value(V) negation(N) IN LP exprs(E) RP(Y). { A = hr_sql_in(p, V, N, E, Y.stop); }
predicate(A) ::= value(V) negation(N) IN paren_query(Q). { A = hr_sql_not(p, N, hr_sql_subquery(p, HR_SUBQUERY_IN, Q, &V, V.start, Q.stop)); }
predicate(A) ::= value(V) negation(N) RLIKE value(B). { A = hr_sql_not(p, N, hr_sql_call(p, "rlike", V.start, B.stop, 2, &V, &B)); }
predicate(A) ::= value(V) negation(N) like(O) value(B). { A = hr_sql_like(p, V, N, O, B, NULL); }
predicate(A) ::= value(V) negation(N) like(O) value(B) ESCAPE STRING(S). { A = hr_sql_like(p, V, N, O, B, &S); }
predicate(A) ::= value(V) negation(N) like(O) ANY LP exprs(E) RP(Y). { A = hr_sql_quantified(p, V, N, O, false, E, Y.stop); }
predicate(A) ::= value(V) negation(N) like(O) SOME LP exprs(E) RP(Y). { A = hr_sql_quantified(p, V, N, O, false, E, Y.stop); }
predicate(A) ::= value(V) negation(N) like(O) ALL LP exprs(E) RP(Y). { A = hr_sql_quantified(p, V, N, O, true, E, Y.stop); }
predicate(A) ::= value(V) IS negation(N) NULL(Y). { A = hr_sql_call(p, N ? "isNotNull" : "isNull", V.start, Y.stop, 1, &V); }
predicate(A) ::= value(V) IS negation(N) TRUE(Y). { A = hr_sql_not(p, N, hr_sql_is(p, V, true, Y.stop)); }
predicate(A) ::= value(V) IS negation(N) FALSE(Y). { A = hr_sql_not(p, N, hr_sql_is(p, V, false, Y.stop)); }
predicate(A) ::= value(V) IS negation(N) UNKNOWN(Y). { A = hr_sql_call(p, N ? "isNotNull" : "isNull", V.start, Y.stop, 1, &V); }
predicate(A) ::= value(V) IS negation(N) DISTINCT FROM value(B). { A = hr_sql_not(p, !N, hr_sql_binary(p, "<=>", V, B)); }
%type like {const char *}
like(A) ::= LIKE. { A = "like"; }
like(A) ::= ILIKE. { A = "ilike"; }

value(A) ::= primary(B). { A = B; }
value(A) ::= MINUS(X) value(B). [UNARY] { A = hr_sql_unary(p, "$negate", X.start, B); }
value(A) ::= PLUS(X) value(B). [UNARY] { A = hr_sql_unary(p, "positive", X.start, B); }
value(A) ::= TILDE(X) value(B). [UNARY] { A = hr_sql_unary(p, "~", X.start, B); }
value(A) ::= value(L) STAR value(R). { A = hr_sql_binary(p, "*", L, R); }
value(A) ::= value(L) SLASH value(R). { A = hr_sql_binary(p, "/", L, R); }
value(A) ::= value(L) PERCENT value(R). { A = hr_sql_binary(p, "%", L, R); }
value(A) ::= value(L) DIV value(R). { A = hr_sql_binary(p, "div", L, R); }
value(A) ::= value(L) PLUS value(R). { A = hr_sql_binary(p, "+", L, R); }
value(A) ::= value(L) MINUS value(R). { A = hr_sql_binary(p, "-", L, R); }
value(A) ::= value(L) CONCAT value(R). { A = hr_sql_binary(p, "concat", L, R); }
value(A) ::= value(L) SHIFT_LEFT value(R). { A = hr_sql_binary(p, "<<", L, R); }
value(A) ::= value(L) SHIFT_RIGHT value(R). { A = hr_sql_binary(p, ">>", L, R); }
value(A) ::= value(L) SHIFT_RIGHT_UNSIGNED value(R). { A = hr_sql_binary(p, ">>>", L, R); }
value(A) ::= value(L) AMP value(R). { A = hr_sql_binary(p, "&", L, R); }
value(A) ::= value(L) CARET value(R). { A = hr_sql_binary(p, "^", L, R); }
value(A) ::= value(L) BAR value(R). { A = hr_sql_binary(p, "|", L, R); }
value(A) ::= value(L) EQ value(R). { A = hr_sql_binary(p, "==", L, R); }
value(A) ::= value(L) NULL_SAFE_EQ value(R). { A = hr_sql_binary(p, "<=>", L, R); }
value(A) ::= value(L) NE value(R). { A = hr_sql_not(p, true, hr_sql_binary(p, "==", L, R)); }
value(A) ::= value(L) LT value(R). { A = hr_sql_binary(p, "<", L, R); }
value(A) ::= value(L) LE value(R). { A = hr_sql_binary(p, "<=", L, R); }
value(A) ::= value(L) GT value(R). { A = hr_sql_binary(p, ">", L, R); }
value(A) ::= value(L) GE value(R). { A = hr_sql_binary(p, ">=", L, R); }

primary(A) ::= NULL(X). { A = hr_sql_constant(p, &X, HR_TYPE_VOID, false); }
primary(A) ::= TRUE(X). { A = hr_sql_constant(p, &X, HR_TYPE_BOOLEAN, true); }
primary(A) ::= FALSE(X). { A = hr_sql_constant(p, &X, HR_TYPE_BOOLEAN, false); }
primary(A) ::= NUMBER(X). [LOW] { A = hr_sql_number(p, &X, false, X.start); }
primary(A) ::= MINUS(M) NUMBER(X). [HIGH] { A = hr_sql_number(p, &X, true, M.start); }
primary(A) ::= STRING(X). { A = hr_sql_string(p, &X); }
primary(A) ::= ID(N) STRING(X). { A = hr_sql_typed_literal(p, &N, &X); }
primary(A) ::= INTERVAL_LITERAL(X). { A = hr_sql_node(p, X.expr, X.start, X.stop, 1); }
primary(A) ::= STAR(X). { A = hr_sql_star(p, (struct texts){0}, (struct nodes){0}, X.start, X.stop); }
primary(A) ::= STAR(X) EXCEPT_COLUMNS LP except_list(E) RP(Y). { A = hr_sql_star(p, (struct texts){0}, E, X.start, Y.stop); }
primary(A) ::= dotted(B) DOT STAR(X). { A = hr_sql_star(p, B, (struct nodes){0}, B.at[0].start, X.stop); }
primary(A) ::= dotted(B) DOT STAR EXCEPT_COLUMNS LP except_list(E) RP(Y). { A = hr_sql_star(p, B, E, B.at[0].start, Y.stop); }
%type except_list {struct nodes}
except_list(A) ::= dotted(B). { A = (struct nodes){0}; hr_sql_push(p, &A, hr_sql_name(p, B)); }
except_list(A) ::= except_list(L) COMMA dotted(B). { A = L; hr_sql_push(p, &A, hr_sql_name(p, B)); }
primary(A) ::= dotted(B). [LOW] { A = hr_sql_name(p, B); }
primary(A) ::= primary(B) DOT ID(X). { A = hr_sql_name_grow(p, B, X); }
primary(A) ::= primary(B) LB value(I) RB(Y). { A = hr_sql_extract(p, B, I, Y.stop); }
primary(A) ::= primary(B) DCOLON TYPE(T). { A = hr_sql_cast(p, B, T.type, false, B.start, T.stop); }
primary(A) ::= primary(B) COLLATE dotted(D). { A = hr_sql_collate(p, B, D); }
primary(A) ::= primary(B) COLON ID(X). {
    A = B;
    hr_sql_refuse(p, B.start, X.stop, "a path into a variant (column:path)");
}
primary(A) ::= COLON(C) ID(X). { A = hr_sql_parameter(p, X.text, C.start, X.stop); }
primary(A) ::= QUESTION(X). { A = hr_sql_parameter(p, NULL, X.start, X.stop); }
primary(A) ::= LP(X) expr(B) RP(Y). { A = B; A.start = X.start; A.stop = Y.stop; A.is_bare_name = false; A.is_parenthesised = true; }
primary(A) ::= LP(X) named(B) COMMA named_list(L) RP(Y). {
    struct nodes all = {0};
    hr_sql_push(p, &all, B);
    for (size_t i = 0; i < L.count; i++)
        hr_sql_push(p, &all, L.at[i]);
    A = hr_sql_row(p, all, X.start, Y.stop);
}
primary(A) ::= paren_query(Q). [LOW] { A = hr_sql_subquery(p, HR_SUBQUERY_SCALAR, Q, NULL, Q.start, Q.stop); }
primary(A) ::= CAST(X) LP expr(B) AS TYPE(T) RP(Y). { A = hr_sql_cast(p, B, T.type, false, X.start, Y.stop); }
primary(A) ::= TRY_CAST(X) LP expr(B) AS TYPE(T) RP(Y). { A = hr_sql_cast(p, B, T.type, true, X.start, Y.stop); }
primary(A) ::= CASE(X) whens(W) otherwise(O) END(Y). { A = hr_sql_case(p, NULL, W, O.expr ? &O : NULL, X.start, Y.stop); }
primary(A) ::= CASE(X) expr(S) whens(W) otherwise(O) END(Y). { A = hr_sql_case(p, &S, W, O.expr ? &O : NULL, X.start, Y.stop); }
%type whens {struct nodes}
%type otherwise {struct node}
whens(A) ::= WHEN expr(C) THEN expr(R). { A = (struct nodes){0}; hr_sql_push(p, &A, C); hr_sql_push(p, &A, R); }
whens(A) ::= whens(W) WHEN expr(C) THEN expr(R). { A = W; hr_sql_push(p, &A, C); hr_sql_push(p, &A, R); }
otherwise(A) ::= . { memset(&A, 0, sizeof A); }
otherwise(A) ::= ELSE expr(E). { A = E; }

/* ---- function calls ---- */
%type call {struct node}
%type args_opt {struct nodes}
%type args {struct nodes}
%type arg {struct node}
primary(A) ::= call(B). [LOW] { A = B; }
primary(A) ::= call(B) call_tail(T). {
    A = B;
    A.stop = p->offset_end;
    if (B.expr->kind == HR_EXPR_CALL) {
        B.expr->origin = hr_sql_origin(p, A.start, A.stop);
        B.expr->call.within_group = hr_sql_exprs(p, &T.within);
        B.expr->call.filter = T.filter.expr;
        B.expr->call.ignore_nulls |= T.nulls == 1;
        B.expr->call.respect_nulls |= T.nulls == 2;
    }
    if (T.over.expr)
        A = hr_sql_window(p, A, T.over);
}
call(A) ::= dotted(F) LP args_opt(G) RP(Y). { A = hr_sql_function(p, F, G, 0, Y.stop); }
call(A) ::= dotted(F) LP DISTINCT args(G) RP(Y). { A = hr_sql_function(p, F, G, 1, Y.stop); }
call(A) ::= dotted(F) LP ALL args(G) RP(Y). { A = hr_sql_function(p, F, G, 2, Y.stop); }
call(A) ::= dotted(F) LP expr(E) IGNORE NULLS RP(Y). {
    struct nodes args = {0};
    hr_sql_push(p, &args, E);
    A = hr_sql_function(p, F, args, 0, Y.stop);
    A.expr->call.ignore_nulls = true;
}
call(A) ::= dotted(F) LP expr(E) RESPECT NULLS RP(Y). {
    struct nodes args = {0};
    hr_sql_push(p, &args, E);
    A = hr_sql_function(p, F, args, 0, Y.stop);
    A.expr->call.respect_nulls = true;
}
primary(A) ::= dotted(F) LP expr(B) FROM expr(C) RP(Y). { A = hr_sql_special(p, F, "from", (struct node[]){B, C}, 2, Y.stop); }
primary(A) ::= dotted(F) LP expr(B) FROM expr(C) FOR expr(D) RP(Y). { A = hr_sql_special(p, F, "from", (struct node[]){B, C, D}, 3, Y.stop); }
primary(A) ::= dotted(F) LP expr(B) PLACING expr(C) FROM expr(D) RP(Y). { A = hr_sql_special(p, F, "placing", (struct node[]){B, C, D}, 3, Y.stop); }
primary(A) ::= dotted(F) LP expr(B) PLACING expr(C) FROM expr(D) FOR expr(G) RP(Y). { A = hr_sql_special(p, F, "placing", (struct node[]){B, C, D, G}, 4, Y.stop); }
primary(A) ::= dotted(F) LP value(B) POSITION_IN value(C) RP(Y). { A = hr_sql_special(p, F, "in", (struct node[]){B, C}, 2, Y.stop); }
primary(A) ::= dotted(F) LP trim_side(S) FROM expr(C) RP(Y). { A = hr_sql_special(p, F, S, (struct node[]){C}, 1, Y.stop); }
primary(A) ::= dotted(F) LP trim_side(S) expr(B) FROM expr(C) RP(Y). { A = hr_sql_special(p, F, S, (struct node[]){B, C}, 2, Y.stop); }
%type trim_side {const char *}
trim_side(A) ::= BOTH. { A = "trim"; }
trim_side(A) ::= LEADING. { A = "ltrim"; }
trim_side(A) ::= TRAILING. { A = "rtrim"; }

args_opt(A) ::= . { A = (struct nodes){0}; }
args_opt(A) ::= args(B). { A = B; }
args(A) ::= arg(B). { A = (struct nodes){0}; hr_sql_push(p, &A, B); }
args(A) ::= args(L) COMMA arg(B). { A = L; hr_sql_push(p, &A, B); }
arg(A) ::= named(B). { A = B; }
arg(A) ::= lambda(B). { A = B; }
arg(A) ::= ID(X) FAT_ARROW expr(B). { A = hr_sql_named_argument(p, X, B); }
arg(A) ::= ID(X) FAT_ARROW lambda(B). { A = hr_sql_named_argument(p, X, B); }
arg(A) ::= ID(X) FAT_ARROW table_arg(B). { A = hr_sql_named_argument(p, X, B); }
arg(A) ::= table_arg(B). { A = B; }
%type table_arg {struct node}
table_arg(A) ::= TABLE_ARG(X) LP dotted(D) RP(Y). { A = hr_sql_subquery(p, HR_SUBQUERY_TABLE_ARG, hr_sql_table(p, D, Y.stop), NULL, X.start, Y.stop); }
table_arg(A) ::= TABLE_ARG(X) paren_query(Q). { A = hr_sql_subquery(p, HR_SUBQUERY_TABLE_ARG, Q, NULL, X.start, Q.stop); }
%type lambda {struct node}
lambda(A) ::= ID(X) ARROW expr(B). {
    struct texts params = {0};
    hr_sql_push_text(p, &params, (struct text){X.text, X.start, X.stop, X.quoted});
    A = hr_sql_lambda(p, params, B, X.start);
}
lambda(A) ::= LAMBDA_LP(X) texts(T) RP ARROW expr(B). { A = hr_sql_lambda(p, T, B, X.start); }

%type call_tail {struct { struct nodes within; struct node filter, over; int nulls; }}
%type nulls_over {struct { struct node over; int nulls; }}
%type filter {struct node}
%type over {struct node}
call_tail(A) ::= WITHIN GROUP LP ORDER BY orders(O) RP. [LOW] { memset(&A, 0, sizeof A); A.within = O; }
call_tail(A) ::= WITHIN GROUP LP ORDER BY orders(O) RP filter(F). [LOW] { memset(&A, 0, sizeof A); A.within = O; A.filter = F; }
call_tail(A) ::= WITHIN GROUP LP ORDER BY orders(O) RP nulls_over(N). { memset(&A, 0, sizeof A); A.within = O; A.over = N.over; A.nulls = N.nulls; }
call_tail(A) ::= WITHIN GROUP LP ORDER BY orders(O) RP filter(F) nulls_over(N). {
    memset(&A, 0, sizeof A);
    A.within = O;
    A.filter = F;
    A.over = N.over;
    A.nulls = N.nulls;
}
call_tail(A) ::= filter(F). [LOW] { memset(&A, 0, sizeof A); A.filter = F; }
call_tail(A) ::= filter(F) nulls_over(N). { memset(&A, 0, sizeof A); A.filter = F; A.over = N.over; A.nulls = N.nulls; }
call_tail(A) ::= nulls_over(N). { memset(&A, 0, sizeof A); A.over = N.over; A.nulls = N.nulls; }
nulls_over(A) ::= null_treatment(T). [LOW] { memset(&A, 0, sizeof A); A.nulls = T; }
nulls_over(A) ::= null_treatment(T) over(O). { memset(&A, 0, sizeof A); A.nulls = T; A.over = O; }
nulls_over(A) ::= over(O). { memset(&A, 0, sizeof A); A.over = O; }
filter(A) ::= FILTER LP WHERE expr(E) RP. { A = E; }
%type null_treatment {int}
null_treatment(A) ::= IGNORE NULLS. { A = 1; }
null_treatment(A) ::= RESPECT NULLS. { A = 2; }
over(A) ::= OVER window_spec(S). { A = S; }

/* ---- windows ---- */
%type window_spec {struct node}
%type partition {struct nodes}
%type window_order {struct nodes}
%type frame {struct frame}
%type bound {struct hr_bound}
window_spec(A) ::= ID(X). { A = hr_sql_window_reference(p, X); }
window_spec(A) ::= LP ID(X) RP. { A = hr_sql_window_reference(p, X); }
window_spec(A) ::= LP(X) partition(P) window_order(O) frame(F) RP(Y). { A = hr_sql_window_spec(p, P, O, F, X.start, Y.stop); }
partition(A) ::= . { A = (struct nodes){0}; }
partition(A) ::= PARTITION BY exprs(E). { A = E; }
partition(A) ::= DISTRIBUTE BY exprs(E). { A = E; }
partition(A) ::= CLUSTER BY exprs(E). { A = E; }
window_order(A) ::= . { A = (struct nodes){0}; }
window_order(A) ::= ORDER BY orders(O). { A = O; }
window_order(A) ::= SORT BY orders(O). { A = O; }
%type frame_kind {enum hr_frame_kind}
frame_kind(A) ::= ROWS. { A = HR_FRAME_ROWS; }
frame_kind(A) ::= RANGE. { A = HR_FRAME_RANGE; }
frame(A) ::= . { memset(&A, 0, sizeof A); }
frame(A) ::= frame_kind(K) bound(L). { A = (struct frame){K, L, {HR_BOUND_CURRENT_ROW, NULL}}; }
frame(A) ::= frame_kind(K) BETWEEN bound(L) AND bound(U). { A = (struct frame){K, L, U}; }
bound(A) ::= UNBOUNDED PRECEDING. { A = (struct hr_bound){HR_BOUND_UNBOUNDED_PRECEDING, NULL}; }
bound(A) ::= UNBOUNDED FOLLOWING. { A = (struct hr_bound){HR_BOUND_UNBOUNDED_FOLLOWING, NULL}; }
bound(A) ::= CURRENT ROW. { A = (struct hr_bound){HR_BOUND_CURRENT_ROW, NULL}; }
bound(A) ::= value(V) PRECEDING(X). { A = hr_sql_bound(p, V, true, X.stop); }
bound(A) ::= value(V) FOLLOWING(X). { A = hr_sql_bound(p, V, false, X.stop); }
