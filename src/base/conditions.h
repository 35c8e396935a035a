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
    X("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005", HR_ANALYSIS, "Cannot use all columns for partition columns.") \
    X("ARITHMETIC_OVERFLOW", "22003", HR_ARITHMETIC, "<message>.<alternative> If necessary set <config> to \"false\" to bypass this error.") \
    X("CANNOT_MERGE_SCHEMAS", "42KD9", HR_SPARK, "Failed merging schemas: Initial schema: <left> Schema that cannot be merged with the initial schema: <right>.") \
    X("CAST_INVALID_INPUT", "22018", HR_NUMBER_FORMAT, "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.") \
    X("CAST_OVERFLOW", "22003", HR_ARITHMETIC, "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.") \
    X("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "56038", HR_ILLEGAL_ARGUMENT, "The codec <codecName> is not available. Available codecs are <availableCodecs>.") \
    X("COLLATION_INVALID_NAME", "42704", HR_SPARK, "The value <collationName> does not represent a correct collation name. Suggested valid collation names: [<proposals>].") \
    X("COLUMN_ALREADY_EXISTS", "42711", HR_ANALYSIS, "The column <columnName> already exists. Choose another name or rename the existing column.") \
    X("CONFLICTING_DIRECTORY_STRUCTURES", "KD009", HR_ANALYSIS, "Conflicting directory structures detected. Suspicious paths: <discoveredBasePaths> If provided paths are partition directories, please set \"basePath\" in the options of the data source to specify the root directory of the table. If there are multiple root directories, please load them separately and then union them.") \
    X("CONFLICTING_PARTITION_COLUMN_NAMES", "KD009", HR_ANALYSIS, "Conflicting partition column names detected: <distinctPartColLists> For partitioned table directories, data files should only live in leaf directories. And directories at the same level should have the same partition column name. Please check the following directories for unexpected files or inconsistent partition column names: <suspiciousPaths>") \
    X("DATATYPE_MISSING_SIZE", "42K01", HR_PARSE, "DataType <type> requires a length parameter, for example <type>(10). Please specify the length.") \
    X("DATA_SOURCE_NOT_FOUND", "42K02", "org.apache.spark.SparkClassNotFoundException", "Failed to find the data source: <provider>. Make sure the provider name is correct and the package is properly registered and compatible with your Spark version.") \
    X("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003", HR_ARITHMETIC, "Decimal precision <precision> exceeds max precision <maxPrecision>.") \
    X("DIVIDE_BY_ZERO", "22012", HR_ARITHMETIC, "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error.") \
    X("EMPTY_JSON_FIELD_VALUE", "42604", HR_RUNTIME, "Failed to parse an empty string for data type <dataType>.") \
    X("FAILED_READ_FILE.FILE_NOT_EXIST", "KD001", HR_SPARK, "Encountered error while reading file <path>. File does not exist. It is possible the underlying files have been updated. You can explicitly invalidate the cache in Spark by running 'REFRESH TABLE tableName' command in SQL or by recreating the Dataset/DataFrame involved.") \
    X("FAILED_READ_FILE.NO_HINT", "KD001", HR_SPARK, "Encountered error while reading file <path>.") \
    X("FAILED_TO_PARSE_TOO_COMPLEX", "54001", HR_PARSE, "The statement, including potential SQL functions and referenced views, was too complex to parse.\nTo mitigate this error divide the statement into multiple, less complex chunks.") \
    X("INCOMPLETE_TYPE_DEFINITION.ARRAY", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"ARRAY\" type is incomplete. You must provide an element type. For example: \"ARRAY<elementType>\".") \
    X("INCOMPLETE_TYPE_DEFINITION.MAP", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"MAP\" type is incomplete. You must provide a key type and a value type. For example: \"MAP<TIMESTAMP, INT>\".") \
    X("INCOMPLETE_TYPE_DEFINITION.STRUCT", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"STRUCT\" type is incomplete. You must provide at least one field type. For example: \"STRUCT<name STRING, phone DECIMAL(10, 0)>\".") \
    X("INTERNAL_ERROR", "XX000", HR_SPARK, "<message>") \
    X("INVALID_ATTRIBUTE_NAME_SYNTAX", "42601", HR_ANALYSIS, "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a quoted string is a complete name part and use a backtick only inside quoted name parts.") \
    X("INVALID_CORRUPT_RECORD_TYPE", "42804", HR_ANALYSIS, "The column <columnName> for corrupt records must have the nullable STRING type, but got <actualType>.") \
    X("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007", HR_ILLEGAL_ARGUMENT, "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'.") \
    X("INVALID_DELIMITER_VALUE.EMPTY_STRING", "42602", HR_ILLEGAL_ARGUMENT, "Invalid value for delimiter. Delimiter cannot be empty string.") \
    X("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", "42602", HR_ILLEGAL_ARGUMENT, "Invalid value for delimiter. Single backslash is prohibited. It has special meaning as beginning of an escape sequence. To get the backslash character, pass a string with two backslashes as the delimiter.") \
    X("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", "42602", HR_ILLEGAL_ARGUMENT, "Invalid value for delimiter. Unsupported special character for delimiter: <str>.") \
    X("INVALID_ESCAPE_CHAR", "42604", HR_PARSE, "`EscapeChar` should be a string literal of length one, but got <sqlExpr>.") \
    X("INVALID_IDENTIFIER", "42602", HR_PARSE, "The unquoted identifier <ident> is invalid and must be back quoted as: `<ident>`.\nUnquoted identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar ('_').\nUnquoted identifiers must also not start with a digit.\nDifferent data sources and meta stores may impose additional restrictions on valid identifiers.") \
    X("INVALID_INTERVAL_FORMAT.INTERVAL_PARSING", "22006", HR_PARSE, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Error parsing interval <interval> string.") \
    X("INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING", "22006", HR_PARSE, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval string does not match <intervalStr> format of <supportedFormat> when cast to <typeName>: <input>.") \
    X("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", "22006", HR_PARSE, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Cannot support (interval '<input>' <from> to <to>) expression.") \
    X("INVALID_JSON_DATA_TYPE", "2203G", HR_ILLEGAL_ARGUMENT, "Failed to convert the JSON string '<invalidType>' to a data type. Please enter a valid data type.") \
    X("INVALID_PARAMETER_VALUE.CHARSET", "22023", HR_ILLEGAL_ARGUMENT, "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the <charsets>, but got <charset>.") \
    X("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023", HR_SPARK, "Malformed records are detected in record parsing: <badRecord>. Parse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.") \
    X("INVALID_NUMERIC_LITERAL_RANGE", "22003", HR_PARSE, "Numeric literal <rawStrippedQualifier> is outside the valid range for <typeName> with minimum value of <minValue> and maximum value of <maxValue>. Please adjust the value accordingly.") \
    X("INVALID_SET_SYNTAX", "42000", HR_PARSE, "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special characters in key, or include semicolon in value, please use backquotes, e.g., SET `key`=`value`.") \
    X("INVALID_TYPED_LITERAL", "42604", HR_PARSE, "The value of the typed literal <valueType> is invalid: <value>.") \
    X("OPERATION_CANCELED", "HY008", HR_SPARK, "Operation has been canceled.") \
    X("OPTION_VALUE_EXCEEDS_ONE_CHARACTER", "22023", HR_ANALYSIS, "The value of <paramName> cannot be more than one character, but got <actualValue>.") \
    X("PARSE_EMPTY_STATEMENT", "42617", HR_PARSE, "Syntax error, unexpected empty statement.") \
    X("PARSE_SYNTAX_ERROR", "42601", HR_PARSE, "Syntax error at or near <error><hint>.") \
    X("PATH_ALREADY_EXISTS", "42K04", HR_ANALYSIS, "Path <outputPath> already exists. Set mode as \"overwrite\" to overwrite the existing path.") \
    X("PATH_NOT_FOUND", "42K03", HR_ANALYSIS, "Path does not exist: <path>.") \
    X("TABLE_OR_VIEW_NOT_FOUND", "42P01", HR_ANALYSIS, "The table or view <relationName> cannot be found. Verify the spelling and correctness of the schema and catalog.") \
    X("TASK_WRITE_FAILED", "58030", HR_SPARK, "Task failed while writing rows to <path>.") \
    X("UNABLE_TO_INFER_SCHEMA", "42KD9", HR_ANALYSIS, "Unable to infer schema for <format>. It must be specified manually.") \
    X("UNCLOSED_BRACKETED_COMMENT", "42601", HR_PARSE, "Found an unclosed bracketed comment. Please, append */ at the end of the comment.") \
    X("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", HR_ANALYSIS, "A column, variable, or function parameter with name <objectName> cannot be resolved.") \
    X("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", HR_ANALYSIS, "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you mean one of the following? [<proposal>].") \
    X("UNSUPPORTED_DATATYPE", "0A000", HR_PARSE, "Unsupported data type <typeName>.") \
    X("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000", HR_ANALYSIS, "The <format> datasource doesn't support the column <columnName> of the type <columnType>.") \
    X("UNSUPPORTED_FEATURE", "0A000", HR_ANALYSIS, "The feature is not supported by this pool: <feature>. Attach an Apache Spark pool to run it.") \
    X("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", "0A000", HR_ANALYSIS, "The feature is not supported: Queries from raw JSON/CSV/XML files are disallowed when the referenced columns only include the internal corrupt record column (named `_corrupt_record` by default). For example: `spark.read.schema(schema).json(file).filter($\"_corrupt_record\".isNotNull).count()` and `spark.read.schema(schema).json(file).select(\"_corrupt_record\").show()`. Instead, you can cache or save the parsed results and then send the same query. For example, `val df = spark.read.schema(schema).json(file).cache()` and then `df.filter($\"_corrupt_record\".isNotNull).count()`.") \
    X("UNSUPPORTED_OVERWRITE.PATH", "42902", HR_ANALYSIS, "Can't overwrite the target that is also being read from. The target path is <path>.") \
    X("UNSUPPORTED_TIME_PRECISION", "0A001", HR_SPARK, "The seconds precision <precision> of the TIME data type is out of the supported range [0, 6].") \
    X("UNSUPPORTED_TIME_TYPE", "0A000", HR_ANALYSIS, "The data type TIME is not supported.") \
    X("UNSUPPORTED_TYPED_LITERAL", "0A000", HR_PARSE, "Literals of the type <unsupportedType> are not supported. Supported types are <supportedTypes>.") \
    X("_LEGACY_ERROR_TEMP_0029", "", HR_PARSE, "Cannot mix year-month and day-time fields: <literal>.") \
    X("_LEGACY_ERROR_TEMP_0053", "", HR_PARSE, "It is not allowed to define a TEMPORARY view with IF NOT EXISTS.") \
    X("_LEGACY_ERROR_TEMP_0064", "", HR_PARSE, "<msg>.") \
    X("_LEGACY_ERROR_TEMP_1228", "", HR_ANALYSIS, "Decimal scale (<scale>) cannot be greater than precision (<precision>).")
#endif
