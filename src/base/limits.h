/* The limits that a client, an administrator or a second file meets, each with its reason. What is
 * one algorithm's own business (a chunk, a pause, a number of attempts) stands at the head of its
 * file. */
#ifndef HR_BASE_LIMITS_H
#define HR_BASE_LIMITS_H

/* ---- HTTP ---- */

/* of one head: Spark's clients send user agents and tokens, nothing near this */
#define HR_HTTP_HEADER_BYTES_MAX (64 * 1024)
#define HR_HTTP_HEADER_COUNT_MAX 200 /* and parameters of one query */
/* a writer stops above so many queued bytes, and is told to go on below the second: enough to keep
 * a socket busy, little to keep for a client that does not read */
#define HR_HTTP_HIGH_MARK (4 * 1024 * 1024)
#define HR_HTTP_LOW_MARK (1024 * 1024)
#define HR_HTTP_STREAMS_MAX 1000 /* at the same time, of one HTTP/2 connection */
/* of one server: beyond it, the connection that is idle for longest gives way to the new one */
#define HR_HTTP_CONNECTIONS_MAX 4096
#define HR_HTTP_IDLE_MS (10 * 60 * 1000) /* HTTP/2: gRPC clients hold idle channels … */
#define HR_HTTP1_IDLE_MS (60 * 1000)     /* … HTTP/1's connect anew */
/* against clients that trickle: a head is complete after the first; and over each of the second a
 * body brings so many bytes a second */
#define HR_HTTP_HEAD_MS (20 * 1000)
#define HR_HTTP_STALL_MS (60 * 1000)
#define HR_HTTP_BODY_RATE 64
/* a body that is held in memory whole: JSON of the REST wires; also a text that a plan is shown as
 */
#define HR_REST_BODY_MAX (16 * 1024 * 1024)
#define HR_GRPC_MESSAGE_MAX (128 * 1024 * 1024) /* the Spark client's own cap */

/* ---- plans and statements ---- */

/* nesting of protobuf messages; pyspark itself recurses out near 900 withColumn */
#define HR_PLAN_DEPTH_MAX 2000
/* messages in one plan: bounds the memory that a small plan can unpack to */
#define HR_PLAN_MESSAGES_MAX 4000000
/* threads that decode, parse and analyze: the memory is touched only as deep as a plan goes */
#define HR_ANALYZE_STACK_BYTES (64 * 1024 * 1024)
/* expressions that are analyzed or written between two looks at the cancel flag */
#define HR_CANCEL_STEPS 1024
#define HR_SQL_BYTES_MAX (16 * 1024 * 1024) /* of one statement's text */
#define HR_SQL_DEPTH_MAX 1500               /* of its brackets: fits the stack above */
/* the SQL that a plan becomes for the engine: a few times a plan of the largest message */
#define HR_SQL_EMITTED_MAX ((size_t)256 << 20)
/* levels of one expression in that SQL, casts counted: HR_ANALYZE_STACK_BYTES are enough for the
 * engine */
#define HR_SQL_EMITTED_DEPTH_MAX 5000
/* lambdas in the bodies of lambdas: the engine's binder doubles its work with each */
#define HR_LAMBDA_DEPTH_MAX 20
#define HR_STACK_ROWS_MAX 10000 /* of stack(n, …): each row is written out */

/* ---- results and what is written ---- */

/* Arrow bytes of one response: each response costs the client half a millisecond, whatever its size
 */
#define HR_RESULT_BATCH_BYTES ((size_t)16 << 20)
/* the text of one show(): rows times the widest value, which neither need be large for */
#define HR_SHOW_BYTES_MAX ((size_t)1 << 30)
/* one text that a function makes: Spark ends at 2 GiB, the engine at 4 */
#define HR_FUNCTION_TEXT_MAX ((size_t)1 << 30)
#define HR_FORMAT_ROW_MAX ((size_t)512 << 20) /* one row that a csv, json or text writer makes */
/* what a writer that died left behind is removed when nothing in it changed for the first; it is
 * looked for once in the second, by a session that writes to the folder again */
#define HR_LEFTOVERS_MS (24 * 60 * 60 * 1000LL)
#define HR_LEFTOVERS_EVERY_MS (60 * 60 * 1000)

/* ---- sessions ---- */

#define HR_SESSIONS_MAX 1000
/* cores that a session can ask for: the engine starts no more threads */
#define HR_SESSION_THREADS_MAX 64
/* bytes that it must ask for, if any: the engine's own blocks need them */
#define HR_SESSION_MEMORY_MIN (64LL << 20)
/* its memory when it is told nothing: a quarter of the machine's, or of its control group's */
#define HR_SESSION_MEMORY_SHARE 4
/* what its process may hold beyond: kept results (HR_OPERATION_KEPT_MAX), plans, allocators' */
#define HR_SESSION_MEMORY_MARGIN ((int64_t)384 << 20)
/* all artifacts of a session, so one too: its host holds them in memory, and its journal on the
 * disk */
#define HR_ARTIFACT_MAX ((size_t)1 << 30)
/* what a session's journal may hold: its artifacts, configuration and views. Checked when something
 * is added; the reader has no limit. */
#define HR_JOURNAL_MAX ((size_t)3 << 29)
#define HR_HOST_LINGER_MS (60 * 1000)   /* a session host outlives a killed daemon so long */
#define HR_HOST_PATIENCE_MS (30 * 1000) /* calls wait so long for a server that starts */

/* ---- a session's operations ---- */

#define HR_OPERATIONS_PER_SESSION_MAX 500
/* an execution waits while so much of its result is not yet sent; and the oldest sent responses are
 * given up beyond so much that the client has not released */
#define HR_OPERATION_UNSENT_MAX ((size_t)48 << 20)
#define HR_OPERATION_KEPT_MAX ((size_t)256 << 20)
/* an operation that nobody is attached to is ended after this: Spark's default */
#define HR_OPERATION_DETACHED_MS (5 * 60 * 1000)
#define HR_FINISHED_REMEMBERED 200 /* finished operations whose state GetStatus still tells */
#define HR_ERRORS_REMEMBERED 50    /* failures whose details FetchErrorDetails still tells */

/* ---- the daemon ---- */

#define HR_OPEN_FILES_WANTED 65536 /* it raises its own limit to this, as far as it may */
/* beyond those that it begins with: it holds 21 when it serves, a session's calls a few each */
#define HR_OPEN_FILES_MIN 48
#define HR_TOKEN_BYTES 32 /* of chance in a token: nobody guesses it */

/* ---- storage ---- */

/* to one host, of one session: enough to fill a link at 15 ms a request */
#define HR_BLOB_CONNECTIONS_MAX 32L
#define HR_BLOB_NAME_MAX 1024 /* characters of a blob's name: Azure's own */
/* a page of 5,000 blobs with metadata, a block list of 50,000 */
#define HR_XML_BYTES_MAX (32 * 1024 * 1024)
#define HR_XML_DEPTH_MAX 16 /* Azure's deepest answer has 6 */
#define HR_XML_ELEMENTS_MAX 500000
#define HR_XML_TEXT_MAX (64 * 1024)
#endif
