#include "wire/xml.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <expat.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct parse {
    struct hr_arena *arena;
    XML_Parser parser;
    /* last: the last child of open[i] */
    struct hr_xml *root, *open[HR_XML_DEPTH_MAX], *last[HR_XML_DEPTH_MAX];
    struct hr_buf texts[HR_XML_DEPTH_MAX];
    size_t depth, count;
    const char *fault;
};

static void fault(struct parse *parse, const char *what)
{
    if (!parse->fault)
        parse->fault = what;
    XML_StopParser(parse->parser, XML_FALSE);
}

static const char *const *copy_attributes(struct hr_arena *arena, const XML_Char **from)
{
    size_t count = 0;
    while (from[count])
        count++;
    const char **to = HR_NEW_ARRAY(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        to[i] = hr_strdup(arena, from[i]);
    return to;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct parse *parse = arg;
    if (parse->depth == HR_XML_DEPTH_MAX) {
        fault(parse, "it is nested too deeply");
        return;
    }
    if (++parse->count > HR_XML_ELEMENTS_MAX) {
        fault(parse, "it has too many elements");
        return;
    }
    struct hr_xml *node = HR_NEW(parse->arena, struct hr_xml);
    *node = (struct hr_xml){.name = hr_strdup(parse->arena, name),
                            .text = "",
                            .attributes = copy_attributes(parse->arena, attributes)};
    if (!parse->depth)
        parse->root = node;
    else if (parse->last[parse->depth - 1])
        parse->last[parse->depth - 1]->next = node;
    else
        parse->open[parse->depth - 1]->child = node;
    if (parse->depth)
        parse->last[parse->depth - 1] = node;
    parse->open[parse->depth] = node;
    parse->last[parse->depth] = NULL;
    hr_buf_clear(&parse->texts[parse->depth++]);
}

static void on_end(void *arg, const XML_Char *name)
{
    struct parse *parse = arg;
    (void)name;
    struct hr_buf *text = &parse->texts[--parse->depth];
    if (hr_buf_ok(text) && hr_buf_len(text) && !parse->open[parse->depth]->child)
        parse->open[parse->depth]->text =
            hr_strndup(parse->arena, hr_buf_text(text), hr_buf_len(text));
}

static void on_text(void *arg, const XML_Char *text, int len)
{
    struct parse *parse = arg;
    if (parse->depth && !hr_buf_add(&parse->texts[parse->depth - 1], text, (size_t)len))
        fault(parse, "a text in it is too long");
}

static void on_doctype(
    void *arg, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int has_internal)
{
    (void)name, (void)sysid, (void)pubid, (void)has_internal;
    fault(arg, "it has a document type");
}

enum hr_code hr_xml_parse(
    struct hr_arena *arena, const char *bytes, size_t len, struct hr_xml **root, struct hr_err *err)
{
    if (len > HR_XML_BYTES_MAX)
        return hr_fail(err, HR_E_LIMIT, "the XML has %zu bytes, more than %d", len,
                       HR_XML_BYTES_MAX);
    struct parse *parse = HR_NEW(arena, struct parse);
    parse->arena = arena;
    parse->parser = XML_ParserCreate(NULL);
    if (!parse->parser)
        return hr_fail(err, HR_E_NOMEM, "no memory to parse XML");
    for (size_t i = 0; i < HR_XML_DEPTH_MAX; i++)
        hr_buf_init(&parse->texts[i], HR_XML_TEXT_MAX);
    XML_SetUserData(parse->parser, parse);
    XML_SetElementHandler(parse->parser, on_start, on_end);
    XML_SetCharacterDataHandler(parse->parser, on_text);
    XML_SetStartDoctypeDeclHandler(parse->parser, on_doctype);
    bool parsed = XML_Parse(parse->parser, bytes, (int)len, 1) == XML_STATUS_OK;
    enum hr_code code = HR_OK;
    if (!parsed)
        code =
            hr_fail(err, HR_E_INVALID, "the XML cannot be read at line %lu: %s",
                    (unsigned long)XML_GetCurrentLineNumber(parse->parser),
                    parse->fault ? parse->fault : XML_ErrorString(XML_GetErrorCode(parse->parser)));
    XML_ParserFree(parse->parser);
    for (size_t i = 0; i < HR_XML_DEPTH_MAX; i++)
        hr_buf_release(&parse->texts[i]);
    *root = code ? NULL : parse->root;
    return code;
}

const struct hr_xml *hr_xml_find(const struct hr_xml *parent, const char *name)
{
    for (const struct hr_xml *child = parent ? parent->child : NULL; child; child = child->next)
        if (!strcmp(child->name, name))
            return child;
    return NULL;
}

const char *hr_xml_text(const struct hr_xml *parent, const char *name)
{
    const struct hr_xml *child = hr_xml_find(parent, name);
    return child ? child->text : "";
}

const char *hr_xml_attribute(const struct hr_xml *node, const char *name)
{
    for (const char *const *at = node->attributes; *at; at += 2)
        if (!strcmp(at[0], name))
            return at[1];
    return NULL;
}

void hr_xml_escape(struct hr_buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
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
        case '\r':
            hr_buf_adds(out, "&#13;");
            break; /* a parser would make a newline of it */
        default:
            hr_buf_addc(out, *text);
        }
    }
}

/* XML 1.0, 2.2: no control characters, and no U+FFFE or U+FFFF */
static bool carries(uint32_t point)
{
    if (point < ' ')
        return point == '\t' || point == '\n' || point == '\r';
    return point != 0xFFFE && point != 0xFFFF;
}

bool hr_xml_carries(const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        uint32_t point;
        size_t len = hr_utf8_next(text, (size_t)(end - text), &point);
        if (!len || !carries(point))
            return false;
        text += len;
    }
    return true;
}

void hr_xml_element(struct hr_buf *out, const char *name, const char *text)
{
    hr_buf_addf(out, "<%s>", name);
    hr_xml_escape(out, text);
    hr_buf_addf(out, "</%s>", name);
}
