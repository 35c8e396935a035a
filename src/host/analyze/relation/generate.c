/* Generators: explode and its kin, LATERAL VIEW. */
#include "host/analyze/internal.h"

static enum hr_code generated(struct analysis *a,
                              const struct hr_texpr *generator,
                              bool outer,
                              struct hr_attrs *out)
{
    const char *name = generator->call.function->name;
    const struct hr_type *type =
        generator->call.args.count ? generator->call.args.at[0]->type : BASIC(VOID);
    const struct hr_attr **attrs =
        ARRAY(a, const struct hr_attr *, generator->type->field_count + 3);
    size_t n = 0;
    bool positions = !strncmp(name, "posexplode", 10);
    if (positions)
        attrs[n++] = hr_attr_new(a, "pos", BASIC(INT), outer);
    if ((positions || !strncmp(name, "explode", 7)) && type->id == HR_TYPE_MAP) {
        attrs[n++] = hr_attr_new(a, "key", type->key, outer);
        attrs[n++] = hr_attr_new(a, "value", type->element, outer || type->contains_null);
    } else if (positions || !strncmp(name, "explode", 7)) {
        attrs[n++] = hr_attr_new(a, "col", type->element, outer || type->contains_null);
    } else {
        for (size_t i = 0; i < generator->type->field_count; i++)
            attrs[n++] =
                hr_attr_new(a, generator->type->fields[i].name, generator->type->fields[i].type,
                            outer || generator->type->fields[i].nullable);
    }
    *out = (struct hr_attrs){attrs, n};
    return HR_OK;
}

enum hr_code hr_generate_node(struct analysis *a,
                              struct hr_node *input,
                              struct hr_texpr *generator,
                              bool outer,
                              const struct hr_names *names,
                              const char *qualifier,
                              struct hr_node **out)
{
    struct hr_attrs made;
    HR_TRY(generated(a, generator, outer, &made));
    if (names && names->count && names->count != made.count)
        return hr_fail_spark(a->err, "UDTF_ALIAS_NUMBER_MISMATCH", "aliasesSize",
                             hr_printf(a->arena, "%zu", made.count), "aliasesNames",
                             hr_printf(a->arena, "%zu", names->count), NULL);
    const struct hr_attr **attrs =
        ARRAY(a, const struct hr_attr *, input->output.count + made.count);
    if (input->output.count)
        memcpy(attrs, input->output.at, input->output.count * sizeof *attrs);
    for (size_t i = 0; i < made.count; i++) {
        struct hr_attr *attr = (struct hr_attr *)made.at[i];
        if (names && names->count)
            attr->name = names->at[i];
        if (qualifier) {
            attr->qualifier = (struct hr_names){ARRAY(a, const char *, 1), 1};
            attr->qualifier.at[0] = qualifier;
        }
        attrs[input->output.count + i] = attr;
    }
    *out = hr_node_new(a, HR_N_GENERATE, input);
    (*out)->generate.generator = generator;
    (*out)->generate.outer = outer;
    (*out)->output = (struct hr_attrs){attrs, input->output.count + made.count};
    return HR_OK;
}

enum hr_code hr_resolve_generate(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    if (rel->input)
        HR_TRY(hr_resolve_rel(a, rel->input, &input));
    else
        input = hr_node_new(a, HR_N_ONE_ROW, NULL);
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1, .outer = a->outer};
    struct hr_texpr *generator;
    HR_TRY(hr_resolve_expr(&s, rel->generate.generator, &generator));
    if (generator->kind != HR_T_CALL || !(generator->call.function->flags & HR_F_GENERATOR))
        return hr_fail_spark(a->err, "UNSUPPORTED_GENERATOR.NOT_GENERATOR", "functionName",
                             hr_expr_sql(a, generator), "classCanonicalName",
                             "org.apache.spark.sql.catalyst.expressions.Expression", NULL);
    struct hosted hosted = {a, ""};
    hr_host_add(&hosted, generator, NULL, "");
    HR_TRY(hr_host_check(&hosted));
    HR_TRY(hr_check_operator(a, generator));
    return hr_generate_node(a, input, generator,
                            rel->generate.outer || strstr(generator->call.function->name, "_outer"),
                            &rel->generate.columns, rel->generate.alias, out);
}
