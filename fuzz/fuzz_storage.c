/* Any bytes are XML, a query with a SAS, an Authorization header and the request it signs: all must
 * end in a value or in an error. The first byte chooses the reader, so that mutations stay with
 * one. */
#include "wire/sas.h"
#include "wire/sharedkey.h"
#include "wire/uri.h"
#include "wire/xml.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct hr_xml *node, struct hr_buf *out)
{
    for (; node; node = node->next) {
        hr_xml_attribute(node, "Encoded");
        if (!hr_xml_carries(node->text))
            abort(); /* expat gave it, so XML can carry it */
        hr_xml_element(out, node->name, node->text);
        walk(node->child, out);
    }
}

static void read_xml(struct hr_arena *arena, const char *text, size_t len)
{
    struct hr_xml *root;
    struct hr_buf out;
    hr_buf_init(&out, 64 << 20);
    if (!hr_xml_parse(arena, text, len, &root, NULL))
        walk(root, &out);
    hr_buf_release(&out);
}

static void read_sas(struct hr_arena *arena, const char *text)
{
    struct hr_query query;
    struct hr_sas sas;
    struct hr_err err;
    const char *azure;
    struct hr_buf out;
    if (hr_query_parse(arena, text, &query, &err) || hr_sas_parse(&query, &sas, &err))
        return;
    struct hr_sas_use use = {"account", "demo", "folder/x.csv", "r", true, "127.0.0.1", 1};
    if (!hr_sas_verify(&sas, &use, "AAAA", &azure, &err))
        abort(); /* nobody guesses a signature */
    hr_buf_init(&out, 1 << 20);
    if (!hr_sas_make(&sas, "account", "demo", "folder/x.csv", "AAAA", &out, &err) &&
        hr_buf_ok(&out)) {
        if (hr_query_parse(arena, hr_buf_text(&out), &query, &err) ||
            hr_sas_parse(&query, &sas, &err))
            abort(); /* what we make, we read */
    }
    hr_buf_release(&out);
}

/* lines: Authorization, path, query, then headers "name:value" */
static void read_request(struct hr_arena *arena, char *text)
{
    struct hr_sharedkey_header headers[32];
    struct hr_sharedkey_request request = {"GET", "account", "/", "", headers, 0};
    struct hr_sharedkey_parsed parsed;
    struct hr_err err;
    (void)arena;
    char *save = NULL, *authorization = strtok_r(text, "\n", &save),
         *path = strtok_r(NULL, "\n", &save), *query = strtok_r(NULL, "\n", &save);
    for (char *line; request.header_count < 32 && (line = strtok_r(NULL, "\n", &save));) {
        char *colon = strchr(line, ':');
        if (colon) {
            *colon = 0;
            headers[request.header_count++] = (struct hr_sharedkey_header){line, colon + 1};
        }
    }
    request.path = path ? path : "/";
    request.query = query ? query : "";
    struct hr_buf signature;
    hr_buf_init(&signature, 4096);
    if (!hr_sharedkey_authorize(&request, "AAAA", &signature, &err) &&
        (!hr_sharedkey_parse(hr_buf_text(&signature), &parsed) ||
         hr_sharedkey_verify(&request, &parsed, "AAAA", &err)))
        abort(); /* what we sign, we accept */
    hr_buf_release(&signature);
    if (authorization && hr_sharedkey_parse(authorization, &parsed))
        hr_sharedkey_verify(&request, &parsed, "AAAB", &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct hr_arena *arena = hr_arena_new(NULL);
    char *text = hr_strndup(arena, (const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'x':
        read_xml(arena, text, size - 1);
        break;
    case 's':
        read_sas(arena, text);
        break;
    default:
        read_request(arena, text);
    }
    hr_arena_free(arena);
    return 0;
}
