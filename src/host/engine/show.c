/* df.show(): Spark's table (Dataset.showString), its vertical form, and the HTML of notebooks.
 * Cells arrive as text already.
 *
 * Widths count half-width characters as Spark's Utils.stringHalfWidth does: wide East Asian
 * characters count two. Truncation counts UTF-16 units, as Java's String does. */
#include "host/engine/internal.h"
#include "base/utf8.h"
#include <stdlib.h>

struct cell {
    char *text;
    size_t len;
    int width;
};

struct show {
    const struct hr_typed *typed;
    struct cell *cells; /* row by row */
    size_t rows, columns, cap;
    bool more;
};

/* the ranges of Utils.fullWidthRegex */
static bool is_wide(unsigned c)
{
    return (c >= 0x1100 && c <= 0x115F) ||
           (c >= 0x2E80 && c <= 0xA4CF) ||
           (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFE30 && c <= 0xFE4F) ||
           (c >= 0xFF00 && c <= 0xFF60) ||
           (c >= 0xFFE0 && c <= 0xFFE6);
}

static unsigned next_point(const char *text, size_t len, size_t *at)
{
    uint32_t point = (unsigned char)text[*at];
    size_t size = hr_utf8_next(text + *at, len - *at, &point);
    *at += size ? size : 1;
    return point;
}

/* both in one walk: UTF-16 units, and half-widths (a character beyond the BMP is two units, each of
 * width one) */
static void measure(const char *text, size_t len, int *units, int *width)
{
    *units = *width = 0;
    for (size_t at = 0; at < len;) {
        unsigned c = next_point(text, len, &at);
        *units += c > 0xFFFF ? 2 : 1;
        *width += c > 0xFFFF ? 2 : is_wide(c) ? 2 : 1;
    }
}

/* the first `keep` UTF-16 units; a pair cut in half shows as Java prints it: '?' */
static void cut(struct hr_buf *out, const char *text, size_t len, int keep)
{
    for (size_t at = 0; at < len && keep > 0;) {
        size_t from = at;
        unsigned c = next_point(text, len, &at);
        int units = c > 0xFFFF ? 2 : 1;
        if (units > keep) {
            hr_buf_addc(out, '?');
            return;
        }
        hr_buf_add(out, text + from, at - from);
        keep -= units;
    }
}

static void escape_control(struct hr_buf *out, const char *text, size_t len)
{
    /* SchemaUtils.escapeMetaCharacters */
    static const char from[] = "\n\r\t\f\b\v\a", to[] = "nrtfbva";
    for (size_t i = 0; i < len; i++) {
        const char *hit = text[i] ? strchr(from, text[i]) : NULL;
        if (hit)
            hr_buf_addf(out, "\\%c", to[hit - from]);
        else
            hr_buf_addc(out, text[i]);
    }
}

static struct cell make_cell(const char *text, size_t len, int truncate)
{
    struct hr_buf escaped, out;
    int units, width;
    hr_buf_init(&escaped, HR_BUF_GROWS);
    hr_buf_init(&out, HR_BUF_GROWS);
    escape_control(&escaped, text, len);
    measure(hr_buf_text(&escaped), hr_buf_len(&escaped), &units, &width);
    if (truncate > 0 && units > truncate) {
        cut(&out, hr_buf_text(&escaped), hr_buf_len(&escaped),
            truncate < 4 ? truncate : truncate - 3);
        if (truncate >= 4)
            hr_buf_adds(&out, "...");
    } else
        hr_buf_add(&out, hr_buf_text(&escaped), hr_buf_len(&escaped));
    hr_buf_release(&escaped);
    struct cell cell = {.len = hr_buf_len(&out)};
    measure(hr_buf_text(&out), hr_buf_len(&out), &units, &cell.width);
    cell.text = strdup(hr_buf_text(&out));
    HR_CHECK(cell.text);
    hr_buf_release(&out);
    return cell;
}

struct show *hr_show_new(const struct hr_typed *typed)
{
    struct show *show = calloc(1, sizeof *show);
    HR_CHECK(show);
    show->typed = typed;
    show->columns = typed->node->output.count;
    return show;
}

void hr_show_add(struct show *show, duckdb_data_chunk chunk)
{
    idx_t rows = duckdb_data_chunk_get_size(chunk);
    for (idx_t r = 0; r < rows; r++) {
        if (show->rows == (size_t)show->typed->rows) {
            show->more = true;
            return;
        }
        if ((show->rows + 1) * show->columns > show->cap) {
            show->cap = show->cap ? show->cap * 2 : 64 + show->columns;
            show->cells = realloc(show->cells, show->cap * sizeof *show->cells);
            HR_CHECK(show->cells);
        }
        for (size_t c = 0; c < show->columns; c++) {
            duckdb_string_t *text =
                (duckdb_string_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, c)) +
                r;
            show->cells[show->rows * show->columns + c] =
                make_cell(duckdb_string_t_data(text), duckdb_string_t_length(*text),
                          show->typed->root == HR_ROOT_HTML && show->typed->truncate <= 0
                              ? 0
                              : show->typed->truncate);
        }
        show->rows++;
    }
}

static void pad(struct hr_buf *out, char c, int count)
{
    while (count-- > 0)
        hr_buf_addc(out, c);
}

static void rule(struct hr_buf *out, const int *widths, size_t columns)
{
    hr_buf_addc(out, '+');
    for (size_t c = 0; c < columns; c++) {
        pad(out, '-', widths[c]);
        hr_buf_addc(out, '+');
    }
    hr_buf_adds(out, columns ? "\n" : "+\n");
}

static void line(
    struct hr_buf *out, const struct cell *cells, const int *widths, size_t columns, bool right)
{
    hr_buf_addc(out, '|');
    for (size_t c = 0; c < columns; c++) {
        if (right)
            pad(out, ' ', widths[c] - cells[c].width);
        hr_buf_add(out, cells[c].text, cells[c].len);
        if (!right)
            pad(out, ' ', widths[c] - cells[c].width);
        hr_buf_addc(out, '|');
    }
    hr_buf_adds(out, columns ? "\n" : "|\n");
}

static void table(struct show *show, const struct cell *names, struct hr_buf *out)
{
    int *widths = calloc(show->columns + 1, sizeof *widths);
    HR_CHECK(widths);
    for (size_t c = 0; c < show->columns; c++) {
        widths[c] = names[c].width > 3 ? names[c].width : 3;
        for (size_t r = 0; r < show->rows; r++)
            if (show->cells[r * show->columns + c].width > widths[c])
                widths[c] = show->cells[r * show->columns + c].width;
    }
    bool right = show->typed->truncate > 0;
    rule(out, widths, show->columns);
    line(out, names, widths, show->columns, right);
    rule(out, widths, show->columns);
    for (size_t r = 0; r < show->rows; r++)
        line(out, show->cells + r * show->columns, widths, show->columns, right);
    rule(out, widths, show->columns);
    free(widths);
}

static void vertical(struct show *show, const struct cell *names, struct hr_buf *out)
{
    int name_width = 3, value_width = 3;
    for (size_t c = 0; c < show->columns; c++) {
        if (names[c].width > name_width)
            name_width = names[c].width;
        for (size_t r = 0; r < show->rows; r++)
            if (show->cells[r * show->columns + c].width > value_width)
                value_width = show->cells[r * show->columns + c].width;
    }
    for (size_t r = 0; r < show->rows; r++) {
        /* "-RECORD 0---…", filled up to the widest line */
        int before = (int)hr_buf_mark(out);
        hr_buf_addf(out, "-RECORD %zu", r);
        pad(out, '-', name_width + value_width + 5 - ((int)hr_buf_mark(out) - before));
        hr_buf_addc(out, '\n');
        for (size_t c = 0; c < show->columns; c++) {
            const struct cell *cell = &show->cells[r * show->columns + c];
            hr_buf_addc(out, ' ');
            hr_buf_add(out, names[c].text, names[c].len);
            pad(out, ' ', name_width - names[c].width);
            hr_buf_adds(out, " | ");
            hr_buf_add(out, cell->text, cell->len);
            pad(out, ' ', value_width - cell->width);
            hr_buf_adds(out, " \n");
        }
    }
}

static void text_form(struct show *show, const struct cell *names, struct hr_buf *out)
{
    if (!show->typed->vertical) {
        table(show, names, out);
        if (show->more)
            hr_buf_addf(out, "only showing top %d row%s", show->typed->rows,
                        show->typed->rows == 1 ? "" : "s");
        return;
    }
    vertical(show, names, out);
    if (!show->rows)
        hr_buf_adds(out, "(0 rows)\n");
    else if (show->more)
        hr_buf_addf(out, "only showing top %d row%s", show->typed->rows,
                    show->typed->rows == 1 ? "" : "s");
}

static void html_text(struct hr_buf *out, const struct cell *cell)
{
    for (size_t i = 0; i < cell->len; i++)
        switch (cell->text[i]) {
        case '&':
            hr_buf_adds(out, "&amp;");
            break;
        case '<':
            hr_buf_adds(out, "&lt;");
            break;
        case '>':
            hr_buf_adds(out, "&gt;");
            break;
        case '"':
            hr_buf_adds(out, "&quot;");
            break;
        case '\'':
            hr_buf_adds(out, "&#39;");
            break;
        default:
            hr_buf_addc(out, cell->text[i]);
            break;
        }
}

static void html_row(struct hr_buf *out, const struct cell *cells, size_t columns, const char *tag)
{
    hr_buf_adds(out, "<tr>");
    for (size_t c = 0; c < columns; c++) {
        hr_buf_addf(out, "<%s>", tag);
        html_text(out, &cells[c]);
        hr_buf_addf(out, "</%s>", tag);
    }
    hr_buf_adds(out, "</tr>\n");
}

static void html(struct show *show, const struct cell *names, struct hr_buf *out)
{
    hr_buf_adds(out, "<table border='1'>\n");
    html_row(out, names, show->columns, "th");
    for (size_t r = 0; r < show->rows; r++)
        html_row(out, show->cells + r * show->columns, show->columns, "td");
    hr_buf_adds(out, "</table>\n");
    if (show->more)
        hr_buf_addf(out, "only showing top %d row%s\n", show->typed->rows,
                    show->typed->rows == 1 ? "" : "s");
}

enum hr_code hr_show_finish(struct show *show, char **text, size_t *len, struct hr_err *err)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_SHOW_BYTES_MAX);
    struct cell *names = calloc(show->columns + 1, sizeof *names);
    HR_CHECK(names);
    for (size_t c = 0; c < show->columns; c++) {
        const char *name = show->typed->node->output.at[c]->name;
        names[c] = make_cell(name, strlen(name), 0); /* names are never cut */
    }
    if (show->typed->root == HR_ROOT_HTML)
        html(show, names, &out);
    else
        text_form(show, names, &out);
    for (size_t c = 0; c < show->columns; c++)
        free(names[c].text);
    free(names);
    for (size_t i = 0; i < show->rows * show->columns; i++)
        free(show->cells[i].text);
    free(show->cells);
    free(show);
    *text = NULL;
    *len = 0;
    HR_TRY(hr_buf_check(&out, "the table that show prints", err));
    *text = hr_buf_steal(&out, len);
    return HR_OK;
}
