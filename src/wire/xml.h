/* XML as Azure Storage speaks it: a small tree, parsed by expat with limits, and escaping for
 * writers. No document types, so no entities of a document's own; depth, element count and bytes
 * are bounded. Attributes are kept. Pure; any thread. */
#ifndef HR_WIRE_XML_H
#define HR_WIRE_XML_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct hr_xml {
    const char *name;
    /* the character data directly in it, joined; "" when none */
    const char *text;
    const char *const *attributes; /* name, value, …, NULL */
    struct hr_xml *child, *next;   /* first child, next sibling */
};

/* a leading byte order mark is fine; the tree lives in the arena */
enum hr_code hr_xml_parse(struct hr_arena *arena,
                          const char *bytes,
                          size_t len,
                          struct hr_xml **root,
                          struct hr_err *err);
/* the first child of that name, or NULL; parent may be NULL */
const struct hr_xml *hr_xml_find(const struct hr_xml *parent, const char *name);
/* its text; "" when absent */
const char *hr_xml_text(const struct hr_xml *parent, const char *name);
/* NULL when absent */
const char *hr_xml_attribute(const struct hr_xml *node, const char *name);

/* appends text with & < > " escaped; what XML 1.0 cannot carry is left out by the caller
 * (hr_xml_carries) */
void hr_xml_escape(struct hr_buf *out, const char *text);
/* valid UTF-8 and no control characters but tab, newline, return */
bool hr_xml_carries(const char *text);
/* <name>escaped</name> */
void hr_xml_element(struct hr_buf *out, const char *name, const char *text);
#endif
