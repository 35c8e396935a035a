# Columns of an enclosing query in lambdas, the user's and those that are made for what is used twice.
SELECT id, (SELECT transform(array(1, 2), x -> x + a.id)) FROM range(2) a ORDER BY id
SELECT id FROM range(2) a WHERE exists(SELECT 1 FROM range(3) b WHERE transform(array(1), x -> x + a.id)[0] > b.id) ORDER BY id
SELECT id FROM range(2) a WHERE exists(SELECT abs(b.id - a.id) FROM range(3) b WHERE abs(a.id - b.id) > 1)
SELECT id, (SELECT max(aggregate(array(b.id, 5), 0L, (acc, x) -> acc + x + b.id)) FROM range(3) b WHERE b.id <> a.id) FROM range(2) a ORDER BY id
SELECT id, (SELECT aggregate(array(1, 2), 0L, (acc, x) -> acc + x + a.id)) FROM range(2) a ORDER BY id
SELECT id, (SELECT filter(transform(array(1, 2, 3), x -> x * a.id), y -> y > a.id AND exists(array(1L, a.id), z -> z + a.id > y))) FROM range(3) a ORDER BY id
SELECT id, (SELECT abs(coalesce(nullif(a.id, 1), 7) - round(a.id, 0))) AS v FROM range(3) a ORDER BY id
SELECT id, (SELECT map_filter(map('k', a.id, 'm', 2L), (k, v) -> v > a.id)) FROM range(3) a ORDER BY id
SELECT id, (SELECT zip_with(array(1, 2), array(3, 4), (x, y) -> x + y + a.id)) FROM range(3) a ORDER BY id
SELECT id, (SELECT sum(aggregate(array(1), 0L, (s, x) -> s + x + a.id)) FROM range(4) b) s FROM range(2) a ORDER BY id
SELECT id, (SELECT transform(collect_list(b.id), x -> x + a.id) FROM range(2) b) s FROM range(2) a ORDER BY id
SELECT id FROM range(4) a WHERE id IN (SELECT transform(array(b.id), x -> x + a.id)[0] FROM range(2) b) ORDER BY id
SELECT id, (SELECT any_value(transform(array(c), x -> x + a.id)) FROM (SELECT max(id) c FROM range(4)) b) s FROM range(2) a ORDER BY id
# what is not deterministic, in a join
SELECT count(*) FROM range(3) a JOIN range(3) b ON a.id = b.id AND rand() > 2
SELECT count(*) FROM range(3) a LEFT JOIN range(3) b ON monotonically_increasing_id() = b.id
SELECT count(*) FROM range(3) a, range(3) b WHERE a.id = b.id AND rand() > 2
# windows where the engine's TRY stands
SELECT try_make_interval(0, 0, 0, CAST(row_number() OVER (ORDER BY id) AS INT)) IS NULL FROM range(2)
SELECT try_make_interval(1, 2, 3) IS NULL, try_make_interval(2147483647) IS NULL
SELECT CAST(try_make_interval(1, 2, 3) AS STRING), CAST(try_make_interval(CAST(id AS INT)) AS STRING) FROM range(2) ORDER BY 2
SELECT try_make_interval()
# windows in the bodies of lambdas, lambdas in these windows
SELECT transform(array(1, NULL, 3), x -> rank() OVER (ORDER BY element_at(map(1, array('z', NULL), 2, NULL), id))) AS o2 FROM range(1,3)
SELECT transform(array(1, 2), x -> transform(array(3), y -> y + x + row_number() OVER (ORDER BY v DESC))[0]) FROM VALUES (1), (2) t(v)
# what stands in lambdas that templates write
SELECT array_repeat((SELECT max(id) FROM range(3)), 2), array_remove(array(1L, 2L), (SELECT max(id) FROM range(3)))
SELECT id, (SELECT array_repeat(a.id, 2)), (SELECT array_remove(array(0L, 1L), a.id)) FROM range(2) a ORDER BY id
SELECT array_repeat(row_number() OVER (ORDER BY id), 2) FROM range(2)
# subqueries among operands that are bound, with lambdas and columns of their own
SELECT coalesce(nullif(abs(id + 1), 1), (SELECT max(b.id + 5) FROM range(3) b WHERE b.id < a.id)) FROM range(3) a ORDER BY id
SELECT if(abs(id) + abs(id) > 0, (SELECT count(*) FROM range(4) b WHERE exists(array(b.id), x -> x > a.id)), abs(id)) AS v FROM range(3) a ORDER BY id
SELECT id, (SELECT max(nullif(abs(b.id + a.id), b.id)) FROM range(3) b) FROM range(2) a ORDER BY id
SELECT c4, (SELECT max(array_repeat(c3, c4)) FROM VALUES ('a'), ('b') AS q2(c3)) FROM VALUES (2), (3) AS q1(c4) ORDER BY c4
# subqueries, with windows of their own, in the definition of a window
SELECT id, sum(id) OVER (PARTITION BY (SELECT max(b.id) FROM range(3) b) ORDER BY (SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY c.id) r FROM range(2) c)), id) FROM range(3) ORDER BY id
SELECT nanvl('1.5', (SELECT max(id) FROM range(3))), coalesce(nullif(abs(id), 0), (SELECT max(id) FROM range(3))) FROM range(2) ORDER BY id
# an enclosing query's columns, what is bound, lambdas and windows among the values of IN
WITH c AS (SELECT 1 AS a) SELECT v, (SELECT max(b.id) FROM range(3) b WHERE v NOT IN (SELECT a FROM c)) m FROM VALUES (1), (2) o(v) ORDER BY v
WITH c AS (SELECT 1 AS a) SELECT v, (SELECT max(b.id) FROM range(3) b WHERE v IN (SELECT a FROM c)) m FROM VALUES (1), (2), (NULL) o(v) ORDER BY v
WITH c AS (SELECT CAST(NULL AS INT) AS a) SELECT v, (SELECT max(b.id) FROM range(3) b WHERE v + b.id NOT IN (SELECT a FROM c)) m FROM VALUES (1), (NULL) o(v) ORDER BY v
WITH c AS (SELECT 1 AS a) SELECT v, (SELECT max(b.id) FROM range(3) b WHERE v NOT IN (SELECT a FROM c WHERE a > 1)) m FROM VALUES (1), (2), (NULL) o(v) ORDER BY v
WITH c AS (SELECT 1 AS a) SELECT v, exists(SELECT 1 FROM range(3) b WHERE v IN (SELECT a FROM c)) m FROM VALUES (1), (2), (NULL) o(v) ORDER BY v
WITH c AS (SELECT 1 AS a) SELECT * FROM VALUES (1), (2), (NULL) o(v), LATERAL (SELECT id FROM range(2) b WHERE v NOT IN (SELECT a FROM c)) z ORDER BY ALL
SELECT v FROM VALUES (1), (2) o(v) WHERE (aggregate(array(1), 0, (a, x) -> a + x + o.v), 1) IN (SELECT 2, 1)
SELECT v, (v, abs(v) * nullif(abs(v), 3)) IN (SELECT 2, 4) x, (v, size(filter(array(1, 2), x -> x >= o.v))) NOT IN (SELECT 2, 1) y FROM VALUES (1), (2), (NULL) o(v) ORDER BY v
SELECT v, (v, row_number() OVER (ORDER BY v)) IN (SELECT 2, 2) x, row_number() OVER (ORDER BY v) NOT IN (SELECT 1) y FROM VALUES (2), (5) o(v) ORDER BY v
SELECT v, (transform(array(1), x -> x + rank() OVER (ORDER BY v))[0], 1) IN (SELECT 3, 1) x FROM VALUES (2), (5) o(v) ORDER BY v
# a lateral subquery's
SELECT v, t FROM VALUES (1), (NULL) o(v), LATERAL (SELECT transform(array(m.id), x -> x + v + m.id) t FROM range(2) m) z ORDER BY v, t[0]
SELECT v, id, r FROM VALUES (1), (2) o(v), LATERAL (SELECT id, (row_number() OVER (ORDER BY m.id) + v) IN (SELECT 2) r FROM range(2) m) z ORDER BY ALL
SELECT * FROM VALUES (1), (2), (NULL) o(v), LATERAL (WITH c AS (SELECT v + 1 AS a) SELECT a FROM c) z ORDER BY ALL
SELECT * FROM VALUES (1), (2) o(v), LATERAL (SELECT a, b FROM (WITH c AS (SELECT v + 1 AS a) SELECT x.a, y.a AS b FROM c x JOIN c y ON x.a = y.a)) z ORDER BY ALL
SELECT * FROM VALUES (1), (2) o(v), LATERAL (WITH RECURSIVE r AS (SELECT 1 AS l UNION ALL SELECT l + 1 FROM r WHERE l < 3) SELECT l + v AS s FROM r) z ORDER BY ALL
SELECT * FROM VALUES (1), (2), (NULL) o(v) LEFT JOIN LATERAL (SELECT id FROM range(3)) t ON transform(array(t.id), x -> x + v)[0] > 2 ORDER BY ALL
SELECT * FROM VALUES (1), (2), (NULL) o(v) LEFT JOIN LATERAL (SELECT id, v + 1 AS w FROM range(3)) t ON t.id > v OR w IS NULL ORDER BY ALL
SELECT * FROM VALUES (1), (2), (NULL) o(v) LEFT JOIN LATERAL (SELECT id FROM range(3)) t ON v = 1 ORDER BY ALL
# subqueries beside an enclosing query's column, where one of them is bound
SELECT v, (SELECT max(b.id) FROM range(5) b WHERE (SELECT max(id) FROM range(3)) BETWEEN v AND b.id) m FROM VALUES (1), (3) o(v) ORDER BY v
SELECT v, (SELECT max(b.id) FROM range(5) b WHERE (SELECT max(id) FROM range(3)) IN (v, b.id)) m FROM VALUES (1), (2) o(v) ORDER BY v
SELECT v, (SELECT max(b.id) FROM range(5) b WHERE abs(b.id) * 2 BETWEEN v AND b.id + 1) m FROM VALUES (1), (3) o(v) ORDER BY v
SELECT v, z.* FROM VALUES (1), (2) o(v), LATERAL (SELECT nullif((SELECT max(id) FROM range(3)), v) a, (SELECT max(id) FROM range(3)) NOT BETWEEN v AND v b) z ORDER BY v
# an enclosing query's column in a lambda's argument, the query's own in its body
SELECT v, t FROM VALUES (1), (NULL) o(v), LATERAL (SELECT transform(array(v), x -> x + b.id) t FROM range(2) b) z ORDER BY v, t[0]
SELECT v, (SELECT max(b.id) FROM range(3) b WHERE transform(array(v), x -> x + b.id)[0] < 3) m FROM VALUES (1), (2) o(v) ORDER BY v
SELECT v, t FROM VALUES (1), (2) o(v), LATERAL (SELECT aggregate(array(v), b.id, (a, x) -> a + x, a -> a + b.id) t FROM range(2) b) z ORDER BY ALL
