SELECT 1 AS a, 'x' AS b
SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, null) AS t(id, name) ORDER BY id
SELECT count(*), count(name), count(distinct id) FROM VALUES (1, 'a'), (2, 'b'), (2, null) AS t(id, name)
SELECT sum(x), avg(x), min(x), max(x), mean(x) FROM VALUES (1), (2), (null) AS t(x)
SELECT sum(x), avg(x) FROM VALUES (1.5), (2.25) AS t(x)
SELECT sum(x), avg(x) FROM VALUES (1.5D), (2.25D) AS t(x)
SELECT sum(x) FROM VALUES (9223372036854775807), (1) AS t(x)
SELECT sum(x), min(x) FROM VALUES (1) AS t(x) WHERE x > 1
SELECT stddev(x), stddev_pop(x), stddev_samp(x), variance(x), var_pop(x), var_samp(x) FROM VALUES (1), (2), (4) AS t(x)
SELECT skewness(x), kurtosis(x) FROM VALUES (1), (2), (10) AS t(x)
SELECT corr(x, y), covar_pop(x, y), covar_samp(x, y) FROM VALUES (1, 2), (2, 4), (3, 7) AS t(x, y)
SELECT collect_list(x), collect_set(x) FROM VALUES (1), (1), (null) AS t(x)
SELECT first(x), last(x), first(x, true), any_value(x) FROM VALUES (1), (2) AS t(x)
SELECT bool_and(x), bool_or(x), every(x), some(x), any(x) FROM VALUES (true), (false) AS t(x)
SELECT bit_and(x), bit_or(x), bit_xor(x) FROM VALUES (3), (5) AS t(x)
SELECT count_if(x > 1), max_by(x, y), min_by(x, y) FROM VALUES (1, 3), (2, 1) AS t(x, y)
SELECT percentile(x, 0.5), percentile_approx(x, 0.5), median(x), mode(x) FROM VALUES (1), (2), (2), (10) AS t(x)
SELECT approx_count_distinct(x) FROM VALUES (1), (2), (2) AS t(x)
SELECT product(x) FROM VALUES (2), (3) AS t(x)
SELECT sum(distinct x), count(distinct x, y) FROM VALUES (1, 1), (1, 1), (2, null) AS t(x, y)
SELECT sum(x) FILTER (WHERE x > 1) FROM VALUES (1), (2), (3) AS t(x)
SELECT try_sum(x), try_avg(x) FROM VALUES (9223372036854775807), (1) AS t(x)
SELECT name, count(*) AS n FROM VALUES ('a'), ('b'), ('a') AS t(name) GROUP BY name ORDER BY n DESC, name
SELECT name, sum(x) FROM VALUES ('a', 1), ('b', 2), ('a', 3) AS t(name, x) GROUP BY name HAVING sum(x) > 2 ORDER BY name
SELECT name, sum(x) FROM VALUES ('a', 1), ('b', 2), ('a', 3) AS t(name, x) GROUP BY 1 ORDER BY 1
SELECT upper(name) AS u, sum(x) s FROM VALUES ('a', 1), ('b', 2) AS t(name, x) GROUP BY u ORDER BY u
SELECT name, sum(x) FROM VALUES ('a', 1), ('b', 2) AS t(name, x) GROUP BY ALL ORDER BY name
SELECT name, x FROM VALUES ('a', 1) AS t(name, x) GROUP BY name
SELECT a, b, sum(x) FROM VALUES (1, 1, 5), (1, 2, 6) AS t(a, b, x) GROUP BY ROLLUP (a, b) ORDER BY a, b
SELECT a, b, sum(x), grouping(a), grouping_id() FROM VALUES (1, 1, 5), (1, 2, 6) AS t(a, b, x) GROUP BY CUBE (a, b) ORDER BY a, b
SELECT a, b, sum(x) FROM VALUES (1, 1, 5), (1, 2, 6) AS t(a, b, x) GROUP BY GROUPING SETS ((a), (b), ()) ORDER BY a, b
SELECT * FROM VALUES ('a', 2020, 1), ('a', 2021, 2), ('b', 2020, 3) AS t(name, year, x) PIVOT (sum(x) FOR year IN (2020, 2021)) ORDER BY name
SELECT * FROM VALUES (1, 10, 20) AS t(id, a, b) UNPIVOT (v FOR k IN (a, b)) ORDER BY k
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS l(id, x) JOIN VALUES (1, 'c'), (3, 'd') AS r(id, y) ON l.id = r.id
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS l(id, x) LEFT JOIN VALUES (1, 'c'), (3, 'd') AS r(id, y) USING (id) ORDER BY id
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS l(id, x) RIGHT JOIN VALUES (1, 'c'), (3, 'd') AS r(id, y) USING (id) ORDER BY id
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS l(id, x) FULL OUTER JOIN VALUES (1, 'c'), (3, 'd') AS r(id, y) USING (id) ORDER BY id
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS l(id, x) FULL JOIN VALUES (1, 'c'), (3, 'd') AS r(id, y) ON l.id = r.id ORDER BY l.id, r.id
SELECT * FROM VALUES (1), (2) AS l(id) LEFT SEMI JOIN VALUES (1), (3) AS r(id) ON l.id = r.id
SELECT * FROM VALUES (1), (2) AS l(id) LEFT ANTI JOIN VALUES (1), (3) AS r(id) ON l.id = r.id
SELECT * FROM VALUES (1), (2) AS l(id) CROSS JOIN VALUES ('a'), ('b') AS r(x) ORDER BY id, x
SELECT * FROM VALUES (1, 'a') AS l(id, x) NATURAL JOIN VALUES (1, 'c') AS r(id, y)
SELECT id FROM VALUES (1) AS l(id) JOIN VALUES (1) AS r(id) ON l.id = r.id
SELECT 1 AS a UNION SELECT 1 UNION ALL SELECT 2 ORDER BY a
SELECT 1 AS a UNION ALL SELECT 2.5 ORDER BY a
SELECT 1 AS a UNION ALL SELECT 'x'
SELECT 1 AS a, 2 AS b UNION ALL SELECT 1
SELECT * FROM VALUES (1), (1), (2) AS t(a) INTERSECT SELECT 1
SELECT * FROM VALUES (1), (1), (2) AS t(a) EXCEPT SELECT 2
SELECT * FROM VALUES (1), (1), (2) AS t(a) EXCEPT ALL SELECT 1 ORDER BY a
SELECT DISTINCT a FROM VALUES (1), (1), (null), (null) AS t(a) ORDER BY a
SELECT a FROM VALUES (2), (null), (1) AS t(a) ORDER BY a
SELECT a FROM VALUES (2), (null), (1) AS t(a) ORDER BY a DESC
SELECT a FROM VALUES (2), (null), (1) AS t(a) ORDER BY a DESC NULLS FIRST
SELECT a FROM VALUES (double('NaN')), (1D), (null) AS t(a) ORDER BY a
SELECT a FROM VALUES (1), (2), (3) AS t(a) ORDER BY a LIMIT 1 OFFSET 1
SELECT a FROM VALUES (1), (2), (3) AS t(a) WHERE a > (SELECT avg(a) FROM VALUES (1), (2) AS s(a)) ORDER BY a
SELECT a FROM VALUES (1), (2), (3) AS t(a) WHERE a IN (SELECT b FROM VALUES (2), (3) AS s(b)) ORDER BY a
SELECT a FROM VALUES (1), (2), (3) AS t(a) WHERE a NOT IN (SELECT b FROM VALUES (2), (null) AS s(b))
SELECT a FROM VALUES (1), (2) AS t(a) WHERE EXISTS (SELECT 1 FROM VALUES (2) AS s(b) WHERE b = a)
SELECT a, (SELECT max(b) FROM VALUES (1, 5), (2, 6) AS s(k, b) WHERE k = a) AS m FROM VALUES (1), (2), (3) AS t(a) ORDER BY a
WITH t AS (SELECT 1 AS a), u AS (SELECT a + 1 AS b FROM t) SELECT * FROM t, u
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r
SELECT a, row_number() OVER (ORDER BY a) AS rn FROM VALUES (3), (1), (2) AS t(a) ORDER BY a
SELECT g, a, rank() OVER (PARTITION BY g ORDER BY a), dense_rank() OVER (PARTITION BY g ORDER BY a), percent_rank() OVER (PARTITION BY g ORDER BY a) FROM VALUES ('x', 1), ('x', 1), ('x', 2), ('y', 5) AS t(g, a) ORDER BY g, a
SELECT a, lag(a) OVER (ORDER BY a), lead(a, 1, 0) OVER (ORDER BY a), ntile(2) OVER (ORDER BY a), cume_dist() OVER (ORDER BY a) FROM VALUES (1), (2), (3) AS t(a) ORDER BY a
SELECT a, sum(a) OVER (ORDER BY a), sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), avg(a) OVER () FROM VALUES (1), (2), (2), (4) AS t(a) ORDER BY a
SELECT a, sum(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM VALUES (1), (2), (4) AS t(a) ORDER BY a
SELECT a, first_value(a) OVER w, last_value(a) OVER w, nth_value(a, 2) OVER w FROM VALUES (1), (2), (3) AS t(a) WINDOW w AS (ORDER BY a) ORDER BY a
SELECT * FROM range(3)
SELECT * FROM range(1, 10, 4)
SELECT id * 2 AS d FROM range(5) WHERE id % 2 = 0
SELECT nope FROM VALUES (1) AS t(a)
SELECT nope(1)
SELECT * FROM no_such_table
SELECT a FROM VALUES (1) AS t(a), VALUES (2) AS u(a)
SELECT t.*, 1 AS z FROM VALUES (1, 2) AS t(a, b)
SELECT * EXCEPT (b) FROM VALUES (1, 2) AS t(a, b)
SELECT `a b` FROM VALUES (1) AS t(`a b`)
SELECT A FROM VALUES (1) AS t(a)
SELECT sum(a) FROM VALUES ('x') AS t(a)
SELECT substring('abc')
SELECT upper(1, 2)
SELECT 1 +
SELECT FROM t
SELEC 1
SELECT a FROM VALUES (1), ('x') AS t(a)
SELECT max(struct(a, b)) FROM VALUES (1, 'x'), (2, 'y') AS t(a, b)
SELECT a FROM VALUES (1), (2) AS t(a) TABLESAMPLE (100 PERCENT)
SELECT /*+ BROADCAST(t) */ a FROM VALUES (1) AS t(a)
SELECT count(*) FROM VALUES (1) AS t(a) WHERE false
SELECT a, count(*) FROM VALUES (1) AS t(a) WHERE false GROUP BY a
SELECT any_value(a) FROM VALUES (null) AS t(a)
SELECT string_agg(a, ',') WITHIN GROUP (ORDER BY a), listagg(a) FROM VALUES ('b') AS t(a)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM VALUES (1), (2) AS t(a)
SELECT histogram_numeric(a, 2) FROM VALUES (1), (2) AS t(a)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_count(y, x) FROM VALUES (1, 2), (2, 4), (3, 7) AS t(x, y)
# what stands in the place of a NULL boolean must not run into its neighbours
SELECT k, v, bool_and(v) OVER (PARTITION BY k ORDER BY v) AS w FROM VALUES (1, true), (1, false), (2, true), (3, false), (3, null), (4, null), (4, null), (5, null), (5, true), (5, false) AS t(k, v) ORDER BY k, v
SELECT name, flag, count(*) FROM VALUES ('a', true), ('b', false), ('a', null), (null, true) AS t(name, flag) GROUP BY ROLLUP(name, flag) ORDER BY name, flag, 3
SELECT 1 FROM (SELECT count(1) FROM range(3) WHERE false) t
SELECT 1 FROM (SELECT count(1) AS c FROM range(3)) t ORDER BY c
SELECT transform(zs, z -> aggregate(z, 1, (acc, val) -> acc * val * size(z))) FROM VALUES (1, array(array(12, 99), array(123, 42), array(1))), (2, array(array(6, 96, 65), array(-1, -2))), (3, array(array(17))) AS t(x, zs) ORDER BY x
SELECT aggregate(ys, x, (acc, val) -> acc + val + x, a -> a * x), aggregate(ys, named_struct('s', 0, 'n', 0), (a, b) -> named_struct('s', a.s + b, 'n', a.n + 1), a -> a.s / a.n) AS m FROM VALUES (1, array(32, 97)), (2, array(77, -76)) AS t(x, ys) ORDER BY x
SELECT * FROM VALUES (1, 2), (2, 1) t(a, b) ORDER BY ALL DESC NULLS LAST
SELECT * FROM VALUES ('z', 1), ('y', 2), ('x', 3) AS T(col1, all) ORDER BY all
SELECT count(1) FROM VALUES (1), (2), (3) AS T(all) GROUP BY all
SELECT p.*, q.* FROM VALUES ('one', 1), ('three', 3) p(k, v1) FULL OUTER JOIN VALUES ('one', 5), ('four', 4) q(k, v2) USING (k) ORDER BY ALL
SELECT p.*, q.* FROM VALUES (1, 'one'), (3, 'three') p(v1, k) LEFT JOIN VALUES ('one', 5), ('four', 4) q(k, v2) USING (k) ORDER BY ALL
SELECT * FROM explode_outer(array())
SELECT a, b, c, count(d), grouping_id(a, b, c) FROM VALUES (1, 2, 3, 4) t(a, b, c, d) GROUP BY a, b, c GROUPING SETS ((a), ()) ORDER BY 5
SELECT grouping_id(k1, k2) AS g, k1, k2, avg(v) FROM VALUES (1, 1, 1), (2, 2, 2) AS t(k1, k2, v) GROUP BY GROUPING SETS ((k1), (k1, k2), (k2, k1)) ORDER BY ALL
# IN and NOT IN as values are false where SQL would say NULL
SELECT a, a IN (SELECT * FROM VALUES (1), (null) s(c)), a NOT IN (SELECT * FROM VALUES (1), (null) s(c)), a IN (SELECT c FROM VALUES (1) s(c) WHERE false) y FROM VALUES (1), (2), (null) t(a) ORDER BY a
SELECT * FROM VALUES (1), (2), (null) t(a) WHERE (a IN (SELECT c FROM VALUES (1), (null) s(c))) IS NULL
SELECT * FROM VALUES (1), (2), (null) t(a) WHERE a NOT IN (SELECT c FROM VALUES (1), (null) s(c))
SELECT a, b, (a, b) IN (SELECT * FROM VALUES (2, 3.0), (6, null) s(c, d)) x, (a, b) NOT IN (SELECT * FROM VALUES (2, 3.0) s(c, d)) y FROM VALUES (null, 1.0), (2, 3.0), (6, 1.0), (2, null) m(a, b) ORDER BY ALL
WITH a AS (SELECT 1 x) SELECT * FROM VALUES (1) t(c) WHERE EXISTS (WITH b AS (SELECT * FROM a) SELECT * FROM b WHERE x = c)
SELECT * FROM VALUES (1, 2), (2, null) x(x1, x2) LEFT JOIN VALUES (1, 2), (2, 3) y(y1, y2) ON x1 = y1 AND EXISTS (SELECT * FROM VALUES (2) z(z1) WHERE z1 = x2) ORDER BY ALL
SELECT * FROM VALUES (1, 2), (2, null) x(x1, x2) FULL JOIN VALUES (1, 2), (2, 3) y(y1, y2) ON x1 = y1 AND y2 NOT IN (SELECT z1 FROM VALUES (2) z(z1)) ORDER BY ALL
SELECT * FROM VALUES (1, 2), (2, null) x(x1, x2) LEFT ANTI JOIN VALUES (1, 2), (2, 3) y(y1, y2) ON x1 = y1 AND NOT EXISTS (SELECT * FROM VALUES (2) z(z1) WHERE z1 = x2) ORDER BY ALL
SELECT * FROM VALUES (1, 2) x(x1, x2) JOIN VALUES (1, 2) y(y1, y2) ON x1 = y1 AND EXISTS (SELECT * FROM VALUES (2) z(z1) WHERE z1 = x2 AND z1 = y2)
SELECT * FROM VALUES (1, 10, 'a', 20, 'b'), (2, null, null, 5, null) t(id, x1, y1, x2, y2) UNPIVOT ((x, y) FOR n IN ((x1, y1), (x2, y2))) ORDER BY ALL
SELECT * FROM VALUES (1, 10, 'a', 20, 'b'), (2, null, null, 5, null) t(id, x1, y1, x2, y2) UNPIVOT INCLUDE NULLS ((x, y) FOR n IN ((x1, y1) AS one, (x2, y2) AS `two`)) ORDER BY ALL
SELECT * FROM VALUES (1, 10, 'a', 20, 'b') t(id, x1, y1, x2, y2) UNPIVOT ((x, y) FOR n IN ((x1, y1), (y2, x2)))
# Spark's draws, where the data is one partition
SELECT rand(0), rand(cast(null AS int)), randn(0L), rand(5), rand(5) FROM (SELECT /*+ REPARTITION(1) */ * FROM range(3)) ORDER BY id
SELECT id, rand(0), sum(id) FROM (SELECT /*+ REPARTITION(1) */ id FROM range(3)) GROUP BY id, 2 ORDER BY 1
SELECT * FROM (SELECT /*+ REPARTITION(1) */ * FROM range(30)) WHERE rand(3) < 0.2
SELECT count(id) FILTER (WHERE rand(1) > 1) FROM range(3)
SELECT count() FROM range(2)
SELECT count(t.*) FROM range(2) t
SELECT count(*), count(DISTINCT *) FROM range(2) t
SELECT * EXCEPT (nope) FROM range(2)
SELECT * EXCEPT (id, id) FROM range(2)
SELECT * EXCEPT (data.s2), t.* EXCEPT (t.e), data.* EXCEPT (s2.x), data.s2.* EXCEPT (x) FROM VALUES (named_struct('f1', 1, 's2', named_struct('x', 1, 'y', 2)), 3) t(data, e)
SELECT * EXCEPT (data.s2, data.s2.x) FROM VALUES (named_struct('f1', 1, 's2', named_struct('x', 1, 'y', 2)), 3) t(data, e)
SELECT median(id) OVER (ORDER BY id) FROM range(3)
SELECT median(id) OVER (PARTITION BY id) FROM range(2) ORDER BY 1
SELECT * FROM VALUES (null), (5), (8), (11) s1(a) WHERE NOT (a NOT IN (SELECT c FROM VALUES (null), (8), (11) s2(c))) ORDER BY a
SELECT * FROM VALUES (null), (5), (8), (11) s1(a) WHERE NOT (a > 5 OR a IN (SELECT c FROM VALUES (null), (8), (11) s2(c))) ORDER BY a
SELECT * FROM VALUES (null), (5), (8), (11) s1(a) WHERE NOT (a > 5 AND a IN (SELECT c FROM VALUES (null), (8), (11) s2(c))) ORDER BY a
SELECT a, NOT (a > 5 OR a IN (SELECT c FROM VALUES (null), (8) s2(c))) x, NOT (NOT (a IN (SELECT c FROM VALUES (null), (8) s2(c)))) y FROM VALUES (null), (5), (8), (11) s1(a) ORDER BY a
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r ORDER BY n
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r LIMIT 5
WITH RECURSIVE r(n) MAX RECURSION LEVEL 3 AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1L FROM r WHERE n < 5) SELECT * FROM r
WITH RECURSIVE r AS (SELECT 1 AS n, 'a' s UNION ALL SELECT n + 1, s || 'b' FROM r WHERE n < 5) SELECT a.n, b.s FROM r a JOIN r b ON a.n = b.n ORDER BY ALL
WITH RECURSIVE r AS (SELECT n + 1 FROM r) SELECT * FROM r
WITH RECURSIVE r AS (SELECT 1 x UNION SELECT x FROM r) SELECT * FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT max(n) + 1 FROM r) SELECT * FROM r
WITH RECURSIVE e AS (SELECT * FROM VALUES (1, 2), (2, 3), (3, 4) t(f, t)), r AS (SELECT 1 AS n UNION ALL SELECT e.t FROM r JOIN e ON r.n = e.f) SELECT sum(n), count(*) FROM r
WITH c AS (SELECT 1 AS o) SELECT * FROM range(2) AS q JOIN LATERAL (SELECT 1 AS v FROM c) AS l ORDER BY id
SELECT * FROM VALUES (1, 2) t(a, b) ORDER BY (SELECT a FROM VALUES (1, 2) u(a, b) ORDER BY b)
SELECT (SELECT a FROM VALUES (1, 2) u(a, b) ORDER BY b LIMIT 1) FROM VALUES (1, 2) t(a, b)
SELECT (SELECT a FROM VALUES (1, 2), (3, 1) u(a, b) ORDER BY b LIMIT 1), a, b FROM VALUES (1, 2), (5, 6) t(a, b)
SELECT a FROM VALUES (1, 2) t(a, b) WHERE EXISTS (SELECT a FROM VALUES (1, 2) u(a, b) GROUP BY a ORDER BY max(b))
# arrays between two, which the engine's BETWEEN does not take
SELECT a, b FROM VALUES (array('x')), (array('x', 'y')), (array('y')), (NULL) AS t(a) JOIN range(2) AS r(b) ON a BETWEEN array('x', 'a') AND array('y') ORDER BY a, b
SELECT a FROM VALUES (array(1)), (array(2)), (array(3)) AS t(a) WHERE a >= array(2) AND a <= array(3) ORDER BY a
# a struct alone is a row of VALUES
SELECT * FROM VALUES (struct(1, 2)), (struct(3, NULL)), ((5, 6)) AS t(a, b) ORDER BY a
SELECT * FROM VALUES struct(1 AS a, 'x' AS b), (2, 'y')
SELECT * FROM VALUES (struct(1, 2), 3), (struct(4, NULL), 5) AS t(a, b) ORDER BY a
SELECT * FROM VALUES (named_struct('a', 1)), (struct(2))
