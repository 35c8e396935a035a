#include "base/arena.h"
#include "base/utf8.h"
#include "cli/command.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 8

static const char *cell(struct hr_arena *arena, json_t *row, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, ".");
        const char *name = hr_strndup(arena, path, len);
        row = json_is_array(row) ? json_array_get(row, strtoul(name, NULL, 10))
                                 : json_object_get(row, name);
        path += len + (path[len] == '.');
    }
    if (json_is_string(row))
        return json_string_value(row);
    if (json_is_integer(row))
        return hr_printf(arena, "%lld", (long long)json_integer_value(row));
    return json_is_true(row) ? "yes" : json_is_false(row) ? "no" : "";
}

/* in characters, near enough for columns */
static int width_of(const char *text)
{
    return (int)hr_utf8_length(text, strlen(text));
}

static void print_cell(const char *text, int width, bool last)
{
    printf("%s%*s", text, last ? 0 : width - width_of(text) + 2, "");
}

void hr_print_table(json_t *rows, const struct hr_column *columns, size_t count)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    int widths[COLUMNS_MAX] = {0};
    json_t *row;
    size_t i;
    for (size_t c = 0; c < count; c++) {
        widths[c] = width_of(columns[c].title);
        json_array_foreach(rows, i, row)
        {
            int width = width_of(cell(arena, row, columns[c].path));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (size_t c = 0; c < count; c++)
        print_cell(columns[c].title, widths[c], c + 1 == count);
    putchar('\n');
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < count; c++)
            print_cell(cell(arena, row, columns[c].path), widths[c], c + 1 == count);
        putchar('\n');
    }
    hr_arena_free(arena);
}

void hr_print_json(const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
    puts(text ? text : "null");
    free(text);
}
