/* Spark's error conditions that Headrace raises: name, SQLSTATE, the Java class that selects the client's exception, message.
 * Names, SQLSTATEs and parameter names are Spark 4.2's. Add a row where it is needed; keep the rows sorted by name. */
#ifndef HR_BASE_CONDITIONS_H
#define HR_BASE_CONDITIONS_H

#define HR_ANALYSIS "org.apache.spark.sql.AnalysisException"
#define HR_PARSE "org.apache.spark.sql.catalyst.parser.ParseException"
#define HR_ARITHMETIC "org.apache.spark.SparkArithmeticException"
#define HR_RUNTIME "org.apache.spark.SparkRuntimeException"
#define HR_SPARK "org.apache.spark.SparkException"
#define HR_NUMBER_FORMAT "org.apache.spark.SparkNumberFormatException"
#define HR_DATE_TIME "org.apache.spark.SparkDateTimeException"
#define HR_ILLEGAL_ARGUMENT "org.apache.spark.SparkIllegalArgumentException"
#define HR_ARRAY_INDEX "org.apache.spark.SparkArrayIndexOutOfBoundsException"
#define HR_UNSUPPORTED_OPERATION "org.apache.spark.SparkUnsupportedOperationException"

#define HR_CONDITIONS(X) \
    X("ARITHMETIC_OVERFLOW", "22003", HR_ARITHMETIC, "<message>.<alternative> If necessary set <config> to \"false\" to bypass this error.") \
    X("CAST_INVALID_INPUT", "22018", HR_NUMBER_FORMAT, "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.") \
    X("CAST_OVERFLOW", "22003", HR_ARITHMETIC, "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.") \
    X("COLLATION_INVALID_NAME", "42704", HR_SPARK, "The value <collationName> does not represent a correct collation name. Suggested valid collation names: [<proposals>].") \
    X("DATATYPE_MISSING_SIZE", "42K01", HR_PARSE, "DataType <type> requires a length parameter, for example <type>(10). Please specify the length.") \
    X("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003", HR_ARITHMETIC, "Decimal precision <precision> exceeds max precision <maxPrecision>.") \
    X("DIVIDE_BY_ZERO", "22012", HR_ARITHMETIC, "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error.") \
    X("FAILED_TO_PARSE_TOO_COMPLEX", "54001", HR_PARSE, "The statement, including potential SQL functions and referenced views, was too complex to parse.\nTo mitigate this error divide the statement into multiple, less complex chunks.") \
    X("INCOMPLETE_TYPE_DEFINITION.ARRAY", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"ARRAY\" type is incomplete. You must provide an element type. For example: \"ARRAY<elementType>\".") \
    X("INCOMPLETE_TYPE_DEFINITION.MAP", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"MAP\" type is incomplete. You must provide a key type and a value type. For example: \"MAP<TIMESTAMP, INT>\".") \
    X("INCOMPLETE_TYPE_DEFINITION.STRUCT", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"STRUCT\" type is incomplete. You must provide at least one field type. For example: \"STRUCT<name STRING, phone DECIMAL(10, 0)>\".") \
    X("INTERNAL_ERROR", "XX000", HR_SPARK, "<message>") \
    X("INVALID_ATTRIBUTE_NAME_SYNTAX", "42601", HR_ANALYSIS, "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a quoted string is a complete name part and use a backtick only inside quoted name parts.") \
    X("INVALID_IDENTIFIER", "42602", HR_PARSE, "The unquoted identifier <ident> is invalid and must be back quoted as: `<ident>`.\nUnquoted identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar ('_').\nUnquoted identifiers must also not start with a digit.\nDifferent data sources and meta stores may impose additional restrictions on valid identifiers.") \
    X("INVALID_JSON_DATA_TYPE", "2203G", HR_ILLEGAL_ARGUMENT, "Failed to convert the JSON string '<invalidType>' to a data type. Please enter a valid data type.") \
    X("OPERATION_CANCELED", "HY008", HR_SPARK, "Operation has been canceled.") \
    X("PARSE_EMPTY_STATEMENT", "42617", HR_PARSE, "Syntax error, unexpected empty statement.") \
    X("PARSE_SYNTAX_ERROR", "42601", HR_PARSE, "Syntax error at or near <error><hint>.") \
    X("PATH_ALREADY_EXISTS", "42K04", HR_ANALYSIS, "Path <outputPath> already exists. Set mode as \"overwrite\" to overwrite the existing path.") \
    X("PATH_NOT_FOUND", "42K03", HR_ANALYSIS, "Path does not exist: <path>.") \
    X("TABLE_OR_VIEW_NOT_FOUND", "42P01", HR_ANALYSIS, "The table or view <relationName> cannot be found. Verify the spelling and correctness of the schema and catalog.") \
    X("UNCLOSED_BRACKETED_COMMENT", "42601", HR_PARSE, "Found an unclosed bracketed comment. Please, append */ at the end of the comment.") \
    X("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", HR_ANALYSIS, "A column, variable, or function parameter with name <objectName> cannot be resolved.") \
    X("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", HR_ANALYSIS, "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you mean one of the following? [<proposal>].") \
    X("UNSUPPORTED_DATATYPE", "0A000", HR_PARSE, "Unsupported data type <typeName>.") \
    X("UNSUPPORTED_FEATURE", "0A000", HR_ANALYSIS, "The feature is not supported by this pool: <feature>. Attach an Apache Spark pool to run it.") \
    X("UNSUPPORTED_TIME_PRECISION", "0A001", HR_SPARK, "The seconds precision <precision> of the TIME data type is out of the supported range [0, 6].") \
    X("_LEGACY_ERROR_TEMP_1228", "", HR_ANALYSIS, "Decimal scale (<scale>) cannot be greater than precision (<precision>).")
#endif
