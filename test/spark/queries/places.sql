# What may stand where: percentiles and other aggregates OVER a window, windows in windows, FILTER, lambdas, clauses; moments over NaN.
CREATE OR REPLACE TEMP VIEW p AS SELECT * FROM VALUES ('a', 1, 10), ('a', 2, 20), ('b', 3, 35), ('b', 4, 40), ('b', null, null), ('c', null, 7) AS t(g, v, w)
SELECT g, percentile_cont(0.25) WITHIN GROUP (ORDER BY v) OVER (PARTITION BY g), percentile_disc(0.25) WITHIN GROUP (ORDER BY v) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT g, percentile_cont(0.25) WITHIN GROUP (ORDER BY v DESC) OVER (PARTITION BY g), percentile_disc(0.25) WITHIN GROUP (ORDER BY v DESC) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT g, percentile_cont(0.25) WITHIN GROUP (ORDER BY w) FILTER (WHERE v > 1) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT g, percentile_disc(array(0.25, 0.75)) WITHIN GROUP (ORDER BY w) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT g, percentile_cont(array(0.25, 0.75)) WITHIN GROUP (ORDER BY w) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY w) OVER () FROM p
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY w) OVER (ORDER BY v) FROM p ORDER BY ALL
SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY w) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM p
SELECT median(w) OVER (PARTITION BY g), median(w) OVER (ORDER BY v) FROM p ORDER BY ALL
SELECT percentile(w, 0.5) OVER (PARTITION BY g), percentile(w, array(0.1, 0.9)) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT percentile(w, 0.5) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT percentile_approx(w, 0.5) OVER (PARTITION BY g), approx_percentile(w, array(0.1, 0.9)) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT listagg(g, ',') WITHIN GROUP (ORDER BY v) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT listagg(g, ',') OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT collect_list(v) OVER (ORDER BY w), collect_set(v) OVER (PARTITION BY g ORDER BY w), array_agg(v) OVER (PARTITION BY g ORDER BY w) FROM p ORDER BY ALL
SELECT skewness(v) OVER (PARTITION BY g), kurtosis(w) OVER (ORDER BY w), corr(v, w) OVER (PARTITION BY g), covar_pop(v, w) OVER (PARTITION BY g), covar_samp(v, w) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT regr_count(v, w) OVER (PARTITION BY g), regr_slope(v, w) OVER (PARTITION BY g), regr_r2(v, w) OVER (ORDER BY w), regr_intercept(v, w) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT approx_count_distinct(v) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT bit_and(v) OVER (PARTITION BY g), bit_or(v) OVER (ORDER BY w), bit_xor(v) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT try_sum(v) OVER (PARTITION BY g), try_avg(v) OVER (ORDER BY w), product(v) OVER (PARTITION BY g) FROM p ORDER BY ALL
SELECT try_sum(v) OVER (PARTITION BY g), try_avg(v) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT grouping(g) OVER () FROM p
SELECT count(DISTINCT v) OVER () FROM p
SELECT sum(v) FILTER (WHERE w > 10) OVER (ORDER BY w), count(*) FILTER (WHERE v > 1) OVER (), first(v) FILTER (WHERE v > 1) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT row_number() FILTER (WHERE v > 1) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT lag(v) FILTER (WHERE v > 1) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT nth_value(v, 0) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT nth_value(v, null) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT nth_value(v, v) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT ntile(0) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT ntile(v) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT ntile(null) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT lag(v, w) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT lag(v, 1, 'x') OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT abs(v) OVER (ORDER BY w) FROM p ORDER BY ALL
SELECT sum(v) OVER (PARTITION BY sum(w)) FROM p ORDER BY ALL
SELECT sum(sum(v)) OVER (ORDER BY g) FROM p GROUP BY g
SELECT sum(row_number() OVER (ORDER BY v)) OVER (ORDER BY g) FROM p ORDER BY ALL
SELECT sum(v) OVER (ORDER BY row_number() OVER (ORDER BY v)) FROM p ORDER BY ALL
SELECT sum(row_number() OVER (ORDER BY v)) FROM p ORDER BY ALL
SELECT g FROM p WHERE row_number() OVER (ORDER BY v) > 1
SELECT g FROM p HAVING row_number() OVER (ORDER BY v) > 1
SELECT g, count(*) FROM p GROUP BY g HAVING row_number() OVER (ORDER BY g) > 1
SELECT g FROM p ORDER BY row_number() OVER (ORDER BY v DESC)
SELECT * FROM p a JOIN p b ON row_number() OVER (ORDER BY a.v) = b.v
SELECT * FROM p LIMIT row_number() OVER (ORDER BY 1)
SELECT sum(v) FILTER (WHERE row_number() OVER (ORDER BY v) > 1) FROM p ORDER BY ALL
SELECT sum(v) FILTER (WHERE sum(w) > 1) FROM p
SELECT sum(v) FILTER (WHERE w) FROM p
SELECT sum(v) FILTER (WHERE rand() > 1) FROM p
SELECT sum(v) FILTER (WHERE sum(w) > 1) OVER () FROM p
SELECT sum(v) FILTER (WHERE v IN (SELECT v FROM p)) FROM p
SELECT sum(v) FILTER (WHERE explode(array(true))) FROM p
SELECT transform(array(1, 2), x -> sum(v)) FROM p
SELECT transform(array(1, 2), x -> x + sum(v)) FROM p
SELECT transform(array(1, 2), x -> row_number() OVER (ORDER BY x)) FROM p ORDER BY ALL
SELECT transform(array(1, 2), x -> row_number() OVER (ORDER BY v)) FROM p ORDER BY ALL
SELECT transform(array(1, 2), x -> (SELECT max(v) FROM p)) FROM p
SELECT transform(array(1, 2), x -> (SELECT max(v) + x FROM p)) FROM p
SELECT filter(array(1, 2), x -> EXISTS (SELECT 1 FROM p WHERE v = x)) FROM p
SELECT filter(array(1, 2), x -> x IN (SELECT v FROM p)) FROM p
SELECT aggregate(array(1, 2), 0, (a, x) -> a + sum(v)) FROM p
SELECT transform(array(1, 2), x -> explode(array(x))) FROM p
SELECT transform(array(1,2), x -> rand()) IS NOT NULL FROM p
SELECT transform(collect_list(v), x -> x + 1) FROM p
SELECT transform(collect_list(v), x -> x + max(w)) FROM p
SELECT transform(collect_list(v) OVER (), x -> x + 1) FROM p
SELECT exists(array(1, 2), x -> max(v) > x) FROM p GROUP BY g
SELECT map_filter(map(1, 2), (k, x) -> sum(v) > k) FROM p
SELECT zip_with(array(1), array(2), (a, b) -> sum(v)) FROM p
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (double('NaN'), 1d), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (1d, double('NaN')), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (1d, double('Infinity')), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (1e308, 1e308), (2d, 3d), (-1e308, 3d) t(y, x)
SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x) FROM VALUES (1d, double('NaN')), (2d, 3d) t(y, x)
SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x), stddev(x), variance(x), var_pop(x), skewness(x), kurtosis(x) FROM VALUES (1d, double('Infinity')), (2d, 3d) t(y, x)
SELECT stddev(x), variance(x), var_pop(x), skewness(x), kurtosis(x), avg(x), sum(x), median(x), percentile(x, 0.5) FROM VALUES (double('NaN')), (3d) t(x)
SELECT stddev(x), variance(x), var_pop(x), stddev_pop(x) FROM VALUES (1e308), (-1e308) t(x)
SELECT regr_slope(y, x), regr_r2(y, x) FROM VALUES (1d, 1d) t(y, x)
SELECT regr_slope(y, x), regr_r2(y, x), regr_intercept(y, x) FROM VALUES (1d, 1d), (2d, 1d) t(y, x)
SELECT regr_slope(y, x), regr_r2(y, x), regr_intercept(y, x) FROM VALUES (1d, 1d), (1d, 2d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (double('NaN'), 1d), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (1d, double('NaN')), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (1d, double('Infinity')), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (double('-Infinity'), 1d), (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (double('-Infinity'), 1d), (2d, 1d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (2d, double('Infinity')), (2d, 1d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (null, double('NaN')), (2d, 3d), (3d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (2d, 3d), (2d, 4d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (2d, 3d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (2d, 3d), (3d, 5d), (7d, 8d) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y,x) FROM VALUES (2d, cast(null as double)) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (1d, 1e308), (1d, -1e308) t(y, x)
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x), regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (1e200, 1e200), (1d, 1d) t(y, x)
SELECT stddev(x), variance(x), var_pop(x), stddev_pop(x), avg(x) FROM VALUES (1e308), (-1e308) t(x)
SELECT stddev(x), variance(x), var_pop(x), stddev_pop(x), avg(x) FROM VALUES (1e200), (1d) t(x)
SELECT stddev(x), variance(x), var_pop(x), stddev_pop(x), avg(x) FROM VALUES (1e308) t(x)
SELECT stddev(x), variance(x), var_pop(x), stddev_pop(x), avg(x) FROM VALUES (1e308), (1e308), (1e308) t(x)
SELECT corr(x, y), covar_pop(x, y), covar_samp(x, y) FROM VALUES (1e200, 1e200), (1d, 1d) t(x, y)
SELECT sum(x), avg(x), skewness(x), kurtosis(x), median(x), percentile(x, 0.3) FROM VALUES (1e308), (-1e308), (1.5e308) t(x)
SELECT sum(v) FILTER (WHERE null), sum(v) FILTER (WHERE 'true') FROM VALUES (1) t(v)
SELECT sum(v) FILTER (WHERE null) FROM VALUES (1) t(v)
SELECT sum(v) FILTER (WHERE v) FROM VALUES (1) t(v)
SELECT count(*) FROM VALUES (1) t(v) GROUP BY row_number() OVER (ORDER BY v)
SELECT count(*) FROM VALUES (1) t(v) GROUP BY sum(v) OVER ()
SELECT row_number() OVER (ORDER BY v) r, sum(r) OVER (ORDER BY v) FROM VALUES (1) t(v)
SELECT row_number() OVER (ORDER BY v) r, sum(v) OVER (ORDER BY r) FROM VALUES (1) t(v)
SELECT v + 1 AS a, sum(a) FROM VALUES (1) t(v)
SELECT v + 1 AS a, sum(a) OVER () FROM VALUES (1) t(v)
SELECT sum(v) AS a, sum(a) OVER () FROM VALUES (1) t(v)
SELECT max(row_number() OVER (ORDER BY v)) OVER (), sum(sum(v) OVER ()) OVER (PARTITION BY v ORDER BY count(*) OVER ()) FROM VALUES (1), (2) t(v)
SELECT v, sum(v) OVER (ORDER BY rank() OVER (ORDER BY v DESC)) FROM VALUES (1), (2), (5) t(v) ORDER BY v
SELECT g, sum(count(*)) OVER (ORDER BY rank() OVER (ORDER BY g)) FROM VALUES (1), (2), (5) t(g) GROUP BY g ORDER BY g
SELECT sum(sum(v)) FROM VALUES (1) t(v)
SELECT transform(array(1, 2), x -> sum(v) OVER (ORDER BY v) + x) FROM VALUES (1), (2) t(v)
SELECT transform(array(1, 2), x -> exists(array(3), y -> y = (SELECT max(1)))) FROM VALUES (1), (2) t(v)
SELECT transform(array((SELECT 1)), x -> x) FROM VALUES (1), (2) t(v)
SELECT v FROM VALUES (1), (2) t(v) WHERE rank() OVER (ORDER BY v) = 1
SELECT v FROM VALUES (1), (2) t(v) WHERE sum(v) > 1
SELECT v, count(*) FROM VALUES (1), (2) t(v) GROUP BY v HAVING sum(v) OVER () > 1
SELECT v FROM VALUES (1), (2) t(v) ORDER BY sum(v) OVER ()
SELECT v, sum(v) OVER () s FROM VALUES (1), (2) t(v) ORDER BY s, v
SELECT t.v FROM VALUES (1), (2) t(v) JOIN VALUES (1) u(w) ON sum(v) = 1
SELECT t.v FROM VALUES (1), (2) t(v) JOIN VALUES (1) u(w) ON rank() OVER (ORDER BY v) = 1
SELECT v FROM VALUES (1), (2) t(v) ORDER BY sum(v)
SELECT * FROM VALUES (1), (2) t(v) LATERAL VIEW explode(array(sum(v))) x
SELECT * FROM VALUES (1), (2) t(v) LATERAL VIEW explode(array(rank() OVER (ORDER BY v))) x
SELECT * FROM VALUES (sum(1))
SELECT * FROM VALUES (rank() OVER (ORDER BY 1))
SELECT * FROM VALUES (explode(array(1)))
SELECT g, count(*) FROM VALUES (1), (2), (5) t(g) GROUP BY g ORDER BY rank() OVER (ORDER BY g)
SELECT g, rank() OVER (ORDER BY g) r FROM VALUES (1), (2), (5) t(g) ORDER BY r
SELECT g, rank() OVER (ORDER BY g) FROM VALUES (1), (2), (5) t(g) ORDER BY rank() OVER (ORDER BY g)
SELECT g + 1 AS a, rank() OVER (ORDER BY g) FROM VALUES (1), (2), (5) t(g) ORDER BY a
SELECT DISTINCT g, rank() OVER (ORDER BY g) FROM VALUES (1), (2), (5) t(g) ORDER BY 2
SELECT stddev(x), var_samp(x), var_pop(x) FROM VALUES (double('NaN')) t(x)
SELECT covar_samp(x, y), covar_pop(x, y), corr(x, y) FROM VALUES (double('NaN'), 1d) t(x, y)
SELECT covar_samp(x, y), covar_pop(x, y), corr(x, y) FROM VALUES (double('NaN'), null), (1d, 2d), (2d, 5d) t(x, y)
SELECT stddev(DISTINCT x), variance(DISTINCT x), regr_sxx(DISTINCT x, x) FROM VALUES (1d), (1d), (3d) t(x)
