/* The function catalogue. catalogue.h explains the letters and templates; doc/functions.md lists what is here and the use that chose it. */
#include "host/analyze/functions/catalogue.h"
#include "base/map.h"
#include "host/analyze/functions/rules.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define R(rule) hr_rule_##rule

/* Moments: what is no number, or has no square, makes them NaN in Spark; the engine fails at it and is not shown it. Of pairs, $1 is y and $2 is x. */
#define NAN_TEXT "CAST('NaN' AS DOUBLE)"
#define IN_SCALE(x) "abs(" x ") <= 1.34e154"
#define MOMENT(name) "CASE " OF_ONE(name)
#define SAMPLE(name) "CASE WHEN {count($1)} = 1 THEN NULL " OF_ONE(name)
#define OF_ONE(name) "WHEN {bool_or(NOT " IN_SCALE("$1") ")} THEN " NAN_TEXT " ELSE {" name "($1)~" IN_SCALE("$1") "} END"
#define Y_OFF "coalesce({bool_or(NOT " IN_SCALE("$1") ")~$2 IS NOT NULL}, false)"
#define X_OFF "coalesce({bool_or(NOT " IN_SCALE("$2") ")~$1 IS NOT NULL}, false)"
#define SXX "{regr_sxx($1, $2)~" IN_SCALE("$2") "}"
#define SYY "{regr_syy($1, $2)~" IN_SCALE("$1") "}"
#define BOTH(name) "WHEN " X_OFF " OR " Y_OFF " THEN " NAN_TEXT " ELSE {" name "($1, $2)~" IN_SCALE("$1") " AND " IN_SCALE("$2") "} END"
#define COMOMENT(name) "CASE " BOTH(name)
#define REGRESSION(name) "CASE WHEN NOT " X_OFF " AND " SXX " = 0 THEN NULL " BOTH(name)

/* name, params, result, nulls, emit, flags, pretty, resolve */
static struct hr_function functions[] = {
    /* operators */
    {"+", "aa", "-", "-", "!arithmetic", HR_F_OPERATOR, "($1 + $2)", R(add)},
    {"-", "aa", "-", "-", "!arithmetic", HR_F_OPERATOR, "($1 - $2)", R(subtract)},
    {"*", "aa", "-", "-", "!arithmetic", HR_F_OPERATOR, "($1 * $2)", R(multiply)},
    {"/", "aa", "-", "-", "!divide", HR_F_OPERATOR, "($1 / $2)", R(divide)},
    {"div", "aa", "-", "-", "!int_divide", HR_F_OPERATOR, "($1 div $2)", R(int_divide)},
    {"%", "aa", "-", "-", "!remainder", HR_F_OPERATOR, "($1 % $2)", R(remainder)},
    {"mod", "aa", "-", "-", "!remainder", 0, NULL, R(remainder)},
    {"negative,$negate", "a", "-", "-", "!negate", 0, NULL, R(negate)},
    {"positive", "a", "-", "-", "$1", 0, "(+ $1)", R(negate)},
    {"abs", "n", "1", "a", "!absolute", 0, NULL, NULL},
    {"&", "aa", "-", "-", "($1 & $2)", HR_F_OPERATOR, "($1 & $2)", R(bitwise)},
    {"|", "aa", "-", "-", "($1 | $2)", HR_F_OPERATOR, "($1 | $2)", R(bitwise)},
    {"^", "aa", "-", "-", "xor($1, $2)", HR_F_OPERATOR, "($1 ^ $2)", R(bitwise)},
    {"~", "a", "-", "-", "(~$1)", HR_F_OPERATOR, "~$1", R(bitwise)},
    {"==,=", "aa", "b", "a", "($1 = $2)", HR_F_OPERATOR, "($1 = $2)", R(compare)},
    {"equal_null", "aa", "b", "n", "($1 IS NOT DISTINCT FROM $2)", 0, NULL, R(compare)},
    {"<=>,eqnullsafe", "aa", "b", "n", "($1 IS NOT DISTINCT FROM $2)", HR_F_OPERATOR, "($1 <=> $2)", R(compare)},
    {"!=,<>", "aa", "b", "a", "", HR_F_OPERATOR, NULL, R(not_equal)},
    {"<", "aa", "b", "a", "!ordered", HR_F_OPERATOR, "($1 < $2)", R(compare)},
    {"<=", "aa", "b", "a", "!ordered", HR_F_OPERATOR, "($1 <= $2)", R(compare)},
    {">", "aa", "b", "a", "!ordered", HR_F_OPERATOR, "($1 > $2)", R(compare)},
    {">=", "aa", "b", "a", "!ordered", HR_F_OPERATOR, "($1 >= $2)", R(compare)},
    {"and", "bb", "b", "a", "($1 AND $2)", HR_F_OPERATOR, "($1 AND $2)", R(logical)},
    {"or", "bb", "b", "a", "($1 OR $2)", HR_F_OPERATOR, "($1 OR $2)", R(logical)},
    {"not,!", "b", "b", "a", "(NOT $1)", HR_F_OPERATOR, "(NOT $1)", NULL},
    {"isnull", "a", "b", "n", "($1 IS NULL)", 0, "($1 IS NULL)", NULL},
    {"isnotnull", "a", "b", "n", "($1 IS NOT NULL)", 0, "($1 IS NOT NULL)", NULL},
    {"isnan", "d", "b", "n", "coalesce(isnan($1), false)", 0, NULL, NULL},
    {"in", "aa*", "b", "-", "!in", HR_F_OPERATOR, "($1 IN ($+))", R(is_in)},
    {"between", "aaa", "b", "-", "$4", HR_F_OPERATOR, "between($1, $2, $3)", R(between)},

    /* conditions */
    {"when,casewhen", "aa*", "-", "-", "!case", HR_F_OPERATOR, NULL, R(case_when)},
    {"if", "aaa", "-", "-", "CASE WHEN $1 THEN $2 ELSE $3 END", 0, "(IF($1, $2, $3))", R(if_else)},
    {"coalesce", "aa*", "-", "-", "coalesce($*)", 0, NULL, R(nvl)},
    {"nvl,ifnull", "aa", "-", "-", "coalesce($1, $2)", 0, NULL, R(nvl)},
    {"nullif", "aa", "-", "-", "CASE WHEN $3 THEN NULL ELSE $1 END", 0, "nullif($1, $2)", R(nullif)},
    {"nvl2", "aaa", "-", "-", "CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END", 0, NULL, R(nvl2)},
    {"nanvl", "dd", "d", "a", "CASE WHEN isnan($1) THEN $2 ELSE $1 END", HR_F_LAZY, NULL, NULL},
    {"greatest", "aa*", "-", "-", "!greatest", 0, NULL, R(greatest)},
    {"least", "aa*", "-", "-", "!greatest", 0, NULL, R(greatest)},
    {"zeroifnull", "n", "-", "n", "coalesce($1, 0)", 0, NULL, R(or_zero)},
    {"nullifzero", "n", "1", "y", "nullif($1, 0)", 0, NULL, NULL},

    /* numbers */
    {"round", "n?i", "-", "-", "@round($1,$2)", 0, NULL, R(round)},
    {"bround", "n?i", "-", "-", "@bround($1,$2)", 0, NULL, R(round)},
    {"sqrt", "d", "d", "y", "@sqrt($1)", 0, "SQRT($1)", NULL},
    {"cbrt", "d", "d", "y", "@cbrt($1)", 0, "CBRT($1)", NULL},
    {"exp", "d", "d", "y", "exp($1)", 0, "EXP($1)", NULL},
    {"ln", "d", "d", "y", "@ln($1)", 0, NULL, NULL},
    {"log", "d?d", "d", "y", "@ln($1)|@log_of($1,$2)", 0,
     "LOG(E(), $1)|LOG($1, $2)", NULL},
    {"log10", "d", "d", "y", "@log10($1)", 0, "LOG10($1)", NULL},
    {"log2", "d", "d", "y", "@log2($1)", 0, "LOG2($1)", NULL},
    {"power", "dd", "d", "a", "pow($1, $2)", 0, "POWER($1, $2)", NULL},
    {"pow", "dd", "d", "a", "pow($1, $2)", 0, NULL, NULL},
    {"sin", "d", "d", "y", "@sin($1)", 0, "SIN($1)", NULL},
    {"cos", "d", "d", "y", "@cos($1)", 0, "COS($1)", NULL},
    {"tan", "d", "d", "y", "@tan($1)", 0, "TAN($1)", NULL},
    {"asin", "d", "d", "y", "@asin($1)", 0, "ASIN($1)", NULL},
    {"acos", "d", "d", "y", "@acos($1)", 0, "ACOS($1)", NULL},
    {"atan", "d", "d", "y", "atan($1)", 0, "ATAN($1)", NULL},
    {"atan2", "dd", "d", "a", "atan2($1, $2)", 0, "ATAN2($1, $2)", NULL},
    {"sinh", "d", "d", "y", "sinh($1)", 0, "SINH($1)", NULL},
    {"cosh", "d", "d", "y", "cosh($1)", 0, "COSH($1)", NULL},
    {"tanh", "d", "d", "y", "tanh($1)", 0, "TANH($1)", NULL},
    {"degrees", "d", "d", "y", "degrees($1)", 0, "DEGREES($1)", NULL},
    {"radians", "d", "d", "y", "radians($1)", 0, "RADIANS($1)", NULL},
    {"pi", "", "d", "n", "pi()", 0, "PI()", NULL},
    {"e", "", "d", "n", "exp(CAST(1 AS DOUBLE))", 0, "E()", NULL},
    {"sign", "d", "d", "y", "@sign($1)", 0, NULL, NULL},
    {"signum", "d", "d", "y", "@sign($1)", 0, "SIGNUM($1)", NULL},
    {"ceil", "n?i", "-", "-", "!ceil_floor", 0, "CEIL($1)|ceil($1, $2)", R(ceil_floor)},
    {"ceiling", "n?i", "-", "-", "!ceil_floor", 0, NULL, R(ceil_floor)},
    {"floor", "n?i", "-", "-", "!ceil_floor", 0, "FLOOR($1)|floor($1, $2)", R(ceil_floor)},
    {"rint", "d", "d", "y", "round_even($1, 0)", 0, "rint($1)", NULL},
    {"pmod", "aa", "-", "-", "!pmod", 0, NULL, R(remainder)},
    {"<<", "xi", "1", "a", "@shift(1,$1,$2)", HR_F_OPERATOR, "($1 << $2)", NULL},
    {">>", "xi", "1", "a", "@shift(2,$1,$2)", HR_F_OPERATOR, "($1 >> $2)", NULL},
    {">>>", "xi", "1", "a", "@shift(3,$1,$2)", HR_F_OPERATOR, "($1 >>> $2)", NULL},
    {"shiftleft", "xi", "1", "a", "@shift(1,$1,$2)", 0, NULL, NULL},
    {"shiftright", "xi", "1", "a", "@shift(2,$1,$2)", 0, NULL, NULL},
    {"shiftrightunsigned", "xi", "1", "a", "@shift(3,$1,$2)", 0, NULL, NULL},
    {"acosh", "d", "d", "y", "@acosh($1)", 0, "ACOSH($1)", NULL},
    {"asinh", "d", "d", "y", "asinh($1)", 0, "ASINH($1)", NULL},
    {"atanh", "d", "d", "y", "@atanh($1)", 0, "ATANH($1)", NULL},
    {"cot", "d", "d", "y", "@cot($1)", 0, "COT($1)", NULL},
    {"sec", "d", "d", "y", "@sec($1)", 0, "SEC($1)", NULL},
    {"csc", "d", "d", "y", "@csc($1)", 0, "CSC($1)", NULL},
    {"expm1", "d", "d", "y", "@expm1($1)", 0, "EXPM1($1)", NULL},
    {"log1p", "d", "d", "y", "@log1p($1)", 0, "LOG1P($1)", NULL},
    {"hypot", "dd", "d", "a", "@hypot($1,$2)", 0, "HYPOT($1, $2)", NULL},
    {"factorial", "i", "l", "y", "@factorial($1)", 0, NULL, NULL},
    {"bin", "l", "s", "a", "@bin($1)", 0, NULL, NULL},
    {"hex", "a", "s", "a", "!hex", 0, NULL, R(hex)},
    {"unhex", "s", "y", "y", "@unhex($1)", 0, NULL, NULL},
    {"conv", "sii", "s", "y", "!conv", 0, NULL, NULL},
    {"bit_count", "a", "i", "a", "@bit_count(CAST($1 AS BIGINT))", 0, NULL, R(bit_count)},
    {"bit_get", "xi", "B", "a", "@bit_get(CAST($1 AS BIGINT),$2)", 0, NULL, NULL},
    {"getbit", "xi", "B", "a", "@bit_get(CAST($1 AS BIGINT),$2)", 0, NULL, NULL},
    {"width_bucket", "dddl", "l", "y", "@width_bucket($1,$2,$3,$4)", 0, NULL, NULL},
    {"try_add", "aa", "-", "-", "!try_arithmetic", 0, NULL, R(try_add)},
    {"try_subtract", "aa", "-", "-", "!try_arithmetic", 0, NULL, R(try_subtract)},
    {"try_multiply", "aa", "-", "-", "!try_arithmetic", 0, NULL, R(try_multiply)},
    {"try_divide", "aa", "-", "-", "!try_divide", 0, NULL, R(divide)},
    {"try_mod", "aa", "-", "-", "!try_remainder", 0, NULL, R(remainder)},
    {"rand,random", "?l", "d", "n", "random()|@draw(COALESCE($1,CAST(0 AS BIGINT)),row_number() OVER () - 1)", HR_F_VOLATILE | HR_F_ROWS, "rand()|rand($1)", NULL},
    {"randn", "?l", "d", "n", "(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))|@draw_gaussian(COALESCE($1,CAST(0 AS BIGINT)),row_number() OVER () - 1)",
     HR_F_VOLATILE | HR_F_ROWS, NULL, NULL},
    {"monotonically_increasing_id", "", "l", "n", "(row_number() OVER () - 1)", HR_F_VOLATILE | HR_F_ROWS, NULL, NULL},
    {"distributed_id", "", "l", "n", "(row_number() OVER () - 1)", HR_F_VOLATILE | HR_F_ROWS | HR_F_INTERNAL, NULL, NULL},
    {"distributed_sequence_id", "?b", "l", "n", "(row_number() OVER () - 1)|(row_number() OVER () - 1)", HR_F_VOLATILE | HR_F_ROWS | HR_F_INTERNAL,
     "distributed_sequence_id(false)|distributed_sequence_id($1)", NULL},
    {"spark_partition_id", "", "i", "n", "0", 0, "SPARK_PARTITION_ID()", NULL},
    {"input_file_name", "", "s", "n", "''", 0, NULL, R(input_file)},
    {"input_file_block_start", "", "l", "n", "-1", 0, NULL, R(input_file)},
    {"input_file_block_length", "", "l", "n", "-1", 0, NULL, R(input_file)},
    {"$input_file", "s", "s", "n", "regexp_replace($1, '^file:/', 'file:///')", HR_F_OPERATOR, "input_file_name()", NULL},
    {"$input_start", "l", "l", "n", "$1", HR_F_OPERATOR, "input_file_block_start()", NULL},
    {"$input_length", "l", "l", "n", "$1", HR_F_OPERATOR, "input_file_block_length()", NULL},
    {"uuid", "", "s", "n", "uuid()", HR_F_VOLATILE, NULL, NULL},
    {"hash", "aa*", "i", "n", "@hash($*)", 0, NULL, R(hash_of)},
    {"xxhash64", "aa*", "l", "n", "@xxhash64($*)", 0, NULL, R(hash_of)},
    {"crc32", "y", "l", "a", "@crc32($1)", 0, NULL, NULL},
    {"md5", "y", "s", "a", "md5($1)", 0, NULL, NULL},
    {"sha1", "y", "s", "a", "sha1($1)", 0, NULL, NULL},
    {"sha", "y", "s", "a", "sha1($1)", 0, NULL, NULL},
    {"sha2", "yi", "s", "y", "@sha2($1,$2)", 0, NULL, NULL},
    {"typeof", "a", "s", "n", "!typeof", 0, NULL, NULL},
    {"version", "", "s", "n", "'4.2.0'", 0, NULL, NULL},
    {"current_user", "", "s", "n", "!current_user", 0, "current_user()", NULL},
    {"user", "", "s", "n", "!current_user", 0, "user()", NULL},
    {"session_user", "", "s", "n", "!current_user", 0, "session_user()", NULL},
    {"current_database,current_schema", "", "s", "n", "'default'", 0, "current_schema()", NULL},
    {"current_catalog", "", "s", "n", "'spark_catalog'", 0, NULL, NULL},
    {"raise_error", "s", "v", "y", "@raise_error($1)", 0, "raise_error(USER_RAISED_EXCEPTION, map(errorMessage, $1))", NULL},
    {"assert_true", "b?s", "v", "y", "CASE WHEN $1 THEN NULL ELSE @raise_error($2) END", 0, NULL, R(assert_true)},
    {"int", "a", "-", "-", "$1", 0, NULL, R(cast_to)}, {"bigint", "a", "-", "-", "$1", 0, NULL, R(cast_to)},
    {"smallint", "a", "-", "-", "$1", 0, NULL, R(cast_to)}, {"tinyint", "a", "-", "-", "$1", 0, NULL, R(cast_to)},
    {"float", "a", "-", "-", "$1", 0, NULL, R(cast_to)}, {"double", "a", "-", "-", "$1", 0, NULL, R(cast_to)},
    {"decimal", "a", "-", "-", "$1", 0, NULL, R(cast_to)}, {"boolean", "a", "-", "-", "$1", 0, NULL, R(cast_to)},
    {"string", "a", "-", "-", "$1", 0, NULL, R(cast_to)}, {"binary", "a", "-", "-", "$1", 0, NULL, R(cast_to)},
    {"date", "a", "-", "-", "$1", 0, NULL, R(cast_to)}, {"timestamp", "a", "-", "-", "$1", 0, NULL, R(cast_to)},

    /* strings */
    {"upper,ucase", "s", "s", "a", "@upper($1)", 0, NULL, NULL},
    {"lower,lcase", "s", "s", "a", "@lower($1)", 0, NULL, NULL},
    {"length,len,char_length,character_length", "t", "i", "a", "!length", 0, NULL, NULL},
    {"trim", "s?s", "s", "a", "trim($1, ' ')|trim($2, $1)", 0, "trim($1)|TRIM(BOTH $1 FROM $2)", NULL},
    {"ltrim", "s?s", "s", "a", "ltrim($1, ' ')|ltrim($2, $1)", 0, "ltrim($1)|TRIM(LEADING $1 FROM $2)", NULL},
    {"rtrim", "s?s", "s", "a", "rtrim($1, ' ')|rtrim($2, $1)", 0, "rtrim($1)|TRIM(TRAILING $1 FROM $2)", NULL},
    {"concat", "a*", "-", "-", "!concat", 0, NULL, R(concat)},
    {"concat_ws", "sa*", "s", "1", "@concat_ws($*)", 0, NULL, R(concat_ws)},
    {"substring,substr", "ti?i", "-", "a", "@substring($1,$2,$3)", 0, NULL, R(string_binary)},
    {"left", "ti", "-", "a", "@substring($1,1,$2)", 0, NULL, R(string_binary)},
    {"right", "si", "s", "y", "right($1, CASE WHEN $2 < 0 THEN 0 ELSE $2 END)", 0, NULL, NULL},
    {"contains", "ss", "b", "a", "!contains", 0, NULL, NULL},
    {"startswith", "ss", "b", "a", "starts_with($1, $2)", 0, NULL, NULL},
    {"endswith", "ss", "b", "a", "ends_with($1, $2)", 0, NULL, NULL},
    {"like", "ss?s", "b", "a", "!like", HR_F_OPERATOR, "$1 LIKE $2|$1 LIKE $2 ESCAPE '$3'", R(like)},
    {"ilike", "ss?s", "b", "a", "!like", HR_F_OPERATOR, "ilike($1, $2)", R(like)},
    {"repeat", "si", "s", "a", "@repeat($1,$2)", 0, NULL, NULL},
    {"replace", "ss?s", "s", "a", "@replace($1,$2,$3)", 0, NULL, R(default_args)},
    {"instr", "ss", "i", "a", "@locate($2,$1,1)", 0, NULL, NULL},
    {"locate,position", "ss?i", "i", "a", "@locate($1,$2,$3)", 0, NULL, R(default_args)},
    {"ascii", "s", "i", "a", "ascii($1)", 0, NULL, NULL},
    {"chr,char", "l", "s", "a", "@chr($1)", 0, NULL, NULL},
    {"btrim", "s?s", "s", "a", "trim($1, ' ')|trim($1, $2)", 0, NULL, NULL},
    {"base64", "y", "s", "a", "@base64($1)", 0, NULL, NULL},
    {"to_binary", "s?s", "y", "y", "@to_binary($1,'hex')|@to_binary($1,$2)", 0, NULL, R(to_binary)},
    {"try_to_binary", "s?s", "y", "y", "@try_to_binary($1,'hex')|@try_to_binary($1,$2)", 0, NULL, R(to_binary)},
    {"unbase64", "s", "y", "a", "@unbase64($1)", 0, NULL, NULL},
    {"bit_length", "t", "i", "a", "!octet_length", 0, NULL, NULL},
    {"octet_length", "t", "i", "a", "!octet_length", 0, NULL, NULL},
    {"elt", "is*", "s", "y", "!elt", 0, NULL, NULL},
    {"find_in_set", "ss", "i", "a", "@find_in_set($1,$2)", 0, NULL, NULL},
    {"format_number", "nI", "s", "y", "@format_number($1,$2)", 0, NULL, NULL},
    {"format_string,printf", "sa*", "s", "1", "@format_string($*)", 0, NULL, NULL},
    {"initcap", "s", "s", "a", "@initcap($1)", 0, NULL, NULL},
    {"levenshtein", "ss?i", "i", "a", "@levenshtein($1,$2)|@levenshtein_most($1,$2,$3)", 0, NULL, NULL},
    {"soundex", "z", "s", "a", "@soundex($1)", 0, NULL, NULL},
    {"encode", "ss", "y", "y", "@encode($1,$2)", 0, NULL, NULL},
    {"decode", "aaa*", "s", "-", "!decode", HR_F_LAZY, NULL, R(decode)},
    {"mask", "z?zzzz", "s", "y", "@mask($*)", 0, NULL, R(filled)},
    {"luhn_check", "s", "b", "y", "@luhn_check($1)", 0, NULL, NULL},
    {"is_valid_utf8", "s", "b", "y", "@is_valid_utf8($1)", 0, NULL, NULL},
    {"collation", "s", "s", "n", "'SYSTEM.BUILTIN.UTF8_BINARY'", 0, NULL, NULL},
    {"parse_url", "zz?z", "s", "y", "@parse_url($*)", 0, NULL, NULL},
    {"try_parse_url", "zz?z", "s", "y", "@try_parse_url($*)", 0, NULL, NULL},
    {"str_to_map", "z?zz", "-", "a", "@str_to_map($1,$2,$3)", 0, NULL, R(filled)},
    {"quote", "s", "s", "y", "@quote($1)", 0, NULL, NULL},
    {"make_valid_utf8", "s", "s", "y", "@make_valid_utf8($1)", 0, NULL, NULL},
    {"validate_utf8", "s", "s", "y", "@validate_utf8($1)", 0, NULL, NULL},
    {"try_validate_utf8", "s", "s", "y", "CASE WHEN @is_valid_utf8($1) THEN $1 END", 0, NULL, NULL},
    {"try_url_decode", "s", "s", "y", "@try_url_decode($1)", 0, NULL, NULL},
    {"sentences", "s?ss", "-", "y", "!sentences", 0, NULL, R(sentences)},
    {"json_array_length", "z", "i", "y", "@json_array_length($1)", 0, NULL, NULL},
    {"json_object_keys", "z", "-", "y", "@json_object_keys($1)", 0, NULL, R(json_keys)},
    {"$json_field", "ss", "s", "y", "@json_field($1,$2)", 0, NULL, NULL},
    {"bitmap_bit_position", "l", "l", "a", "CASE WHEN $1 > 0 THEN ($1 - 1) % 32768 ELSE (-$1) % 32768 END", 0, NULL, NULL},
    {"bitmap_bucket_number", "l", "l", "a", "CASE WHEN $1 > 0 THEN 1 + ($1 - 1) // 32768 ELSE $1 // 32768 END", 0, NULL, NULL},
    {"bitmap_count", "y", "l", "a", "@bitmap_count($1)", 0, NULL, NULL},
    {"from_json", "za?a", "-", "y", "@from_json($1)", 0, "from_json($1)", R(from_json)},
    {"$from_json_map", "sa?a", "-", "y", "@from_json($1)", 0, "entries", R(from_json)},     /* from_json of a map, by the name that Spark prints */
    {"to_json", "a?a", "s", "y", "@to_json($1)", 0, "to_json($1)", R(to_text)},
    {"from_csv", "za?a", "-", "1", "@from_csv($1)", 0, "from_csv($1)", R(from_csv)},
    {"to_csv", "a?a", "s", "y", "@to_csv($1)", 0, "to_csv($1)", R(to_text)},
    {"schema_of_json", "s?a", "s", "n", "@schema_of_json($1)", 0, "schema_of_json($1)", R(schema_of)},
    {"schema_of_csv", "s?a", "s", "n", "@schema_of_csv($1)", 0, "schema_of_csv($1)", R(schema_of)},
    {"get_json_object", "zz", "s", "y", "@get_json_object($1,$2)", 0, NULL, NULL},
    {"lpad", "ai?a", "-", "a", "@lpad($1,$2,$3)", 0, NULL, R(pad)},
    {"rpad", "ai?a", "-", "a", "@rpad($1,$2,$3)", 0, NULL, R(pad)},
    {"overlay", "tti?i", "-", "a", "@overlay($1,$2,$3,$4)", 0, NULL, R(overlay)},
    {"reverse", "a", "-", "-", "!reverse", 0, NULL, R(reverse)},
    {"rlike", "ss", "b", "a", "@rlike($1,$2)", 0, "RLIKE($1, $2)", NULL},
    {"regexp", "ss", "b", "a", "@rlike($1,$2)", 0, "REGEXP($1, $2)", NULL},
    {"regexp_like", "ss", "b", "a", "@rlike($1,$2)", 0, "REGEXP_LIKE($1, $2)", NULL},
    {"regexp_replace", "sss?i", "s", "a", "@regexp_replace($1,$2,$3,$4)", 0, NULL, R(default_args)},
    {"regexp_extract", "ss?i", "s", "a", "@regexp_extract($1,$2,$3)", 0, NULL, R(default_args)},
    {"regexp_extract_all", "ss?i", "-", "a", "@regexp_extract_all($1,$2,$3)", 0, NULL, R(string_list)},
    {"regexp_count", "ss", "i", "a", "@regexp_count($1,$2)", 0, NULL, NULL},
    {"regexp_substr", "ss", "s", "y", "nullif(@regexp_extract($1,$2,0), '')", 0, NULL, NULL},
    {"regexp_instr", "ss?i", "i", "a", "@regexp_instr($1,$2)", 0, NULL, R(default_args)},
    {"space", "i", "s", "a", "@repeat(' ',$1)", 0, NULL, NULL},
    {"split", "ss?i", "-", "a", "@split($1,$2,$3)", 0, NULL, R(string_list)},
    {"split_part", "ssi", "s", "y", "@split_part($1,$2,$3)", 0, NULL, NULL},
    {"substring_index", "ssi", "s", "a", "@substring_index($1,$2,$3)", 0, NULL, NULL},
    {"translate", "sss", "s", "a", "@translate($1,$2,$3)", 0, NULL, NULL},
    {"url_encode", "s", "s", "y", "@url_encode($1)", 0, NULL, NULL},
    {"url_decode", "s", "s", "y", "@url_decode($1)", 0, NULL, NULL},

    /* dates: the arithmetic of + and - */
    {"date_add,dateadd", "DI", "D", "a", "@date_shift($1,CAST($2 AS INTEGER),1)", 0, "date_add($1, $2)", NULL},
    {"date_sub", "DI", "D", "a", "@date_shift($1,CAST($2 AS INTEGER),-1)", 0, NULL, NULL},
    {"datediff,date_diff", "DD", "i", "a", "($1 - $2)", 0, NULL, NULL},
    {"current_date,curdate", "", "D", "n", "!now", 0, "current_date()", NULL},
    {"current_timestamp", "", "T", "n", "!now", 0, NULL, NULL},
    {"now", "", "T", "n", "!now", 0, NULL, NULL},
    {"localtimestamp", "", "N", "n", "!now", 0, NULL, NULL},
    {"current_timezone", "", "s", "n", "!timezone", 0, NULL, NULL},
    {"year", "D", "i", "a", "year($1)", 0, NULL, NULL},
    {"quarter", "D", "i", "a", "quarter($1)", 0, NULL, NULL},
    {"month", "D", "i", "a", "month($1)", 0, NULL, NULL},
    {"day", "D", "i", "a", "day($1)", 0, NULL, NULL},
    {"dayofmonth", "D", "i", "a", "day($1)", 0, NULL, NULL},
    {"dayofyear", "D", "i", "a", "dayofyear($1)", 0, NULL, NULL},
    {"dayofweek", "D", "i", "a", "dayofweek($1) + 1", 0, NULL, NULL},
    {"weekday", "D", "i", "a", "isodow($1) - 1", 0, NULL, NULL},
    {"weekofyear", "D", "i", "a", "weekofyear($1)", 0, NULL, NULL},
    {"$dayofweek_iso", "D", "i", "a", "isodow($1)", 0, NULL, NULL},
    {"$yearofweek", "D", "i", "a", "isoyear($1)", 0, NULL, NULL},
    {"dayname", "D", "s", "a", "strftime($1, '%a')", 0, NULL, NULL},
    {"monthname", "D", "s", "a", "strftime($1, '%b')", 0, NULL, NULL},
    {"hour", "w", "i", "a", "@hour($1)", 0, NULL, NULL},
    {"minute", "w", "i", "a", "@minute($1)", 0, NULL, NULL},
    {"second", "w", "i", "a", "@second($1)", 0, NULL, NULL},
    {"$seconds", "w", "-", "a", "@seconds($1)", 0, NULL, R(seconds)},
    {"date_part", "sa", "-", "-", "$3", 0, "date_part($1, $2)", R(date_part)},
    {"datepart", "sa", "-", "-", "$3", 0, "datepart($1 FROM $2)", R(date_part)},
    {"extract", "sa", "-", "-", "$3", 0, "extract($1 FROM $2)", R(date_part)},
    {"date_format", "Ts", "s", "a", "@date_format($1,$2)", 0, NULL, NULL},
    {"to_date", "a?s", "D", "-", "!to_moment", 0, NULL, R(to_moment)},
    {"try_to_date", "a?s", "D", "-", "!to_moment", 0, NULL, R(to_moment)},
    {"to_timestamp", "a?s", "T", "-", "!to_moment", 0, NULL, R(to_moment)},
    {"try_to_timestamp", "a?s", "T", "-", "!to_moment", 0, NULL, R(to_moment)},
    {"to_timestamp_ltz", "a?s", "T", "-", "!to_moment", 0, NULL, R(to_moment)},
    {"to_timestamp_ntz", "a?s", "N", "-", "!to_moment", 0, NULL, R(to_moment)},
    {"unix_timestamp", "?as", "l", "-", "!unix_time", 0, NULL, R(unix_time)},
    {"to_unix_timestamp", "a?s", "l", "-", "!unix_time", 0, NULL, R(unix_time)},
    {"from_unixtime", "l?s", "s", "y", "@date_format(make_timestamp($1 * 1000000) AT TIME ZONE 'UTC',$2)", 0, NULL, R(default_args)},
    {"date_trunc", "sT", "T", "y", "@date_trunc($1,$2)", 0, NULL, NULL},
    {"trunc", "Ds", "D", "y", "@trunc($1,$2)", 0, NULL, NULL},
    {"last_day", "D", "D", "a", "last_day($1)", 0, NULL, NULL},
    {"next_day", "Ds", "D", "y", "!next_day", 0, NULL, NULL},
    {"add_months", "Di", "D", "a", "@plus_months($1,$2,1)", 0, NULL, NULL},
    {"months_between", "TT?b", "d", "a", "@months_between($1,$2,$3)", 0, NULL, R(default_args)},
    {"make_date", "iii", "D", "a", "!make_date", 0, NULL, R(ansi_nulls)},
    {"timestampadd", "slU", "-", "a", "@timestamp_add($1,$2,$3)", 0, NULL, R(timestamp_add)},
    {"timestampdiff", "sUU", "l", "a", "@timestamp_diff($1,$2,$3)", 0, NULL, R(timestamp_add)},
    {"make_timestamp", "iiiiid?s", "T", "a", "!make_timestamp", 0, NULL, R(ansi_nulls)},
    {"make_timestamp_ntz", "iiiiid", "N", "a", "!make_timestamp", 0, NULL, R(ansi_nulls)},
    {"try_make_timestamp", "iiiiid?s", "T", "y", "!make_timestamp", 0, NULL, NULL},
    {"make_timestamp_ltz", "iiiiid?s", "T", "a", "!make_timestamp", 0, NULL, R(ansi_nulls)},
    {"try_make_timestamp_ltz", "iiiiid?s", "T", "y", "!make_timestamp", 0, NULL, NULL},
    {"try_make_timestamp_ntz", "iiiiid", "N", "y", "!make_timestamp", 0, NULL, NULL},
    {"convert_timezone", "sa?a", "N", "a", "@convert_timezone($1,$2,$3)", 0, NULL, R(convert_timezone)},
    {"make_interval", "?iiiiiin", "-", "a", "(to_months(CAST($1 AS INTEGER) * 12 + $2) + to_days($3 * 7 + $4) + to_microseconds(CAST($5 AS BIGINT) * 3600000000 + "
     "CAST($6 AS BIGINT) * 60000000 + CAST($7 * 1000000 AS BIGINT)))", 0, NULL, R(filled)},
    {"try_make_interval", "i?iiiiin", "-", "y", "TRY(to_months(CAST($1 AS INTEGER) * 12 + $2) + to_days($3 * 7 + $4) + to_microseconds(CAST($5 AS BIGINT) * 3600000000 + "
     "CAST($6 AS BIGINT) * 60000000 + CAST($7 * 1000000 AS BIGINT)))", HR_F_INSIDE, NULL, R(filled)},
    {"make_dt_interval", "?iiin", "u", "a", "@make_day_time($1,$2,$3,$4)", 0, NULL, R(filled)},
    {"make_ym_interval", "?ii", "m", "a", "@make_year_month($1,$2)", 0, NULL, R(filled)},
    {"date_from_unix_date", "i", "D", "a", "@date_shift(DATE '1970-01-01', $1, 1)", 0, NULL, NULL},
    {"unix_date", "D", "i", "a", "($1 - DATE '1970-01-01')", 0, NULL, NULL},
    {"unix_seconds", "X", "l", "a", "CAST(floor(epoch_us($1) / 1000000) AS BIGINT)", 0, NULL, NULL},
    {"unix_millis", "X", "l", "a", "CAST(floor(epoch_us($1) / 1000) AS BIGINT)", 0, NULL, NULL},
    {"timestamp_ntz_to_long", "a", "l", "y", "CAST(floor(epoch_us($1) / 1000000) AS BIGINT)", HR_F_INTERNAL, "cast_timestamp_ntz_to_long($1)", R(ntz_to_long)},
    {"unix_micros", "X", "l", "a", "epoch_us($1)", 0, NULL, NULL},
    {"timestamp_seconds", "n", "T", "-", "@timestamp_of($1,1000000)", 0, NULL, R(timestamp_seconds)},
    {"timestamp_millis", "x", "T", "a", "@timestamp_of($1,1000)", 0, NULL, NULL},
    {"timestamp_micros", "x", "T", "a", "@timestamp_of($1,1)", 0, NULL, NULL},
    {"from_utc_timestamp", "Ts", "T", "a", "@from_utc($1,$2)", 0, NULL, NULL},
    {"to_utc_timestamp", "Ts", "T", "a", "@to_utc($1,$2)", 0, NULL, NULL},
    {"window_time", "S", "-", "-", "(struct_extract($1, 'f1') - to_microseconds(1))", 0, NULL, R(window_time)},
    {"$window_moment", "a", "-", "-", "$1", 0, "$1", R(window_moment)},
    {"$session_start", "w", "1", "y", "$1", HR_F_OPERATOR, "sessionwindow($1)", NULL},
    {"$window_start", "wlll", "1", "y", "@window_start($1,$2,$3,$4)", HR_F_OPERATOR, NULL, NULL},
    {"$days_between", "DD", "-", "a", "CAST($1 - $2 AS BIGINT) * 86400000000", HR_F_OPERATOR, "($1 - $2)", R(interval_between)},
    {"$micros_between", "aa", "-", "a", "@micros_between($1,$2)", HR_F_OPERATOR, "($1 - $2)", R(interval_between)},
    {"$plus_days", "aa", "1", "a", "($1 + CAST($2 // 86400000000 AS INTEGER))", HR_F_OPERATOR, "date_add($1, extractansiintervaldays($2))", NULL},
    {"$minus_days", "aa", "1", "a", "($1 - CAST($2 // 86400000000 AS INTEGER))", HR_F_OPERATOR, "date_add($1, (- extractansiintervaldays($2)))", NULL},
    {"$plus_months", "aa", "1", "a", "@plus_months($1,$2,1)", HR_F_OPERATOR, "$1 + $2", NULL},
    {"$minus_months", "aa", "1", "a", "@plus_months($1,$2,-1)", HR_F_OPERATOR, "$1 - $2", NULL},
    {"$plus_micros", "aa", "1", "a", "@plus_micros($1,$2,1)", HR_F_OPERATOR, "$1 + $2", NULL},
    {"$minus_micros", "aa", "1", "a", "@plus_micros($1,$2,-1)", HR_F_OPERATOR, "$1 - $2", NULL},

    /* collections */
    {"array", "a*", "-", "-", "!array", 0, NULL, R(array_of)},
    {"map", "a*", "-", "-", "!map", 0, NULL, R(map_of)},
    {"struct", "a*", "-", "-", "!struct", 0, NULL, R(struct_of)},
    {"named_struct", "a*", "-", "-", "!struct", 0, NULL, R(named_struct)},
    {"$array_item", "aa", "-", "-", "!array_item", HR_F_OPERATOR, "$1[$2]", R(array_item)},
    {"$pivoted", "aaa?a", "-", "-", "@pivoted($1,$2,$3)|@pivoted($1,$2,$3,$4)", HR_F_OPERATOR, "$1", R(pivoted)},
    {"$pivot_item", "aa", "-", "-", "list_extract($1, $2)", HR_F_OPERATOR, "$1[$2]", R(pivot_item)},
    {"$map_item", "aa", "-", "-", "list_extract(map_extract($1, $2), 1)", HR_F_OPERATOR, "$1[$2]", R(map_item)},
    {"$array_fields", "aaa", "-", "-", "!array_fields", HR_F_OPERATOR, "$1.$3", R(array_fields)},
    {"element_at", "aa", "-", "-", "!element_at", 0, NULL, R(element_at)},
    {"try_element_at", "aa", "-", "-", "!element_at", 0, NULL, R(element_at)},
    {"size,cardinality", "C", "i", "1", "!size", 0, NULL, R(sized)},
    {"array_contains", "aa", "b", "-", "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL WHEN list_contains($1, $2) THEN true "
     "WHEN list_contains(list_transform($1, lambda w: w IS NULL), true) THEN NULL ELSE false END", 0, NULL, R(array_member)},
    {"map_keys", "M", "K", "1", "map_keys($1)", 0, NULL, NULL},
    {"map_values", "M", "V", "1", "map_values($1)", 0, NULL, NULL},
    {"array_distinct", "A", "1", "a", "!array_distinct", 0, NULL, R(ordered_array)},
    {"array_union", "aa", "-", "-", "!array_set", 0, NULL, R(array_pair)},
    {"array_intersect", "aa", "-", "-", "!array_set", 0, NULL, R(array_pair)},
    {"array_except", "aa", "-", "-", "!array_set", 0, NULL, R(array_pair)},
    {"arrays_overlap", "aa", "b", "-", "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL "
     "WHEN list_has_any(list_filter($1, lambda w: w IS NOT NULL), list_filter($2, lambda w: w IS NOT NULL)) THEN true "
     "WHEN len($1) > 0 AND len($2) > 0 AND (len(list_filter($1, lambda w: w IS NULL)) > 0 OR len(list_filter($2, lambda w: w IS NULL)) > 0) THEN NULL "
     "ELSE false END", 0, NULL, R(array_pair)},
    {"array_join", "As?s", "s", "a", "@join($1,$2)|@join($1,$2,$3)", 0, NULL, R(array_join)},
    {"array_max", "A", "E1", "y", "!array_extreme", 0, NULL, R(ordered_array)},
    {"array_min", "A", "E1", "y", "!array_extreme", 0, NULL, R(ordered_array)},
    {"array_position", "aa", "l", "-", "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL ELSE coalesce(list_position($1, $2), 0) END", 0, NULL, R(array_member)},
    {"array_remove", "aa", "A", "-", "CASE WHEN $2 IS NULL THEN NULL ELSE list_filter($1, lambda w: w IS NULL OR w <> $2) END", HR_F_INSIDE, NULL, R(array_member)},
    {"array_append", "aa", "A", "-", "CASE WHEN $1 IS NULL THEN NULL ELSE list_append($1, $2) END", 0, NULL, R(array_member)},
    {"array_prepend", "aa", "A", "-", "CASE WHEN $1 IS NULL THEN NULL ELSE list_prepend($2, $1) END", 0, NULL, R(array_member)},
    {"array_insert", "aia", "-", "-", "!array_insert", 0, NULL, R(array_insert)},
    {"shuffle", "A?l", "1", "1", "!shuffle", HR_F_VOLATILE, "shuffle($1)", NULL},
    {"array_compact", "A", "-", "1", "list_filter($1, lambda w: w IS NOT NULL)", 0, NULL, R(array_compact)},
    {"array_repeat", "aI", "-", "2", "list_transform(range(@item_count(CASE WHEN $2 < 0 THEN CAST(0 AS BIGINT) ELSE CAST($2 AS BIGINT) END)), lambda w: $1)", HR_F_INSIDE, NULL, R(array_repeat)},
    {"array_size", "A", "i", "a", "len($1)", 0, NULL, NULL},
    {"sort_array", "A?b", "1", "1", "!sort_array", 0, NULL, R(sort_array)},
    {"array_sort", "A?L", "1", "1", "!array_sort", HR_F_LAMBDA,
     "array_sort($1, lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, (IF((namedlambdavariable() IS NULL), 1, "
     "(IF((namedlambdavariable() IS NULL), -1, (IF((namedlambdavariable() < namedlambdavariable()), -1, (IF((namedlambdavariable() > namedlambdavariable()), "
     "1, 0)))))))))), namedlambdavariable(), namedlambdavariable()))", R(array_sort)},
    {"slice", "Aii", "1", "a", "!slice", 0, NULL, NULL},
    {"flatten", "A", "E1", "a", "CASE WHEN len(list_filter($1, lambda w: w IS NULL)) > 0 THEN NULL ELSE flatten($1) END", 0, NULL, R(flatten)},
    {"get", "Ai", "E1", "y", "CASE WHEN $2 < 0 THEN NULL ELSE list_extract($1, CAST($2 AS BIGINT) + 1) END", 0, NULL, NULL},
    {"arrays_zip", "A*", "-", "a", "!arrays_zip", 0, NULL, R(arrays_zip)},
    {"sequence", "aa?a", "-", "a", "@sequence($*)", 0, NULL, R(sequence)},
    {"map_entries", "M", "-", "1", "!map_entries", 0, NULL, R(map_entries)},
    {"map_from_arrays", "AA", "-", "a", "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL ELSE MAP($1, $2) END", 0, NULL, R(map_from_arrays)},
    {"map_from_entries", "A", "-", "1", "CASE WHEN $1 IS NULL OR list_contains(list_transform($1, lambda w: w IS NULL), true) THEN NULL ELSE MAP(list_transform($1, lambda w: struct_extract(w, 'f0')), "
     "list_transform($1, lambda w: struct_extract(w, 'f1'))) END", 0, NULL, R(map_from_entries)},
    {"map_concat", "e*", "e", "a", "!map_concat", 0, NULL, R(map_concat)},
    {"map_contains_key", "aa", "b", "y", "CASE WHEN $1 IS NULL THEN NULL ELSE list_contains(map_keys($1), $2) END", 0, NULL, R(map_key)},
    {"map_filter", "aL", "-", "-", "!map_lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"transform_keys", "aL", "-", "-", "!map_lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"transform_values", "aL", "-", "-", "!map_lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"map_zip_with", "aaL", "-", "-", "!map_zip_with", HR_F_LAMBDA, NULL, R(map_zip_with)},
    {"zip_with", "aaL", "-", "-", "!zip_with", HR_F_LAMBDA, NULL, R(higher_order)},
    {"transform", "aL", "-", "-", "!lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"filter", "aL", "-", "-", "!lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"exists", "aL", "-", "-", "!lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"forall", "aL", "-", "-", "!lambda", HR_F_LAMBDA, NULL, R(higher_order)},
    {"aggregate,reduce", "aaL?L", "-", "-", "!reduce", HR_F_LAMBDA, NULL, R(higher_order)},

    /* generators */
    {"explode", "a", "-", "-", NULL, HR_F_GENERATOR, NULL, R(explode)},
    {"explode_outer", "a", "-", "-", NULL, HR_F_GENERATOR, NULL, R(explode)},
    {"posexplode", "a", "-", "-", NULL, HR_F_GENERATOR, NULL, R(explode)},
    {"posexplode_outer", "a", "-", "-", NULL, HR_F_GENERATOR, NULL, R(explode)},
    {"inline", "a", "-", "-", NULL, HR_F_GENERATOR, NULL, R(inline_rows)},
    {"inline_outer", "a", "-", "-", NULL, HR_F_GENERATOR, NULL, R(inline_rows)},
    {"json_tuple", "sss*", "-", "-", NULL, HR_F_GENERATOR, NULL, R(json_tuple)},
    {"stack", "aa*", "-", "-", NULL, HR_F_GENERATOR, NULL, R(stack)},

    /* aggregates */
    {"count", "a*", "l", "n", "!count", HR_F_AGGREGATE, NULL, NULL},
    {"sum", "n", "-", "-", "!sum", HR_F_AGGREGATE, NULL, R(sum)},
    {"avg,mean", "n", "-", "-", "!average", HR_F_AGGREGATE, NULL, R(average)},
    {"min", "a", "-", "-", "!extreme", HR_F_AGGREGATE, NULL, R(min_max)},
    {"max", "a", "-", "-", "!extreme", HR_F_AGGREGATE, NULL, R(min_max)},
    {"first,first_value", "a?a", "-", "-", "!first_last", HR_F_AGGREGATE | HR_F_IGNORE_NULLS, NULL, R(first_last)},
    {"last,last_value", "a?a", "-", "-", "!first_last", HR_F_AGGREGATE | HR_F_IGNORE_NULLS, NULL, R(first_last)},
    {"any_value", "a?a", "-", "-", "!first_last", HR_F_AGGREGATE | HR_F_IGNORE_NULLS, NULL, R(first_last)},
    {"collect_list", "a", "-", "-", "!collect", HR_F_AGGREGATE, NULL, R(collect)},
    {"array_agg", "a", "-", "-", "!collect", HR_F_AGGREGATE, "collect_list($1)", R(collect)},
    {"collect_set", "a", "-", "-", "!collect", HR_F_AGGREGATE, NULL, R(collect)},
    {"stddev,stddev_samp,std", "d", "d", "y", SAMPLE("stddev_samp"), HR_F_AGGREGATE, NULL, NULL},
    {"stddev_pop", "d", "d", "y", MOMENT("stddev_pop"), HR_F_AGGREGATE, NULL, NULL},
    {"variance,var_samp", "d", "d", "y", SAMPLE("var_samp"), HR_F_AGGREGATE, NULL, NULL},
    {"var_pop", "d", "d", "y", MOMENT("var_pop"), HR_F_AGGREGATE, NULL, NULL},
    {"corr", "dd", "d", "y", "CASE WHEN {regr_count($1, $2)} = 1 THEN NULL " BOTH("corr"), HR_F_AGGREGATE, NULL, NULL},
    {"covar_samp", "dd", "d", "y", "CASE WHEN {regr_count($1, $2)} = 1 THEN NULL " BOTH("covar_samp"), HR_F_AGGREGATE, NULL, NULL},
    {"covar_pop", "dd", "d", "y", COMOMENT("covar_pop"), HR_F_AGGREGATE, NULL, NULL},
    {"bool_and,every", "b", "b", "y", "{bool_and($1)}", HR_F_AGGREGATE, NULL, NULL},
    {"bool_or,some,any", "b", "b", "y", "{bool_or($1)}", HR_F_AGGREGATE, NULL, NULL},
    {"count_if", "b", "l", "n", "{count($1)~$1}", HR_F_AGGREGATE, NULL, NULL},
    {"max_by", "ao", "-", "-", "!by_other", HR_F_AGGREGATE, NULL, R(by_other)},
    {"min_by", "ao", "-", "-", "!by_other", HR_F_AGGREGATE, NULL, R(by_other)},
    {"try_sum", "n", "-", "-", "!try_sum", HR_F_AGGREGATE, NULL, R(sum)},
    {"try_avg", "n", "-", "-", "!average", HR_F_AGGREGATE, NULL, R(average)},
    {"approx_count_distinct", "a?d", "l", "n", "!approx_distinct", HR_F_AGGREGATE, "approx_count_distinct($1)", R(distinct_count)},
    {"$hll_key", "ai", "l", "1", "@hll_key($1,$2)", HR_F_OPERATOR, "$1", NULL},
    {"skewness", "d", "d", "y", "!skewness", HR_F_AGGREGATE, NULL, NULL},
    {"kurtosis", "d", "d", "y", "!kurtosis", HR_F_AGGREGATE, NULL, NULL},
    {"listagg", "t?t", "1", "y", "!listagg", HR_F_AGGREGATE, "listagg($1, NULL)|listagg($1, $2)", R(listagg)},
    {"string_agg", "t?t", "1", "y", "!listagg", HR_F_AGGREGATE, "string_agg($1, NULL)|string_agg($1, $2)", R(listagg)},
    {"regr_count", "dd", "l", "n", "{regr_count($1, $2)}", HR_F_AGGREGATE, NULL, NULL},
    {"regr_slope", "dd", "d", "y", REGRESSION("regr_slope"), HR_F_AGGREGATE, NULL, NULL},
    {"regr_intercept", "dd", "d", "y", REGRESSION("regr_intercept"), HR_F_AGGREGATE, NULL, NULL},
    {"regr_r2", "dd", "d", "y", "CASE WHEN NOT " X_OFF " AND " SXX " = 0 THEN NULL WHEN NOT " Y_OFF " AND " SYY " = 0 THEN CAST(1 AS DOUBLE) " BOTH("regr_r2"),
     HR_F_AGGREGATE, NULL, NULL},
    {"regr_avgx", "dd", "d", "y", "{avg($2)~$1 IS NOT NULL}", HR_F_AGGREGATE, NULL, NULL},
    {"regr_avgy", "dd", "d", "y", "{avg($1)~$2 IS NOT NULL}", HR_F_AGGREGATE, NULL, NULL},
    {"regr_sxx", "dd", "d", "y", "CASE WHEN " X_OFF " THEN " NAN_TEXT " ELSE " SXX " END", HR_F_AGGREGATE, NULL, NULL},
    {"regr_sxy", "dd", "d", "y", COMOMENT("regr_sxy"), HR_F_AGGREGATE, NULL, NULL},
    {"regr_syy", "dd", "d", "y", "CASE WHEN " Y_OFF " THEN " NAN_TEXT " ELSE " SYY " END", HR_F_AGGREGATE, NULL, NULL},
    {"median", "a", "-", "-", "!percentile", HR_F_AGGREGATE, NULL, R(median)},
    {"product", "d", "d", "y", "{product($1)}", HR_F_AGGREGATE | HR_F_INTERNAL, NULL, NULL},
    {"mode", "a?a", "1", "y", "{mode($1)}|{mode(CASE WHEN @always() THEN $1 END ORDER BY $1)}", HR_F_AGGREGATE, "mode($1)|mode() WITHIN GROUP (ORDER BY $1 DESC)", R(mode)},
    {"percentile_cont", "aa?i", "-", "y", "!percentile", HR_F_AGGREGATE,
     "percentile_cont($2) WITHIN GROUP (ORDER BY $1)|percentile_cont($2) WITHIN GROUP (ORDER BY $1 DESC)", R(percentile_group)},
    {"percentile_disc", "aa?i", "-", "y", "!percentile", HR_F_AGGREGATE,
     "percentile_disc($2) WITHIN GROUP (ORDER BY $1)|percentile_disc($2) WITHIN GROUP (ORDER BY $1 DESC)", R(percentile_group)},
    {"percentile", "af?i", "-", "-", "!percentile", HR_F_AGGREGATE, NULL, R(percentile)},
    {"percentile_approx,approx_percentile", "af?i", "-", "-", "!percentile_approx", HR_F_AGGREGATE, NULL, R(percentile)},
    {"bit_and", "x", "1", "y", "{bit_and($1)}", HR_F_AGGREGATE, NULL, NULL},
    {"bit_or", "x", "1", "y", "{bit_or($1)}", HR_F_AGGREGATE, NULL, NULL},
    {"bit_xor", "x", "1", "y", "{bit_xor($1)}", HR_F_AGGREGATE, NULL, NULL},

    /* aggregates of pandas-on-Spark: a last argument says what takes part, or the degrees of freedom */
    {"pandas_product", "na", "-", "-", "!pandas_product", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_product($1)", R(pandas_product)},
    {"pandas_var", "da", "d", "y", "!pandas_variance", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_variance($1)", R(pandas_freedom)},
    {"pandas_stddev", "da", "d", "y", "!pandas_deviation", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_stddev($1)", R(pandas_freedom)},
    {"pandas_covar", "dda", "d", "y", "!pandas_covariance", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_covar($1, $2)", R(pandas_freedom)},
    {"pandas_skew", "d", "d", "y", "!pandas_skewness", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_skewness($1)", NULL},
    {"pandas_kurt", "d", "d", "y", "!pandas_kurtosis", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_kurtosis($1)", NULL},
    {"pandas_mode", "aa", "-", "-", "!pandas_mode", HR_F_AGGREGATE | HR_F_INTERNAL, "pandas_mode($1)", R(pandas_mode)},
    {"collect_top_k", "oaa", "-", "-", "!top_k", HR_F_AGGREGATE | HR_F_INTERNAL, "collect_top_k($1)", R(top_k)},
    {"grouping", "a", "B", "n", NULL, 0, NULL, NULL},
    {"grouping_id,grouping__id", "a*", "l", "n", NULL, 0, NULL, NULL},
    {"$grouping_bit", "li", "B", "n", "($1 >> $2) & 1", HR_F_OPERATOR, NULL, NULL},

    /* windows */
    {"row_number", "", "i", "n", "{row_number()}", HR_F_WINDOW | HR_F_ROWS_FRAME, NULL, NULL},
    {"rank", "?a*", "i", "n", "{rank()}", HR_F_WINDOW | HR_F_ROWS_FRAME, "RANK()", NULL},
    {"dense_rank", "?a*", "i", "n", "{dense_rank()}", HR_F_WINDOW | HR_F_ROWS_FRAME, "DENSE_RANK()", NULL},
    {"percent_rank", "?a*", "d", "n", "{percent_rank()}", HR_F_WINDOW | HR_F_ROWS_FRAME, "PERCENT_RANK()", NULL},
    {"cume_dist", "", "d", "n", "{cume_dist()}", HR_F_WINDOW, NULL, NULL},
    {"ntile", "I", "i", "n", "{ntile($1)}", HR_F_WINDOW | HR_F_ROWS_FRAME, NULL, R(ntile)},
    {"lag", "a?aa", "-", "-", "!lag_lead", HR_F_WINDOW | HR_F_ROWS_FRAME | HR_F_IGNORE_NULLS, NULL, R(lag_lead)},
    {"lead", "a?aa", "-", "-", "!lag_lead", HR_F_WINDOW | HR_F_ROWS_FRAME | HR_F_IGNORE_NULLS, NULL, R(lag_lead)},
    {"nth_value", "ai?a", "-", "-", "!nth_value", HR_F_WINDOW | HR_F_IGNORE_NULLS, NULL, R(window_value)},

    {"$likeany", "ss*", "b", "y", "@like_any($*)", HR_F_OPERATOR, "likeany($1)", NULL},
    {"$likeall", "ss*", "b", "y", "@like_all($*)", HR_F_OPERATOR, "likeall($1)", NULL},
    {"$notlikeany", "ss*", "b", "y", "(NOT @like_all($*))", HR_F_OPERATOR, "notlikeany($1)", NULL},
    {"$notlikeall", "ss*", "b", "y", "(NOT @like_any($*))", HR_F_OPERATOR, "notlikeall($1)", NULL},
    {"$update", "aa*", "1", "1", "$1", HR_F_OPERATOR | HR_F_LAZY, NULL, NULL},

    /* the engine's own: a cell of show() */
    {"$show", "a", "s", "n", "!show", HR_F_OPERATOR, NULL, NULL},
};

/* Spark 4.2 has these too, and this pool does not: refused as such, not as a name that nobody knows. Sorted; a function that is done leaves the list. */
static const char *const missing[] = {
    "aes_decrypt", "aes_encrypt", "approx_top_k", "approx_top_k_accumulate", "approx_top_k_combine",
    "approx_top_k_estimate", "array_binary_search", "bitmap_and_agg", "bitmap_construct_agg", "bitmap_or_agg", "collate", "collations",
    "count_min_sketch", "current_path", "current_time", "ewm", "from_avro", "from_protobuf", "from_xml",
    "histogram_numeric", "hll_sketch_agg", "hll_sketch_estimate", "hll_union", "hll_union_agg", "is_valid_variant",
    "is_variant_null", "java_method", "kll_merge_agg_bigint", "kll_merge_agg_double", "kll_merge_agg_float",
    "kll_sketch_agg_bigint", "kll_sketch_agg_double", "kll_sketch_agg_float", "kll_sketch_get_n_bigint",
    "kll_sketch_get_n_double", "kll_sketch_get_n_float", "kll_sketch_get_quantile_bigint",
    "kll_sketch_get_quantile_double", "kll_sketch_get_quantile_float", "kll_sketch_get_rank_bigint",
    "kll_sketch_get_rank_double", "kll_sketch_get_rank_float", "kll_sketch_merge_bigint", "kll_sketch_merge_double",
    "kll_sketch_merge_float", "kll_sketch_to_string_bigint", "kll_sketch_to_string_double",
    "kll_sketch_to_string_float", "make_time", "measure", "null_index", "parse_json", "python_worker_logs", "randstr", "reflect",
    "schema_of_avro", "schema_of_variant", "schema_of_variant_agg", "schema_of_xml", "session_window",
    "sql_keywords", "st_asbinary", "st_geogfromwkb", "st_geomfromwkb", "st_setsrid", "st_srid", "theta_difference",
    "theta_intersection", "theta_intersection_agg", "theta_sketch_agg", "theta_sketch_estimate", "theta_union",
    "theta_union_agg", "time", "time_bucket", "time_diff", "time_from_micros", "time_from_millis",
    "time_from_seconds", "time_to_micros", "time_to_millis", "time_to_seconds", "time_trunc", "to_avro", "to_char",
    "to_number", "to_protobuf", "to_time", "to_varchar", "to_variant_object", "to_xml", "try_aes_decrypt",
    "try_parse_json", "try_reflect", "try_to_number", "try_to_time", "try_variant_get", "tuple_difference_double",
    "tuple_difference_integer", "tuple_difference_theta_double", "tuple_difference_theta_integer",
    "tuple_intersection_agg_double", "tuple_intersection_agg_integer", "tuple_intersection_double",
    "tuple_intersection_integer", "tuple_intersection_theta_double", "tuple_intersection_theta_integer",
    "tuple_sketch_agg_double", "tuple_sketch_agg_integer", "tuple_sketch_estimate_double",
    "tuple_sketch_estimate_integer", "tuple_sketch_summary_double", "tuple_sketch_summary_integer",
    "tuple_sketch_theta_double", "tuple_sketch_theta_integer", "tuple_union_agg_double", "tuple_union_agg_integer",
    "tuple_union_double", "tuple_union_integer", "tuple_union_theta_double", "tuple_union_theta_integer", "uniform",
    "variant_explode", "variant_explode_outer", "variant_get", "vector_avg", "vector_cosine_similarity",
    "vector_inner_product", "vector_l2_distance", "vector_norm", "vector_normalize", "vector_sum", "window",
    "xpath", "xpath_boolean", "xpath_double", "xpath_float", "xpath_int", "xpath_long",
    "xpath_number", "xpath_short", "xpath_string",
};

static int compare_name(const void *name, const void *entry)
{
    return strcasecmp(name, *(const char *const *)entry);
}

bool hr_function_is_missing(const char *name)
{
    return bsearch(name, missing, HR_LEN(missing), sizeof *missing, compare_name);
}

static struct hr_map by_name;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void count_params(struct hr_function *function)
{
    bool optional = false;
    for (const char *p = function->params; *p; p++) {
        if (*p == '?')
            optional = true;
        else if (*p == '*') {
            function->least -= !optional;                    /* the repeated letter may stand no time at all */
            function->most = -1;
            return;
        } else {
            function->least += !optional;
            function->most++;
        }
    }
}

static void build_index(void)
{
    hr_map_init_nocase(&by_name);
    for (size_t i = 0; i < HR_LEN(functions); i++) {
        count_params(&functions[i]);
        for (const char *p = functions[i].name; *p;) {
            size_t len = strcspn(p, ",");
            if (!len)
                len = 1;
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)len, p);
            HR_CHECK(!hr_map_put(&by_name, name, &functions[i]));
            p += len;
            p += *p == ',';
        }
    }
}

const struct hr_function *hr_function_find(const char *name, const char **registered)
{
    pthread_once(&once, build_index);
    struct hr_function *found = hr_map_get(&by_name, name);
    if (!found)
        return NULL;
    for (struct hr_map_entry *entry = NULL; registered && (entry = hr_map_next(&by_name, entry));)
        if (entry->value == found && !strcasecmp(entry->key, name)) {
            *registered = entry->key;
            break;
        }
    return found;
}

bool hr_function_is(const struct hr_function *function, const char *name)
{
    size_t len = strlen(name);
    return !strncmp(function->name, name, len) && (!function->name[len] || function->name[len] == ',');
}

size_t hr_function_list(const struct hr_function **rows)
{
    pthread_once(&once, build_index);
    *rows = functions;
    return HR_LEN(functions);
}
