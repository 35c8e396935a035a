# window(time, duration[, slide[, start]])
SELECT window.start s, count(*) c FROM VALUES (timestamp'2024-01-01 00:01:00'), (timestamp'2024-01-01 00:20:00') t(ts) GROUP BY window(ts, '15 minutes') ORDER BY s
SELECT window, count(*) c FROM VALUES (timestamp'2024-01-01 00:01:00',1), (timestamp'2024-01-01 00:20:00',2), (null,3) t(ts,v) GROUP BY window(ts,'15 minutes') ORDER BY window
SELECT window(ts,'15 minutes'), v FROM VALUES (timestamp'2024-01-01 00:01:00',1), (null,3) t(ts,v)
SELECT window(ts,'15 minutes').end, v FROM VALUES (timestamp'2024-01-01 00:01:00',1), (null,3) t(ts,v)
SELECT window.start, window.end, sum(v) FROM VALUES (timestamp'2024-01-01 00:01:00',1), (timestamp'2024-01-01 00:20:00',2), (null,3) t(ts,v) GROUP BY window(ts, '15 minutes', '5 minutes') ORDER BY 1
SELECT window.start, k, sum(v) FROM VALUES (timestamp'2024-03-10 01:59:00',1,'a'), (timestamp'2024-03-10 03:20:00',2,'b') t(ts,v,k) GROUP BY window(ts, '1 hour', '1 hour', '10 minutes'), k ORDER BY 1, 2
SELECT window(ts, '2 days'), v FROM VALUES (timestamp'1969-12-31 00:01:00',1) t(ts,v)
SELECT window(ts, '1 week'), v FROM VALUES (timestamp_ntz'2024-01-01 00:01:00',1) t(ts,v)
SELECT window(ts, '1 day'), v FROM VALUES (date'2024-01-01',1) t(ts,v)
SELECT window(ts,'1 month') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
SELECT window(ts,'x') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
SELECT window(ts,'15 minutes','20 minutes') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
SELECT window(ts,'0 minutes') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
SELECT window(ts,'15 minutes'), window(ts,'5 minutes') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
SELECT window(v,'15 minutes') FROM VALUES (1) t(v)
SELECT v FROM VALUES (timestamp'2024-01-01 00:01:00', 1) t(ts, v) WHERE window(ts, '15 minutes').start > timestamp'2020-01-01'
SELECT *, window(ts, '1 hour') FROM VALUES (timestamp'2024-01-01 00:01:00', 1) t(ts, v)
SELECT *, window(ts, '1 hour', '30 minutes') FROM VALUES (timestamp'2024-01-01 00:01:00', 1) t(ts, v)
SELECT window, window(ts, '1 hour') FROM VALUES (timestamp'2024-01-01 00:01:00', 1) t(ts, window)
SELECT window(window.start, '1 hour') FROM (SELECT window(ts, '10 minutes') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts))
SELECT count(*) FROM (SELECT window(ts, '106751991 days', '106751990 days') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts))
SELECT window(ts, '1 hour', '1 hour', '0 seconds', 'more') FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
SELECT window(ts) FROM VALUES (timestamp'2024-01-01 00:01:00') t(ts)
