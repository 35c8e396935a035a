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

#define HR_SQL_EXCEPTION "org.apache.spark.SparkSQLException"
#define HR_NO_SUCH_ELEMENT "org.apache.spark.SparkNoSuchElementException"

#define HR_CONDITIONS(X) \
    X("", "", "java.lang.IllegalArgumentException", "requirement failed: <requirement>") /* Java's require(): without a condition */ \
    X("AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION", "42845", HR_ANALYSIS, "Non-deterministic expression <sqlExpr> should not appear in the arguments of an aggregate function.") \
    X("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005", HR_ANALYSIS, "Cannot use all columns for partition columns.") \
    X("AMBIGUOUS_COLUMN_REFERENCE", "42702", HR_ANALYSIS, "Column <name> is ambiguous. It's because you joined several DataFrame together, and some of these DataFrames are the same. This column points to one of the DataFrames but Spark is unable to figure out which one. Please alias the DataFrames with different names via `DataFrame.alias` before joining them, and specify the column using qualified name, e.g. `df.alias(\"a\").join(df.alias(\"b\"), col(\"a.id\") > col(\"b.id\"))`.") \
    X("AMBIGUOUS_REFERENCE", "42704", HR_ANALYSIS, "Reference <name> is ambiguous, could be: <referenceNames>.") \
    X("AMBIGUOUS_REFERENCE_TO_FIELDS", "42000", HR_ANALYSIS, "Ambiguous reference to the field <field>. It appears <count> times in the schema.") \
    X("ARITHMETIC_OVERFLOW", "22003", HR_ARITHMETIC, "<message>.<alternative> If necessary set <config> to \"false\" to bypass this error.") \
    X("ASSIGNMENT_ARITY_MISMATCH", "42802", HR_ANALYSIS, "The number of columns or variables assigned or aliased: <numTarget> does not match the number of source expressions: <numExpr>.") \
    X("AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE", "42604", HR_ANALYSIS, "Invalid as-of join. The input argument `tolerance` must be non-negative.") \
    X("AS_OF_JOIN.TOLERANCE_IS_UNFOLDABLE", "42604", HR_ANALYSIS, "Invalid as-of join. The input argument `tolerance` must be a constant.") \
    X("AS_OF_JOIN.UNSUPPORTED_DIRECTION", "42604", HR_ANALYSIS, "Invalid as-of join. Unsupported as-of join direction '<direction>'. Supported as-of join direction include: <supported>.") \
    X("BINARY_ARITHMETIC_OVERFLOW", "22003", HR_ARITHMETIC, "<value1> <symbol> <value2> caused overflow. Use <functionName> to ignore overflow problem and return NULL.") \
    X("CANNOT_DECODE_URL", "22546", HR_ANALYSIS, "The provided URL cannot be decoded: <url>. Please ensure that the URL is properly formatted and try again.") \
    X("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", "42825", HR_ANALYSIS, "Failed to merge incompatible data types <left> and <right>. Please check the data types of the columns being merged and ensure that they are compatible. If necessary, consider casting the columns to compatible data types before attempting the merge.") \
    X("CANNOT_MERGE_SCHEMAS", "42KD9", HR_SPARK, "Failed merging schemas: Initial schema: <left> Schema that cannot be merged with the initial schema: <right>.") \
    X("CANNOT_MODIFY_CONFIG", "46110", HR_ANALYSIS, "Cannot modify the value of the Spark config: <key>.\nSee also '<docroot>/sql-migration-guide.html#ddl-statements'.") \
    X("CANNOT_MODIFY_STATIC_CONFIG", "46110", HR_ANALYSIS, "Cannot modify the value of the static Spark config: <key>.") \
    X("CANNOT_PARSE_INTERVAL", "22006", HR_ANALYSIS, "Unable to parse <intervalString>. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. If the issue persists, please double check that the input value is not null or empty and try again.") \
    X("CANNOT_PARSE_TIMESTAMP", "22007", HR_ANALYSIS, "<message>. Use <func> to tolerate invalid input string and return NULL instead.") \
    X("CANNOT_RESOLVE_DATAFRAME_COLUMN", "42704", HR_ANALYSIS, "Cannot resolve dataframe column <name>. It's probably because of illegal references like `df1.select(df2.col(\"a\"))`.") \
    X("CANNOT_RESOLVE_STAR_EXPAND", "42704", HR_ANALYSIS, "Cannot resolve <targetString>.* given input columns <columns>. Please check that the specified table or struct exists and is accessible in the input columns.") \
    X("CAST_INVALID_INPUT", "22018", HR_NUMBER_FORMAT, "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.") \
    X("CAST_OVERFLOW", "22003", HR_ARITHMETIC, "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.") \
    X("CATALOG_NOT_FOUND", "42P08", HR_ANALYSIS, "The catalog <catalogName> not found. Consider to set the SQL config <config> to a catalog plugin.") \
    X("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "56038", HR_ILLEGAL_ARGUMENT, "The codec <codecName> is not available. Available codecs are <availableCodecs>.") \
    X("COLLATION_INVALID_NAME", "42704", HR_SPARK, "The value <collationName> does not represent a correct collation name. Suggested valid collation names: [<proposals>].") \
    X("COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "54000", HR_RUNTIME, "Can't create array with <numberOfElements> elements which exceeding the array size limit <maxRoundedArrayLength>, unsuccessful try to create arrays in the function <functionName>.") \
    X("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "54000", HR_RUNTIME, "Can't create array with <numberOfElements> elements which exceeding the array size limit <maxRoundedArrayLength>, the value of parameter(s) <parameter> in the function <functionName> is invalid.") \
    X("COLUMN_ALREADY_EXISTS", "42711", HR_ANALYSIS, "The column <columnName> already exists. Choose another name or rename the existing column.") \
    X("CONFLICTING_DIRECTORY_STRUCTURES", "KD009", HR_ANALYSIS, "Conflicting directory structures detected. Suspicious paths: <discoveredBasePaths> If provided paths are partition directories, please set \"basePath\" in the options of the data source to specify the root directory of the table. If there are multiple root directories, please load them separately and then union them.") \
    X("CONFLICTING_PARTITION_COLUMN_NAMES", "KD009", HR_ANALYSIS, "Conflicting partition column names detected: <distinctPartColLists> For partitioned table directories, data files should only live in leaf directories. And directories at the same level should have the same partition column name. Please check the following directories for unexpected files or inconsistent partition column names: <suspiciousPaths>") \
    X("CONVERSION_INVALID_INPUT", "22018", HR_ANALYSIS, "The value <str> (<fmt>) cannot be converted to <targetType> because it is malformed. Correct the value as per the syntax, or change its format. Use <suggestion> to tolerate malformed input and return NULL instead.") \
    X("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same element type, but it's [<leftType>, <rightType>].") \
    X("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input to function <functionName> should have been two <arrayType> with same element type, but it's [<leftType>, <rightType>].") \
    X("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: the left and right operands of the binary operator have incompatible types (<left> and <right>).") \
    X("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: the binary operator requires the input type <inputType>, not <actualDataType>.") \
    X("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Cannot drop all fields in struct.") \
    X("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>.") \
    X("DATATYPE_MISMATCH.HASH_MAP_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input to the function <functionName> cannot contain elements of the \"MAP\" type. In Spark, same maps may have different hashcode, thus hash expressions are prohibited on \"MAP\" elements. To restore previous behavior set \"spark.sql.legacy.allowHashOnMapType\" to \"true\".") \
    X("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <leftExprName>(<leftExprValue>) must be <constraint> the <rightExprName>(<rightExprValue>).") \
    X("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must be between <valueRange> (current value = <currentValue>).") \
    X("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>. To convert values from <srcType> to <targetType>, you can use the functions <functionNames> instead.") \
    X("DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType> with ANSI mode on. If you have to cast <srcType> to <targetType>, you can set <config> as <configVal>.") \
    X("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Only foldable `STRING` expressions are allowed to appear at odd position, but they are <inputExprs>.") \
    X("DATATYPE_MISMATCH.DATA_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should all be the same type, but it's <dataType>.") \
    X("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Filter expression <filter> of type <type> is not a boolean.") \
    X("DATATYPE_MISMATCH.INVALID_ARG_VALUE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <inputName> value must to be a <requireType> literal of <validValues>, but got <inputValue>.") \
    X("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> must be a struct, an array, a map or a variant.") \
    X("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The key of map cannot be/contain <keyType>.") \
    X("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> does not support ordering on type <dataType>.") \
    X("DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The data type of one or more elements in the left hand side of an IN subquery is not compatible with the data type of the output of the subquery. Mismatched columns: [<mismatchedColumns>], left side: [<leftType>], right side: [<rightType>].") \
    X("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The number of columns in the left hand side of an IN subquery does not match the number of columns in the output of subquery. Left hand side columns(length: <leftLength>): [<leftColumns>], right hand side columns(length: <rightLength>): [<rightColumns>].") \
    X("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same key type, but it's [<leftType>, <rightType>].") \
    X("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Input to the <functionName> should have been two maps with compatible key types, but it's [<leftType>, <rightType>].") \
    X("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: the input <inputName> should be a foldable <inputType> expression; however, got <inputExpr>.") \
    X("DATATYPE_MISMATCH.NULL_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Null typed values cannot be used as arguments of <functionName>.") \
    X("DATATYPE_MISMATCH.NON_STRING_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: all arguments of the function <funcName> must be strings.") \
    X("DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame with value boundaries cannot be used in a window specification with multiple order by expressions: <orderSpec>.") \
    X("DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame cannot be used in an unordered window specification.") \
    X("DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> uses the wrong parameter type. The parameter type must conform to: 1. The start and stop expressions must resolve to the same type. 2. If start and stop expressions resolve to the <startType> type, then the step expression must resolve to the <stepType> type. 3. Otherwise, if start and stop expressions resolve to the <otherStartType> type, then the step expression must resolve to the same type.") \
    X("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Window frame <location> bound <expression> is not a literal.") \
    X("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the column (<columnIndex>) do not have the same type: <leftType> (<leftParamIndex>) <> <rightType> (<rightParamIndex>).") \
    X("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <paramIndex> parameter requires the <requiredType> type, however <inputSql> has the type <inputType>.") \
    X("DATATYPE_MISMATCH.UNEXPECTED_NULL", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must not be null.") \
    X("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The input of <functionName> can't be <dataType> type data.") \
    X("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> should all be of type map, but it's <dataType>.") \
    X("DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The data type <orderSpecType> used in the order specification does not support the data type <valueBoundaryType> which is used in the range frame.") \
    X("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Window frame upper bound <upper> does not follow the lower bound <lower>.") \
    X("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: Window frame bounds <lower> and <upper> do not have the same type: <lowerType> <> <upperType>.") \
    X("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the <location> bound <exprType> does not match the expected data type <expectedType>.") \
    X("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", "42K09", HR_ANALYSIS, "Cannot resolve <sqlExpr> due to data type mismatch: The lower bound of a window frame must be <comparison> to the upper bound.") \
    X("DATATYPE_MISSING_SIZE", "42K01", HR_PARSE, "DataType <type> requires a length parameter, for example <type>(10). Please specify the length.") \
    X("DATA_SOURCE_NOT_FOUND", "42K02", "org.apache.spark.SparkClassNotFoundException", "Failed to find the data source: <provider>. Make sure the provider name is correct and the package is properly registered and compatible with your Spark version.") \
    X("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", "22023", HR_ANALYSIS, "<rangeMessage>. If necessary set <ansiConfig> to \"false\" to bypass this error.") \
    X("DATETIME_OVERFLOW", "22008", HR_DATE_TIME, "Datetime operation overflow: <operation>.") \
    X("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003", HR_ARITHMETIC, "Decimal precision <precision> exceeds max precision <maxPrecision>.") \
    X("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "0A000", HR_ANALYSIS, "Distinct window functions are not supported: <windowExpr>.") \
    X("DIVIDE_BY_ZERO", "22012", HR_ARITHMETIC, "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error.") \
    X("DUPLICATED_CTE_NAMES", "42602", HR_PARSE, "CTE definition can't have duplicate names: <duplicateNames>.") \
    X("DUPLICATED_MAP_KEY", "23505", HR_RUNTIME, "Duplicate map key <key> was found, please check the input data. If you want to remove the duplicated keys, you can set <mapKeyDedupPolicy> to \"LAST_WIN\" so that the key inserted at last takes precedence.") \
    X("EMPTY_JSON_FIELD_VALUE", "42604", HR_RUNTIME, "Failed to parse an empty string for data type <dataType>.") \
    X("EMPTY_PARTITION_COLUMN_NAME", "KD009", HR_RUNTIME, "Found an empty partition column name in the path segment '<segment>'. Each partition directory must have a non-empty column name before the '=' sign (e.g., 'col=value').") \
    X("EMPTY_PARTITION_COLUMN_VALUE", "KD009", HR_RUNTIME, "Found an empty partition column value in the path segment '<segment>'. Each partition directory must have a non-empty value after the '=' sign (e.g., 'col=value').") \
    X("EXCEPT_OVERLAPPING_COLUMNS", "42702", HR_ANALYSIS, "Columns in an EXCEPT list must be distinct and non-overlapping, but got (<columns>).") \
    X("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "KD001", HR_SPARK, "Encountered error while reading file <path>. Could not read footer. Please ensure that the file is in either ORC or Parquet format. If not, please convert it to a valid format. If the file is in the valid format, please check if it is corrupt. If it is, you can choose to either ignore it or fix the corruption.") \
    X("FAILED_READ_FILE.FILE_NOT_EXIST", "KD001", HR_SPARK, "Encountered error while reading file <path>. File does not exist. It is possible the underlying files have been updated. You can explicitly invalidate the cache in Spark by running 'REFRESH TABLE tableName' command in SQL or by recreating the Dataset/DataFrame involved.") \
    X("FAILED_READ_FILE.NO_HINT", "KD001", HR_SPARK, "Encountered error while reading file <path>.") \
    X("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "KD001", HR_SPARK, "Encountered error while reading file <path>. Data type mismatches when reading Parquet column <column>. Expected Spark type <expectedType>, actual Parquet type <actualType>.") \
    X("FAILED_TO_PARSE_TOO_COMPLEX", "54001", HR_PARSE, "The statement, including potential SQL functions and referenced views, was too complex to parse.\nTo mitigate this error divide the statement into multiple, less complex chunks.") \
    X("FIELD_NOT_FOUND", "42704", HR_ANALYSIS, "No such struct field <fieldName> in <fields>.") \
    X("GROUPING_COLUMN_MISMATCH", "42803", HR_ANALYSIS, "Column of grouping (<grouping>) can't be found in grouping columns <groupingColumns>.") \
    X("GROUPING_SIZE_LIMIT_EXCEEDED", "54000", HR_ANALYSIS, "Grouping sets size cannot be greater than <maxSize>.") \
    X("GROUP_BY_AGGREGATE", "42903", HR_ANALYSIS, "Aggregate functions are not allowed in GROUP BY, but found <sqlExpr>.") \
    X("GROUP_BY_POS_OUT_OF_RANGE", "42805", HR_ANALYSIS, "GROUP BY position <index> is not in select list (valid range is [1, <size>]).") \
    X("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", "42822", HR_ANALYSIS, "The expression <sqlExpr> cannot be used as a grouping expression because its data type <dataType> is not an orderable data type.") \
    X("ILLEGAL_DAY_OF_WEEK", "22009", HR_ANALYSIS, "Illegal input for day of week: <string>.") \
    X("INCOMPARABLE_PIVOT_COLUMN", "42818", HR_ANALYSIS, "Invalid pivot column <columnName>. Pivot columns must be comparable.") \
    X("INCOMPATIBLE_COLUMN_TYPE", "42825", HR_ANALYSIS, "<operator> can only be performed on tables with compatible column types. The <columnOrdinalNumber> column of the <tableOrdinalNumber> table is <dataType1> type which is not compatible with <dataType2> at the same column of the first table.<hint>.") \
    X("INCOMPLETE_TYPE_DEFINITION.ARRAY", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"ARRAY\" type is incomplete. You must provide an element type. For example: \"ARRAY<elementType>\".") \
    X("INCOMPLETE_TYPE_DEFINITION.MAP", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"MAP\" type is incomplete. You must provide a key type and a value type. For example: \"MAP<TIMESTAMP, INT>\".") \
    X("INCOMPLETE_TYPE_DEFINITION.STRUCT", "42K01", HR_PARSE, "Incomplete complex type: The definition of \"STRUCT\" type is incomplete. You must provide at least one field type. For example: \"STRUCT<name STRING, phone DECIMAL(10, 0)>\".") \
    X("INTERNAL_ERROR", "XX000", HR_SPARK, "<message>") \
    X("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015", HR_ARITHMETIC, "Integer overflow while operating with intervals. Use <functionName> to tolerate overflow and return NULL instead.") \
    X("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", HR_ARITHMETIC, "Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters.") \
    X("INVALID_AGGREGATE_FILTER.NON_DETERMINISTIC", "42903", HR_ANALYSIS, "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a deterministic FILTER expression.") \
    X("INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE", "42903", HR_ANALYSIS, "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a FILTER expression without an aggregation, but found <aggExpr>.") \
    X("INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", "42903", HR_ANALYSIS, "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a FILTER expression of the BOOLEAN type.") \
    X("INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION", "42903", HR_ANALYSIS, "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a FILTER expression without a window function, but found <windowExpr>.") \
    X("INVALID_ARRAY_INDEX", "22003", HR_ARRAY_INDEX, "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.") \
    X("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003", HR_ARRAY_INDEX, "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead.") \
    X("INVALID_ATTRIBUTE_NAME_SYNTAX", "42601", HR_ANALYSIS, "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a quoted string is a complete name part and use a backtick only inside quoted name parts.") \
    X("INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS", "42K04", HR_SQL_EXCEPTION, "Invalid session clone request. Cannot clone session to target session ID <targetSessionId> because a session with this ID already exists.") \
    X("INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT", "42K04", HR_SQL_EXCEPTION, "Invalid session clone request. Target session ID <targetSessionId> must be an UUID string of the format '00112233-4455-6677-8899-aabbccddeeff'.") \
    X("INVALID_COLUMN_OR_FIELD_DATA_TYPE", "42000", HR_ANALYSIS, "Column or field <name> is of type <type> while it's required to be <expectedType>.") \
    X("INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS", "22022", HR_ILLEGAL_ARGUMENT, "The value '<confValue>' in the config <confName> is invalid. It should be one of '<confOptions>'.") \
    X("INVALID_CONF_VALUE.TIME_ZONE", "22022", HR_ILLEGAL_ARGUMENT, "The value '<confValue>' in the config <confName> is invalid. Cannot resolve the given timezone.") \
    X("INVALID_CONF_VALUE.TYPE_MISMATCH", "22022", HR_ILLEGAL_ARGUMENT, "The value '<confValue>' in the config <confName> is invalid. It should be a/an '<confType>' value.") \
    X("INVALID_CORRUPT_RECORD_TYPE", "42804", HR_ANALYSIS, "The column <columnName> for corrupt records must have the nullable STRING type, but got <actualType>.") \
    X("INVALID_CURSOR.NOT_REATTACHABLE", "HY109", HR_SQL_EXCEPTION, "The cursor is invalid. The cursor is not reattachable.") \
    X("INVALID_CURSOR.POSITION_NOT_AVAILABLE", "HY109", HR_SQL_EXCEPTION, "The cursor is invalid. The cursor position id <responseId> is no longer available at index <index>.") \
    X("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109", HR_SQL_EXCEPTION, "The cursor is invalid. The cursor position id <responseId> is not found.") \
    X("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007", HR_ILLEGAL_ARGUMENT, "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'.") \
    X("INVALID_DELIMITER_VALUE.EMPTY_STRING", "42602", HR_ILLEGAL_ARGUMENT, "Invalid value for delimiter. Delimiter cannot be empty string.") \
    X("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", "42602", HR_ILLEGAL_ARGUMENT, "Invalid value for delimiter. Single backslash is prohibited. It has special meaning as beginning of an escape sequence. To get the backslash character, pass a string with two backslashes as the delimiter.") \
    X("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", "42602", HR_ILLEGAL_ARGUMENT, "Invalid value for delimiter. Unsupported special character for delimiter: <str>.") \
    X("INVALID_ESC", "42604", HR_PARSE, "Found an invalid escape string: <invalidEscape>. The escape string must contain only one character.") \
    X("INVALID_ESCAPE_CHAR", "42604", HR_PARSE, "`EscapeChar` should be a string literal of length one, but got <sqlExpr>.") \
    X("INVALID_EXTRACT_BASE_FIELD_TYPE", "42000", HR_ANALYSIS, "Can't extract a value from <base>. Need a complex type [STRUCT, ARRAY, MAP] but got <other>.") \
    X("INVALID_EXTRACT_FIELD", "42601", HR_ANALYSIS, "Cannot extract <field> from <expr>.") \
    X("INVALID_FORMAT.ESC_AT_THE_END", "42601", HR_ANALYSIS, "The format is invalid: <format>. The escape character is not allowed to end with.") \
    X("INVALID_FORMAT.ESC_IN_THE_MIDDLE", "42601", HR_ANALYSIS, "The format is invalid: <format>. The escape character is not allowed to precede <char>.") \
    X("INVALID_HANDLE.FORMAT", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. Handle must be an UUID string of the format '00112233-4455-6677-8899-aabbccddeeff'") \
    X("INVALID_HANDLE.OPERATION_ABANDONED", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. Operation was considered abandoned because of inactivity and removed.") \
    X("INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. Operation already exists.") \
    X("INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. Operation not found.") \
    X("INVALID_HANDLE.SESSION_CHANGED", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. The existing Spark server driver instance has restarted. Please reconnect.") \
    X("INVALID_HANDLE.SESSION_CLOSED", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. Session was closed.") \
    X("INVALID_HANDLE.SESSION_NOT_FOUND", "HY000", HR_SQL_EXCEPTION, "The handle <handle> is invalid. Session not found.") \
    X("INVALID_IDENTIFIER", "42602", HR_PARSE, "The unquoted identifier <ident> is invalid and must be back quoted as: `<ident>`.\nUnquoted identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar ('_').\nUnquoted identifiers must also not start with a digit.\nDifferent data sources and meta stores may impose additional restrictions on valid identifiers.") \
    X("INVALID_INDEX_OF_ZERO", "22003", HR_RUNTIME, "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).") \
    X("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "42000", HR_ANALYSIS, "Invalid inline table. Found incompatible types in the column <colName> for inline table.") \
    X("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "42000", HR_ANALYSIS, "Invalid inline table. Inline table expected <expectedNumCols> columns but found <actualNumCols> columns in row <rowIndex>.") \
    X("INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE", "42000", HR_ANALYSIS, "Invalid inline table. Cannot evaluate the expression <expr> in inline table definition.") \
    X("INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION", "22006", HR_ILLEGAL_ARGUMENT, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Uncaught arithmetic exception while parsing '<input>'.") \
    X("INVALID_INTERVAL_FORMAT.INTERVAL_PARSING", "22006", HR_PARSE, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Error parsing interval <interval> string.") \
    X("INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING", "22006", HR_PARSE, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval string does not match <intervalStr> format of <supportedFormat> when cast to <typeName>: <input>.") \
    X("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", "22006", HR_PARSE, "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Cannot support (interval '<input>' <from> to <to>) expression.") \
    X("INVALID_JSON_DATA_TYPE", "2203G", HR_ILLEGAL_ARGUMENT, "Failed to convert the JSON string '<invalidType>' to a data type. Please enter a valid data type.") \
    X("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D", HR_ANALYSIS, "Invalid lambda function call. A lambda function should only be used in a higher order function. However, its class is <class>, which is not a higher order function.") \
    X("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", "42K0D", HR_ANALYSIS, "Invalid lambda function call. A higher order function expects <expectedNumArgs> arguments, but got <actualNumArgs>.") \
    X("INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION", "42K0D", HR_ANALYSIS, "Invalid lambda function call. You passed a lambda function to a parameter that does not accept it. Please check if lambda function argument is in the correct position.") \
    X("INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "42K0E", HR_ANALYSIS, "The limit like expression <expr> is invalid. The <name> expression must be integer type, but got <dataType>.") \
    X("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "42K0E", HR_ANALYSIS, "The limit like expression <expr> is invalid. The <name> expression must be equal to or greater than 0, but got <v>.") \
    X("INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", "42K0E", HR_ANALYSIS, "The limit like expression <expr> is invalid. The evaluated <name> expression must not be null.") \
    X("INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE", "42K0E", HR_ANALYSIS, "The limit like expression <expr> is invalid. The <name> expression must evaluate to a constant value.") \
    X("INVALID_NON_DETERMINISTIC_EXPRESSIONS", "42K0E", HR_ANALYSIS, "The operator expects a deterministic expression, but the actual expression is <sqlExprs>.") \
    X("INVALID_NUMERIC_LITERAL_RANGE", "22003", HR_PARSE, "Numeric literal <rawStrippedQualifier> is outside the valid range for <typeName> with minimum value of <minValue> and maximum value of <maxValue>. Please adjust the value accordingly.") \
    X("INVALID_OPTIONS.NON_MAP_FUNCTION", "42K06", HR_ANALYSIS, "Invalid options: Must use the `map()` function for options.") \
    X("INVALID_OPTIONS.NON_STRING_TYPE", "42K06", HR_ANALYSIS, "Invalid options: A type of keys and values in `map()` must be string, but got <mapType>.") \
    X("INVALID_PARAMETER_VALUE.BOOLEAN", "22023", HR_ANALYSIS, "The value of parameter(s) <parameter> in <functionName> is invalid: expects a boolean literal, but got <invalidValue>.") \
    X("INVALID_PARAMETER_VALUE.CHARSET", "22023", HR_ILLEGAL_ARGUMENT, "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the <charsets>, but got <charset>.") \
    X("INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023", HR_PARSE, "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the string literal <invalidValue>.") \
    X("INVALID_PARAMETER_VALUE.INTEGER", "22023", HR_ANALYSIS, "The value of parameter(s) <parameter> in <functionName> is invalid: expects an integer literal, but got <invalidValue>.") \
    X("INVALID_PARAMETER_VALUE.LENGTH", "22023", HR_ANALYSIS, "The value of parameter(s) <parameter> in <functionName> is invalid: Expects `length` greater than or equal to 0, but got <length>.") \
    X("INVALID_PARAMETER_VALUE.PATTERN", "22023", HR_ANALYSIS, "The value of parameter(s) <parameter> in <functionName> is invalid: <value>.") \
    X("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", "22023", HR_ANALYSIS, "The value of parameter(s) <parameter> in <functionName> is invalid: Expects group index between 0 and <groupCount>, but got <groupIndex>.") \
    X("INVALID_PARAMETER_VALUE.START", "22023", HR_ANALYSIS, "The value of parameter(s) <parameter> in <functionName> is invalid: Expects a positive or a negative value for `start`, but got 0.") \
    X("INVALID_PARTITION_VALUE", "42846", HR_RUNTIME, "Failed to cast value <value> to data type <dataType> for partition column <columnName>. Ensure the value matches the expected data type for this partition column.") \
    X("INVALID_RECURSIVE_CTE", "42836", HR_ANALYSIS, "Invalid recursive definition found. Recursive queries must contain an UNION or an UNION ALL statement with 2 children. The first child needs to be the anchor term without any recursive references. Any top level inner CTE must not contain self references.") \
    X("INVALID_RECURSIVE_REFERENCE.PLACE", "42836", HR_ANALYSIS, "Invalid recursive reference found inside WITH RECURSIVE clause. Recursive references cannot be used on the right side of left outer/semi/anti joins, on the left side of right outer joins, in full outer joins, in aggregates, window functions or sorts") \
    X("INVALID_REGEXP_REPLACE", "22023", HR_RUNTIME, "Could not perform regexp_replace for source = \"<source>\", pattern = \"<pattern>\", replacement = \"<replacement>\" and position = <position>.") \
    X("INVALID_SCHEMA.NON_STRING_LITERAL", "42K07", HR_ANALYSIS, "The input schema <inputSchema> is not a valid schema string. The input expression must be string literal and not null.") \
    X("INVALID_SCHEMA.NON_STRUCT_TYPE", "42K07", HR_ANALYSIS, "The input schema <inputSchema> is not a valid schema string. The input expression should be evaluated to struct type, but got <dataType>.") \
    X("INVALID_SET_SYNTAX", "42000", HR_PARSE, "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special characters in key, or include semicolon in value, please use backquotes, e.g., SET `key`=`value`.") \
    X("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "42000", HR_ANALYSIS, "Invalid SQL syntax: The function <prettyName> does not support <syntax>.") \
    X("INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "42823", HR_ANALYSIS, "Invalid subquery: Scalar subquery must return only one column, but got <number>.") \
    X("INVALID_TIMEZONE", "22009", HR_ANALYSIS, "The timezone: <timeZone> is invalid. The timezone must be either a region-based zone ID or a zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm’ or '(+|-)HH:mm:ss', e.g '-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and 'UTC' are accepted as synonyms for '+00:00'.") \
    X("INVALID_TYPED_LITERAL", "42604", HR_PARSE, "The value of the typed literal <valueType> is invalid: <value>.") \
    X("INVALID_URL", "22P02", HR_RUNTIME, "The url is invalid: <url>. Use `try_parse_url` to tolerate invalid URL and return NULL instead.") \
    X("INVALID_USAGE_OF_STAR_OR_REGEX", "42000", HR_ANALYSIS, "Invalid usage of <elem> in <prettyName>.") \
    X("INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT", "42000", HR_ANALYSIS, "count(<tableName>.*) is not allowed. Use count(*) or expand the columns manually, e.g. count(col1, col2).") \
    X("INVALID_UTF8_STRING", "22029", HR_ANALYSIS, "Invalid UTF8 byte sequence found in string: <str>.") \
    X("INVALID_WHERE_CONDITION", "42903", HR_ANALYSIS, "The WHERE condition <condition> contains invalid expressions: <expressionList>. Rewrite the query to avoid window functions, aggregate functions, and generator functions in the WHERE clause.") \
    X("INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC", "42601", HR_ANALYSIS, "Cannot specify ORDER BY or a window frame for <aggFunc>.") \
    X("INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED", "42K0K", HR_ANALYSIS, "Invalid function <funcName> with WITHIN GROUP. The function does not support DISTINCT with WITHIN GROUP.") \
    X("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING", "42K0K", HR_ANALYSIS, "Invalid function <funcName> with WITHIN GROUP. WITHIN GROUP is required for the function.") \
    X("INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS", "42K0K", HR_ANALYSIS, "Invalid function <funcName> with WITHIN GROUP. The function requires <expectedNum> orderings in WITHIN GROUP but got <actualNum>.") \
    X("INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT", "42K0K", HR_ANALYSIS, "Invalid function <funcName> with WITHIN GROUP. The function is invoked with DISTINCT and WITHIN GROUP but expressions <funcArg> and <orderingExpr> do not match. The WITHIN GROUP ordering expression must be picked from the function inputs.") \
    X("INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT_UNSAFE_CAST", "42K0K", HR_ANALYSIS, "Invalid function <funcName> with WITHIN GROUP. The function <funcName> with DISTINCT and WITHIN GROUP (ORDER BY) is not supported for <inputType> input. Explicitly cast the input to <castType> before passing it to both the function argument and ORDER BY expression.") \
    X("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "42K0E", HR_ANALYSIS, "The join condition <joinCondition> has the invalid type <conditionType>, expected \"BOOLEAN\".") \
    X("MALFORMED_CHARACTER_CODING", "22000", HR_RUNTIME, "Invalid value found when performing <function> with <charset>") \
    X("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023", HR_SPARK, "Malformed records are detected in record parsing: <badRecord>. Parse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.") \
    X("MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT", "XX000", HR_ANALYSIS, "Resolved attribute(s) <missingAttributes> missing from <input> in operator <operator>. ") \
    X("MISSING_AGGREGATION", "42803", HR_ANALYSIS, "The non-aggregating expression <expression> is based on columns which are not participating in the GROUP BY clause. Add the columns or the expression to the GROUP BY, aggregate the expression, or use <expressionAnyValue> if you do not care which of the values within a group is returned.") \
    X("MISSING_GROUP_BY", "42803", HR_ANALYSIS, "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses.") \
    X("MISSING_WINDOW_SPECIFICATION", "42P20", HR_ANALYSIS, "Window specification is not defined in the WINDOW clause for <windowName>. For more information about WINDOW clauses, please refer to '<docroot>/sql-ref-syntax-qry-select-window.html'.") \
    X("MULTI_ALIAS_WITHOUT_GENERATOR", "42K0E", HR_ANALYSIS, "Multi part aliasing (<names>) is not supported with <expr> as it is not a generator function.") \
    X("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION", "22003", HR_ANALYSIS, "Found the negative value in <frequencyExpression>: <negativeValue>, but expected a positive integral value.") \
    X("NESTED_AGGREGATE_FUNCTION", "42607", HR_ANALYSIS, "It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query.") \
    X("NON_FOLDABLE_ARGUMENT", "42K08", HR_ANALYSIS, "The function <funcName> requires the parameter <paramName> to be a foldable expression of the type <paramType>, but the actual argument is a non-foldable.") \
    X("NULLABLE_COLUMN_OR_FIELD", "42000", HR_ANALYSIS, "Column or field <name> is nullable while it's required to be non-nullable.") \
    X("NULL_MAP_KEY", "2200E", HR_RUNTIME, "Cannot use null as map key.") \
    X("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003", HR_ARITHMETIC, " <value> cannot be represented as Decimal(<precision>, <scale>). If necessary set <config> to \"false\" to bypass this error, and return NULL instead.") \
    X("NUM_COLUMNS_MISMATCH", "42826", HR_ANALYSIS, "<operator> can only be performed on inputs with the same number of columns, but the first input has <firstNumColumns> columns and the <invalidOrdinalNum> input has <invalidNumColumns> columns.") \
    X("OPERATION_CANCELED", "HY008", HR_SPARK, "Operation has been canceled.") \
    X("OPTION_VALUE_EXCEEDS_ONE_CHARACTER", "22023", HR_ANALYSIS, "The value of <paramName> cannot be more than one character, but got <actualValue>.") \
    X("ORDER_BY_POS_OUT_OF_RANGE", "42805", HR_ANALYSIS, "ORDER BY position <index> is not in select list (valid range is [1, <size>]).") \
    X("PARQUET_TYPE_ILLEGAL", "42846", HR_ANALYSIS, "Illegal Parquet type: <parquetType>.") \
    X("PARSE_EMPTY_STATEMENT", "42617", HR_PARSE, "Syntax error, unexpected empty statement.") \
    X("NON_LITERAL_PIVOT_VALUES", "42K08", HR_ANALYSIS, "Literal expressions required for pivot values, found <expression>.") \
    X("PARSE_MODE_UNSUPPORTED", "42601", HR_ANALYSIS, "The function <funcName> doesn't support the <mode> mode. Acceptable modes are PERMISSIVE and FAILFAST.") \
    X("PARSE_SYNTAX_ERROR", "42601", HR_PARSE, "Syntax error at or near <error><hint>.") \
    X("PATH_ALREADY_EXISTS", "42K04", HR_ANALYSIS, "Path <outputPath> already exists. Set mode as \"overwrite\" to overwrite the existing path.") \
    X("PATH_NOT_FOUND", "42K03", HR_ANALYSIS, "Path does not exist: <path>.") \
    X("PIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09", HR_ANALYSIS, "Invalid pivot value '<value>': value data type <valueType> does not match pivot column data type <pivotType>.") \
    X("RECURSION_LEVEL_LIMIT_EXCEEDED", "42836", HR_SPARK, "Recursion level limit <levelLimit> reached but query has not exhausted, try increasing it like 'WITH RECURSIVE t(col) MAX RECURSION LEVEL 200'.") \
    X("RECURSIVE_VIEW", "42K0H", HR_ANALYSIS, "Recursive view <viewIdent> detected (cycle: <newPath>).") \
    X("REMAINDER_BY_ZERO", "22012", HR_ARITHMETIC, "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error.") \
    X("SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000", HR_SPARK, "More than one row returned by a subquery used as an expression.") \
    X("SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION", "0A000", HR_ANALYSIS, "The correlated scalar subquery '<sqlExpr>' is neither present in GROUP BY, nor in an aggregate function.\nAdd it to GROUP BY using ordinal position or wrap it in `first()` (or `first_value`) if you don't care which value you get.") \
    X("SCHEMA_NOT_FOUND", "42704", HR_ANALYSIS, "The schema <schemaName> cannot be found. Verify the spelling and correctness of the schema and catalog.\nIf you did not qualify the name with a catalog, verify the current_schema() output, or qualify the name with the correct catalog.\nTo tolerate the error on drop use DROP SCHEMA IF EXISTS.") \
    X("SQL_CONF_NOT_FOUND", "42K0I", HR_NO_SUCH_ELEMENT, "The SQL config <sqlConf> cannot be found. Please verify that the config exists.") \
    X("SYNTAX_DISCONTINUED.BANG_EQUALS_NOT", "42601", HR_PARSE, "Support of the clause or keyword: <clause> has been discontinued in this context. The '!' keyword is only supported as an alias for the prefix operator 'NOT'.\nUse the 'NOT' keyword instead for infix clauses such as `NOT LIKE`, `NOT IN`, `NOT BETWEEN`, etc.\nTo re-enable the '!' keyword, set \"spark.sql.legacy.bangEqualsNot\" to \"true\".") \
    X("TABLE_OR_VIEW_NOT_FOUND", "42P01", HR_ANALYSIS, "The table or view <relationName> cannot be found. Verify the spelling and correctness of the schema and catalog.") \
    X("TASK_WRITE_FAILED", "58030", HR_SPARK, "Task failed while writing rows to <path>.") \
    X("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", HR_ANALYSIS, "Cannot create the temporary view <relationName> because it already exists.\nChoose a different name, drop or replace the existing view,  or add the IF NOT EXISTS clause to tolerate pre-existing views.") \
    X("TRANSPOSE_EXCEED_ROW_LIMIT", "54006", HR_ANALYSIS, "Number of rows exceeds the allowed limit of <maxValues> for TRANSPOSE. If this was intended, set <config> to at least the current row count.") \
    X("TRANSPOSE_INVALID_INDEX_COLUMN", "42804", HR_ANALYSIS, "Invalid index column for TRANSPOSE because: <reason>") \
    X("TRANSPOSE_NO_LEAST_COMMON_TYPE", "42K09", HR_ANALYSIS, "Transpose requires non-index columns to share a least common type, but <dt1> and <dt2> do not.") \
    X("UDTF_ALIAS_NUMBER_MISMATCH", "42802", HR_ANALYSIS, "The number of aliases supplied in the AS clause does not match the number of columns output by the UDTF. Expected <aliasesSize> aliases, but got <aliasesNames>. Please ensure that the number of aliases provided matches the number of columns output by the UDTF.") \
    X("UNABLE_TO_INFER_SCHEMA", "42KD9", HR_ANALYSIS, "Unable to infer schema for <format>. It must be specified manually.") \
    X("UNBOUND_SQL_PARAMETER", "42P02", HR_ANALYSIS, "Found the unbound parameter: <name>. Please, fix `args` and provide a mapping of the parameter to either a SQL literal or collection constructor functions such as `map()`, `array()`, `struct()`.") \
    X("UNCLOSED_BRACKETED_COMMENT", "42601", HR_PARSE, "Found an unclosed bracketed comment. Please, append */ at the end of the comment.") \
    X("UNEXPECTED_INPUT_TYPE", "42K09", HR_ANALYSIS, "Parameter <paramIndex> of function <functionName> requires the <requiredType> type, however <inputSql> has the type <inputType>.") \
    X("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE", "42836", HR_ANALYSIS, "The UNION operator is not yet supported within recursive common table expressions (WITH clauses that refer to themselves, directly or indirectly). Please use UNION ALL instead.") \
    X("UNPIVOT_REQUIRES_VALUE_COLUMNS", "42K0A", HR_ANALYSIS, "At least one value column needs to be specified for UNPIVOT, all columns specified as ids.") \
    X("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09", HR_ANALYSIS, "Unpivot value columns must share a least common type, some types do not: [<types>].") \
    X("UNPIVOT_VALUE_SIZE_MISMATCH", "428C4", HR_ANALYSIS, "All unpivot value columns must have the same size as there are value column names (<names>).") \
    X("UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883", HR_ANALYSIS, "Could not resolve <name> to a table-valued function. Please make sure that <name> is defined as a table-valued function and that all required parameters are provided correctly. If <name> is not defined, please create the table-valued function before using it. For more information about defining table-valued functions, please refer to the Apache Spark documentation.") \
    X("UNRESOLVED_ALL_IN_GROUP_BY", "42803", HR_ANALYSIS, "Cannot infer grouping columns for GROUP BY ALL based on the select clause. Please explicitly specify the grouping columns.") \
    X("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", HR_ANALYSIS, "A column, variable, or function parameter with name <objectName> cannot be resolved.") \
    X("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", HR_ANALYSIS, "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you mean one of the following? [<proposal>].") \
    X("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "42703", HR_ANALYSIS, "Cannot resolve column name \"<colName>\" among (<fieldNames>).") \
    X("UNRESOLVED_ROUTINE", "42883", HR_ANALYSIS, "Cannot resolve routine <routineName> on search path <searchPath>.") \
    X("UNRESOLVED_USING_COLUMN_FOR_JOIN", "42703", HR_ANALYSIS, "USING column <colName> cannot be resolved on the <side> side of the join. The <side>-side columns: [<suggestion>].") \
    X("UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING", "0A000", HR_ANALYSIS, "The char/varchar type can't be used in the table schema. If you want Spark treat them as string type as same as Spark 3.0 and earlier, please set \"spark.sql.legacy.charVarcharAsString\" to \"true\".") \
    X("UNSUPPORTED_DATATYPE", "0A000", HR_PARSE, "Unsupported data type <typeName>.") \
    X("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000", HR_ANALYSIS, "The <format> datasource doesn't support the column <columnName> of the type <columnType>.") \
    X("UNSUPPORTED_EXPR_FOR_WINDOW", "42P20", HR_ANALYSIS, "Expression <sqlExpr> not supported within a window function.") \
    X("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E", HR_ANALYSIS, "A query operator contains one or more unsupported expressions.\nConsider to rewrite it to avoid window functions, aggregate functions, and generator functions in the WHERE clause.\nInvalid expressions: [<invalidExprSqls>]") \
    X("UNSUPPORTED_FEATURE", "0A000", HR_ANALYSIS, "The feature is not supported by this pool: <feature>. It needs Apache Spark itself, which this server cannot attach yet.") \
    X("UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_WINDOW", "0A000", HR_ANALYSIS, "The feature is not supported: Referencing a lateral column alias <lca> in window expression <windowExpr>.") \
    X("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", "0A000", HR_ANALYSIS, "The feature is not supported: Queries from raw JSON/CSV/XML files are disallowed when the referenced columns only include the internal corrupt record column (named `_corrupt_record` by default). For example: `spark.read.schema(schema).json(file).filter($\"_corrupt_record\".isNotNull).count()` and `spark.read.schema(schema).json(file).select(\"_corrupt_record\").show()`. Instead, you can cache or save the parsed results and then send the same query. For example, `val df = spark.read.schema(schema).json(file).cache()` and then `df.filter($\"_corrupt_record\".isNotNull).count()`.") \
    X("UNSUPPORTED_FEATURE.READ_FILES_OF_TABLE", "0A000", HR_ANALYSIS, "The feature is not supported: reading the files of the <format> table <path>. Its <log> says which of them hold the table's rows; the others hold rows that were removed or replaced. Where <format> is at hand, write the rows out as plain Parquet and read that; or set <config> to \"false\" to read every file as it stands.") \
    X("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000", HR_ANALYSIS, "The feature is not supported: Cannot have MAP type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the type of column <colName> is <dataType>.") \
    X("UNSUPPORTED_FEATURE.WRITE_FILES_INTO_TABLE", "0A000", HR_ANALYSIS, "The feature is not supported: writing files into the <format> table <path>. What is not in its <log> is no part of the table, and replacing the folder would destroy it. Write to another path; or set <config> to \"false\" to write there all the same.") \
    X("UNSUPPORTED_GENERATOR.MULTI_GENERATOR", "42K0E", HR_ANALYSIS, "The generator is not supported: only one generator allowed per SELECT clause but found <num>: <generators>.") \
    X("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "42K0E", HR_ANALYSIS, "The generator is not supported: nested in expressions <expression>.") \
    X("UNSUPPORTED_GENERATOR.NOT_GENERATOR", "42K0E", HR_ANALYSIS, "The generator is not supported: <functionName> is expected to be a generator. However, its class is <classCanonicalName>, which is not a generator.") \
    X("UNSUPPORTED_GROUPING_EXPRESSION", "42K0E", HR_ANALYSIS, "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.") \
    X("UNSUPPORTED_JOIN_TYPE", "0A000", HR_ANALYSIS, "Unsupported join type '<typ>'. Supported join types include: <supported>.") \
    X("UNSUPPORTED_OVERWRITE.PATH", "42902", HR_ANALYSIS, "Can't overwrite the target that is also being read from. The target path is <path>.") \
    X("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION", "0A000", HR_ANALYSIS, "Unsupported subquery expression: Correlated subqueries in the join predicate cannot reference both join inputs:\n<subqueryExpression>") \
    X("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES", "0A000", HR_ANALYSIS, "Unsupported subquery expression: Found an aggregate function in a correlated predicate that has both outer and local references, which is not supported: <function>.") \
    X("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE", "0A000", HR_ANALYSIS, "Unsupported subquery expression: Expressions referencing the outer query are not supported outside of WHERE/HAVING clauses: <sqlExprs>.") \
    X("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.HIGHER_ORDER_FUNCTION", "0A000", HR_ANALYSIS, "Unsupported subquery expression: Subquery expressions are not supported within higher-order functions. Please remove all subquery expressions from higher-order functions and then try the query again.") \
    X("UNSUPPORTED_TIME_PRECISION", "0A001", HR_SPARK, "The seconds precision <precision> of the TIME data type is out of the supported range [0, 6].") \
    X("UNSUPPORTED_TIME_TYPE", "0A000", HR_ANALYSIS, "The data type TIME is not supported.") \
    X("UNSUPPORTED_TYPED_LITERAL", "0A000", HR_PARSE, "Literals of the type <unsupportedType> are not supported. Supported types are <supportedTypes>.") \
    X("USER_RAISED_EXCEPTION", "P0001", HR_ANALYSIS, "<errorMessage>") \
    X("WINDOW_FUNCTION_FRAME_NOT_ORDERED", "42601", HR_ANALYSIS, "Window function <wf_name> requires the window to be ordered. You need to add an ORDER BY clause. For example: SELECT <wf_expr> OVER (PARTITION BY window_partition ORDER BY window_ordering) FROM table.") \
    X("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", "42601", HR_ANALYSIS, "It is not allowed to use window functions inside <clauseName> clause.") \
    X("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601", HR_ANALYSIS, "Window function <funcName> requires an OVER clause.") \
    X("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", HR_ANALYSIS, "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>. Please, refer to '<docroot>/sql-ref-functions.html' for a fix.") \
    X("WRONG_NUM_ARGS.WITH_SUGGESTION", "42605", HR_ANALYSIS, "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>. If you have to call this function with <legacyNum> parameters, set the legacy configuration <legacyConfKey> to <legacyConfValue>.") \
    X("_LEGACY_ERROR_TEMP_0029", "", HR_PARSE, "Cannot mix year-month and day-time fields: <literal>.") \
    X("_LEGACY_ERROR_TEMP_0053", "", HR_PARSE, "It is not allowed to define a TEMPORARY view with IF NOT EXISTS.") \
    X("_LEGACY_ERROR_TEMP_0064", "", HR_PARSE, "<msg>.") \
    X("_LEGACY_ERROR_TEMP_1006", "", HR_ANALYSIS, "Aggregate expression required for pivot, but '<sql>' did not appear in any aggregate function.") \
    X("_LEGACY_ERROR_TEMP_1031", "", HR_ANALYSIS, "It is not allowed to use a window function inside an aggregate function. Please use the inner window function in a sub-query.") \
    X("_LEGACY_ERROR_TEMP_1035", "", HR_ANALYSIS, "Cannot specify window frame for <prettyName> function.") \
    X("_LEGACY_ERROR_TEMP_1036", "", HR_ANALYSIS, "Window Frame <wf> must match the required frame <required>.") \
    X("_LEGACY_ERROR_TEMP_1039", "", HR_ANALYSIS, "Multiple time/session window expressions would result in a cartesian product of rows, therefore they are currently not supported.") \
    X("_LEGACY_ERROR_TEMP_1040", "", HR_ANALYSIS, "Gap duration expression used in session window must be CalendarIntervalType, but got <dt>.") \
    X("_LEGACY_ERROR_TEMP_1048", "", HR_ANALYSIS, "<hintName> Hint expects a partition number as a parameter.") \
    X("_LEGACY_ERROR_TEMP_1228", "", HR_ANALYSIS, "Decimal scale (<scale>) cannot be greater than precision (<precision>).") \
    X("_LEGACY_ERROR_TEMP_2128", "", HR_RUNTIME, "The key array and value array of MapData must have the same length.") \
    X("_LEGACY_ERROR_TEMP_3101", "", HR_ANALYSIS, "The input is not a correct window column: <windowTime>;") \
    X("_LEGACY_ERROR_TEMP_3231", "", HR_ILLEGAL_ARGUMENT, "Intervals greater than a month is not supported (<interval>).") \
    X("_LEGACY_ERROR_TEMP_3242", "", HR_ILLEGAL_ARGUMENT, "sequence step must be an <intervalType> of day granularity if start and end values are dates") \
    X("java.lang.ArithmeticException", "", "java.lang.ArithmeticException", "<message>") /* Java's own: its class stands for the condition that it lacks */ \
    X("java.lang.IllegalArgumentException", "", "java.lang.IllegalArgumentException", "<message>")
#endif
