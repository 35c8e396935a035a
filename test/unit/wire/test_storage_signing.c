/* SharedKey and SAS against requests and tokens that azure-storage-blob signed
 * (storage_vectors.json), and what is refused. */
#include "base/buf.h"
#include "wire/sas.h"
#include "wire/sharedkey.h"
#include "wire/xml.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static json_t *vectors;
static struct hr_arena *arena;

static const char *text(json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    assert_non_null(value);
    return value;
}

static struct hr_sharedkey_request request_of(json_t *vector)
{
    json_t *headers = json_object_get(vector, "headers"), *value;
    struct hr_sharedkey_header *at =
        HR_NEW_ARRAY(arena, struct hr_sharedkey_header, json_object_size(headers));
    const char *name;
    size_t count = 0;
    json_object_foreach(headers, name, value) at[count++] =
        (struct hr_sharedkey_header){name, json_string_value(value)};
    return (struct hr_sharedkey_request){text(vector, "method"),
                                         text(vector, "account"),
                                         text(vector, "path"),
                                         text(vector, "query"),
                                         at,
                                         count};
}

static void signs_as_the_sdk_does(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        if (strcmp(text(vector, "kind"), "sharedkey"))
            continue;
        struct hr_sharedkey_request request = request_of(vector);
        struct hr_buf out;
        hr_buf_init(&out, 65536);
        assert_int_equal(hr_sharedkey_string(&request, false, true, &out, NULL), HR_OK);
        assert_string_equal(hr_buf_text(&out), text(vector, "string"));
        hr_buf_clear(&out);
        assert_int_equal(hr_sharedkey_authorize(&request, text(vector, "key"), &out, NULL), HR_OK);
        assert_string_equal(hr_buf_text(&out), text(vector, "authorization"));
        hr_buf_release(&out);
        struct hr_sharedkey_parsed parsed;
        assert_true(hr_sharedkey_parse(text(vector, "authorization"), &parsed));
        assert_int_equal(hr_sharedkey_verify(&request, &parsed, text(vector, "key"), NULL), HR_OK);
        struct hr_err err;
        request.query = "comp=other";
        assert_int_equal(hr_sharedkey_verify(&request, &parsed, text(vector, "key"), &err),
                         HR_E_DENIED);
        assert_non_null(strstr(err.msg, "string to sign"));
        seen++;
    }
    assert_true(seen >= 5);
}

static enum hr_code verify(const char *token,
                           const char *key,
                           struct hr_sas_use *use,
                           const char **azure,
                           struct hr_err *err)
{
    struct hr_query query;
    struct hr_sas sas;
    HR_TRY(hr_query_parse(arena, token, &query, err));
    HR_TRY(hr_sas_parse(&query, &sas, err));
    return hr_sas_verify(&sas, use, key, azure, err);
}

static void verifies_tokens_of_the_sdk(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        if (strcmp(text(vector, "kind"), "sas"))
            continue;
        struct hr_sas_use use = {text(vector, "account"),
                                 text(vector, "container"),
                                 text(vector, "blob"),
                                 text(vector, "permission"),
                                 true,
                                 "127.0.0.3",
                                 1800000000000};
        const char *token = text(vector, "token"), *key = text(vector, "key"), *azure = "";
        struct hr_err err;
        assert_int_equal(verify(token, key, &use, &azure, &err), HR_OK);

        struct hr_query query;
        struct hr_sas sas;
        struct hr_buf out;
        assert_int_equal(hr_query_parse(arena, token, &query, NULL), HR_OK);
        assert_int_equal(hr_sas_parse(&query, &sas, NULL), HR_OK);
        hr_buf_init(&out, 4096);
        assert_int_equal(hr_sas_string(&sas, use.account, use.container, use.blob, &out, NULL),
                         HR_OK);
        assert_string_equal(hr_buf_text(&out), text(vector, "string"));
        hr_buf_clear(&out);
        assert_int_equal(hr_sas_make(&sas, use.account, use.container, use.blob, key, &out, NULL),
                         HR_OK);
        assert_int_equal(verify(hr_buf_text(&out), key, &use, &azure, &err), HR_OK);
        hr_buf_release(&out);

        struct hr_sas_use later = use;
        later.now_ms = 5000000000000;
        assert_int_equal(verify(token, key, &later, &azure, &err), HR_E_DENIED);
        assert_string_equal(azure, "AuthenticationFailed");
        assert_non_null(strstr(err.msg, "expired at 2099-01-02T03:04:05Z"));
        struct hr_sas_use removal = use;
        removal.permissions = "d";
        assert_int_equal(verify(token, key, &removal, &azure, &err), HR_E_DENIED);
        assert_string_equal(azure, "AuthorizationPermissionMismatch");
        assert_int_equal(verify(token, "AAAA", &use, &azure, &err), HR_E_DENIED);
        assert_string_equal(azure, "AuthenticationFailed");
        seen++;
    }
    assert_true(seen >= 4);
}

static void sas_is_held_to_its_terms(void **state)
{
    (void)state;
    struct hr_sas sas = {.sv = "2021-04-10",
                         .sp = "r",
                         .se = "2099-01-01",
                         .sr = "b",
                         .spr = "https",
                         .sip = "10.0.0.1"};
    struct hr_buf out;
    const char *azure = "";
    struct hr_err err;
    hr_buf_init(&out, 4096);
    assert_int_equal(hr_sas_make(&sas, "acct", "demo", "x", "AAAA", &out, NULL), HR_OK);
    struct hr_sas_use use = {"acct", "demo", "x", "r", true, "10.0.0.1", 1};
    assert_int_equal(verify(hr_buf_text(&out), "AAAA", &use, &azure, &err), HR_OK);
    use.https = false;
    assert_int_equal(verify(hr_buf_text(&out), "AAAA", &use, &azure, &err), HR_E_DENIED);
    assert_string_equal(azure, "AuthorizationProtocolMismatch");
    use.https = true, use.peer_ip = "10.0.0.2";
    assert_int_equal(verify(hr_buf_text(&out), "AAAA", &use, &azure, &err), HR_E_DENIED);
    assert_string_equal(azure, "AuthorizationSourceIPMismatch");
    use.peer_ip = "10.0.0.1", use.blob = "y";
    assert_int_equal(verify(hr_buf_text(&out), "AAAA", &use, &azure, &err), HR_E_DENIED);
    assert_string_equal(azure, "AuthenticationFailed");
    hr_buf_release(&out);
    static const char *const broken[] = {"sv=2021-04-10&se=2099-01-01&sr=b&sp=r",
                                         "sig=x&sv=2014-02-14&se=2099-01-01&sr=b",
                                         "sig=x&sv=2021-04-10&se=soon&sr=b",
                                         "sig=x&sv=2021-04-10&se=2099-01-01&sr=q",
                                         "sig=x&sv=2021-04-10&se=2099-01-01&sr=c&si=policy",
                                         "sig=%zz",
                                         "sig=a%00b&se=2099-01-01",
                                         "sig=x&skoid=1"};
    for (size_t i = 0; i < HR_LEN(broken); i++)
        assert_int_not_equal(verify(broken[i], "AAAA", &use, &azure, &err), HR_OK);
}

static void broken_authorization_is_no_authorization(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "SharedKey",
        "SharedKey ",
        "SharedKey a",
        "SharedKey :x",
        "SharedKey a:",
        "Bearer a:b",
        "SharedKey aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:x",
        "SharedKey a:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct hr_sharedkey_parsed parsed;
    for (size_t i = 0; i < HR_LEN(broken); i++)
        assert_false(hr_sharedkey_parse(broken[i], &parsed));
    assert_true(hr_sharedkey_parse("SharedKeyLite acct:c2ln", &parsed));
    assert_true(parsed.lite);
    assert_false(hr_sharedkey_key_valid("not base64!"));
    assert_false(hr_sharedkey_key_valid(""));
    assert_true(hr_sharedkey_key_valid("AAAA"));
}

static void xml_is_a_bounded_tree(void **state)
{
    (void)state;
    static const char page[] =
        "\xef\xbb\xbf<?xml version=\"1.0\"?><E><Blobs><Blob><Name>a&amp;b \xc3\xbc</Name></Blob>"
        "<Blob><Name Encoded=\"true\">%01</Name></Blob></Blobs><NextMarker/></E>";
    struct hr_xml *root;
    assert_int_equal(hr_xml_parse(arena, page, sizeof page - 1, &root, NULL), HR_OK);
    const struct hr_xml *blobs = hr_xml_find(root, "Blobs");
    assert_string_equal(hr_xml_text(blobs->child, "Name"), "a&b \xc3\xbc");
    assert_string_equal(hr_xml_attribute(hr_xml_find(blobs->child->next, "Name"), "Encoded"),
                        "true");
    assert_string_equal(hr_xml_text(root, "NextMarker"), "");
    static const char *const broken[] = {
        "",
        "<a>",
        "<a><b></a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<a>\x01</a>",
        "<a>\xff</a>",
        "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"};
    for (size_t i = 0; i < HR_LEN(broken); i++)
        assert_int_equal(hr_xml_parse(arena, broken[i], strlen(broken[i]), &root, NULL),
                         HR_E_INVALID);
    struct hr_buf out;
    hr_buf_init(&out, 100);
    hr_xml_element(&out, "N", "<a&\"b\">");
    assert_string_equal(hr_buf_text(&out), "<N>&lt;a&amp;&quot;b&quot;&gt;</N>");
    hr_buf_release(&out);
    assert_true(hr_xml_carries("a\xc3\xbc\t\xf0\x9f\x98\x80"));
    assert_false(hr_xml_carries("\x01"));
    assert_false(hr_xml_carries("\xed\xa0\x80"));
    assert_false(hr_xml_carries("\xc0\xaf"));
}

static int setup(void **state)
{
    arena = *state = hr_arena_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    hr_arena_free(*state);
    return 0;
}

int main(int argc, char **argv)
{
    vectors = json_load_file(argc > 1 ? argv[1] : "storage_vectors.json", 0, NULL);
    if (!vectors)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signs_as_the_sdk_does, setup, teardown),
        cmocka_unit_test_setup_teardown(verifies_tokens_of_the_sdk, setup, teardown),
        cmocka_unit_test_setup_teardown(sas_is_held_to_its_terms, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_authorization_is_no_authorization, setup, teardown),
        cmocka_unit_test_setup_teardown(xml_is_a_bounded_tree, setup, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(vectors);
    return failed;
}
