/* Every limit stands here, with its reason. */
#ifndef HR_BASE_LIMITS_H
#define HR_BASE_LIMITS_H

#define HR_HTTP_HEADER_BYTES_MAX \
    (64 * 1024) /* Spark's clients send user agents and tokens, nothing near this */
#define HR_HTTP_HEADER_COUNT_MAX 200
#define HR_HTTP_HIGH_MARK (4 * 1024 * 1024) /* a writer stops above this many queued bytes … */
#define HR_HTTP_LOW_MARK (1024 * 1024)      /* … and is told to go on below this many */
#define HR_HTTP_STREAMS_MAX 1000            /* concurrent streams of one HTTP/2 connection */
#define HR_HTTP_CONNECTIONS_MAX 4096
#define HR_HTTP_IDLE_MS                                                                          \
    (10 * 60 * 1000) /* gRPC clients hold idle channels; HTTP/1 connections close after a minute \
                      */
#define HR_HTTP1_IDLE_MS (60 * 1000)
#define HR_HTTP_HEAD_MS (20 * 1000)  /* slowloris: a head is complete by then … */
#define HR_HTTP_STALL_MS (60 * 1000) /* … and over each such time a body … */
#define HR_HTTP_BODY_RATE 64         /* … brings so many bytes a second */
#define HR_REST_BODY_MAX (16 * 1024 * 1024)
#define HR_GRPC_MESSAGE_MAX (128 * 1024 * 1024) /* the client's own cap */
#define HR_PLAN_DEPTH_MAX \
    2000 /* nesting of protobuf messages; pyspark itself recurses out near 900 withColumn */
#define HR_PLAN_MESSAGES_MAX \
    4000000 /* messages in one plan: bounds the memory that a small plan can unpack to */
#define HR_RESULT_BATCH_BYTES                                                                    \
    ((size_t)16 << 20) /* Arrow bytes of one response: each costs the client half a millisecond, \
                          whatever its size */
#define HR_STACK_ROWS_MAX 10000 /* of stack(n, …) */
#define HR_SQL_DEPTH_MAX 1500
#define HR_SQL_BYTES_MAX (16 * 1024 * 1024)
#define HR_SQL_EMITTED_MAX                                                                       \
    ((size_t)256 << 20) /* the SQL that a plan becomes for the engine: a few times a plan of the \
                           largest message */
#define HR_CANCEL_STEPS \
    1024 /* expressions that are analyzed or written between two looks at the cancel flag */
#define HR_SQL_EMITTED_DEPTH_MAX                                                                   \
    5000 /* levels of one expression in that SQL, casts counted: HR_ANALYZE_STACK_BYTES are enough \
            for the engine */
#define HR_LAMBDA_DEPTH_MAX \
    20 /* lambdas in the bodies of lambdas: the engine's binder doubles its work with each */
#define HR_SHOW_BYTES_MAX                                                                        \
    ((size_t)1 << 30) /* the text of one show(): rows times the widest value, which neither need \
                         be large for */
#define HR_FORMAT_ROW_MAX ((size_t)512 << 20) /* one row that a csv, json or text writer makes */
#define HR_SESSION_MEMORY_SHARE                                                                    \
    4 /* a session's memory when it is told nothing: a quarter of the machine's, or of its control \
         group's */
#define HR_SESSION_MEMORY_MARGIN                                           \
    ((int64_t)384 << 20) /* what its process may hold beyond: kept results \
                            (HR_OPERATION_KEPT_MAX), plans, allocators' */
#define HR_FUNCTION_TEXT_MAX \
    ((size_t)1 << 30) /* one text that a function makes: Spark ends at 2 GiB, the engine at 4 */
#define HR_ANALYZE_STACK_BYTES \
    (64 *                      \
     1024 *                    \
     1024) /* threads that decode, parse and analyze: touched only as deep as a plan goes */
#define HR_LEFTOVERS_MS                                                                            \
    (24 * 60 * 60 * 1000LL) /* what a writer that died left behind is removed when nothing changed \
                               in it for so long … */
#define HR_LEFTOVERS_EVERY_MS \
    (60 * 60 * 1000) /* … and looked for so often, by a session that writes to a folder again */
#define HR_HOST_LINGER_MS (60 * 1000)   /* a session host outlives a killed daemon so long */
#define HR_HOST_PATIENCE_MS (30 * 1000) /* calls wait so long for a server that starts */
#define HR_SESSIONS_MAX 1000
#define HR_SESSION_THREADS_MAX \
    64 /* cores that a session can ask for: the engine starts no more threads */
#define HR_SESSION_MEMORY_MIN \
    (64LL << 20) /* bytes that it must ask for, if any: the engine's own blocks need them */
#define HR_OPERATIONS_PER_SESSION_MAX 500
#define HR_OPERATION_UNSENT_MAX \
    ((size_t)48 << 20) /* an execution waits while so much of its result is not yet sent … */
#define HR_OPERATION_KEPT_MAX                                                                       \
    ((size_t)256 << 20) /* … and the oldest sent responses are given up beyond so much unreleased \
                         */
#define HR_OPERATION_DETACHED_MS \
    (5 *                         \
     60 *                        \
     1000) /* an operation that nobody is attached to is ended after this: Spark's default */
#define HR_FINISHED_REMEMBERED 200 /* finished operations whose state GetStatus still tells */
#define HR_ERRORS_REMEMBERED 50    /* failures whose details FetchErrorDetails still tells */
#define HR_ARTIFACT_MAX                                                                         \
    ((size_t)1 << 30) /* all artifacts of a session, so one too: its host holds them in memory, \
                         and its journal on the disk */
#define HR_JOURNAL_MAX                                                                       \
    ((size_t)3 << 29) /* what a session's journal may hold: its artifacts, configuration and \
                         views. Checked when something is added; the reader has no limit */
#define HR_OPEN_FILES_WANTED 65536 /* the daemon raises its own limit to this, as far as it may */
#define HR_OPEN_FILES_MIN                                                                       \
    48 /* beyond those that it begins with: it holds 21 when it serves, a session's calls a few \
          each */
#define HR_TOKEN_BYTES 32
#define HR_BLOB_CONNECTIONS_MAX \
    32L /* to one host, of one session: enough to fill a link at 15 ms a request */
#define HR_BLOB_NAME_MAX 1024 /* characters of a blob name: Azure's own */
#define HR_XML_BYTES_MAX \
    (32 * 1024 * 1024)      /* a page of 5000 blobs with metadata, a block list of 50,000 */
#define HR_XML_DEPTH_MAX 16 /* Azure's deepest answer has 6 */
#define HR_XML_ELEMENTS_MAX 500000
#define HR_XML_TEXT_MAX (64 * 1024)
#endif
