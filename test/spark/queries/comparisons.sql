# Structs and arrays compared and ordered, clocks subtracted, stars counted, maps with a key twice.
SELECT map(1, 'a', 1, 'b')
SELECT map('x', 1, 'x', 2)
SELECT map_from_arrays(array(1, 1), array(2, 3))
SELECT map_from_entries(array(struct(1, 2), struct(1, 3)))
SELECT str_to_map('a:1,a:2')
SELECT map_concat(map(1, 2), map(1, 3))
SELECT transform_keys(map(1, 2, 3, 4), (k, v) -> 0)
SELECT map(DATE'2020-01-01', 1, DATE'2020-01-01', 2)
SELECT map(array(1), 1, array(1), 2)
SELECT count(DISTINCT *) FROM VALUES (1, 2), (1, 2), (1, null) t(a, b)
SELECT count(DISTINCT t.*) FROM VALUES (1, 2), (1, 2), (1, null) t(a, b)
SELECT count(DISTINCT a, b) FROM VALUES (1, 2), (1, 2), (1, null) t(a, b)
SELECT count(t.*) FROM VALUES (1, 2), (1, 2), (1, null) t(a, b)
SELECT count(*, a) FROM VALUES (1, 2), (1, 2), (1, null) t(a, b)
SELECT sum(DISTINCT *) FROM VALUES (1), (1) t(a)
SELECT struct(1) = struct('1')
SELECT struct(1) <=> struct('1'), struct(1) < struct('2')
SELECT struct(1, 'a') = struct(1L, 'a')
SELECT struct(1 AS a) = struct(1 AS b)
SELECT struct(1 AS a) = named_struct('b', '1')
SELECT struct(1) IN (struct('1'))
SELECT array(1) = array('1')
SELECT array(1) = array(1L)
SELECT array(struct(1)) = array(struct(1.5))
SELECT map(1, 2) = map(1, 2)
SELECT s FROM (SELECT explode(array(struct(1, 2), struct(1, cast(null as int)), struct(cast(null as int), 5), null)) s) ORDER BY s
SELECT s FROM (SELECT explode(array(struct(1, 2), struct(1, cast(null as int)), struct(cast(null as int), 5), null)) s) ORDER BY s DESC
SELECT s FROM VALUES (array(1, 2)), (array(1, null)), (array(null, 5)), (array(1)), (array()), (null) t(s) ORDER BY s
SELECT s FROM VALUES (array(1, 2)), (array(1, null)), (array(null, 5)), (array(1)), (array()), (null) t(s) ORDER BY s DESC
SELECT min(s), max(s) FROM (SELECT explode(array(struct(1, 2), struct(1, cast(null as int)), struct(cast(null as int), 5), null)) s)
SELECT struct(1, cast(null as int)) < struct(1, 2), struct(cast(null as int)) = struct(cast(null as int))
SELECT array(1, null) < array(1, 2), array(null) = array(null)
SELECT rank() OVER (ORDER BY s), s FROM (SELECT explode(array(struct(1, 2), struct(1, cast(null as int)), struct(cast(null as int), 5))) s) ORDER BY 1
SELECT max_by(a, s), min_by(a, s) FROM VALUES (1, struct(1, 2)), (2, struct(1, cast(null as int))), (3, struct(cast(null as int), 5)) t(a, s)
SELECT TIMESTAMP'2024-03-11 00:00:00' - TIMESTAMP'2024-03-09 00:00:00'
SELECT TIMESTAMP'2024-03-10 12:00:00' - TIMESTAMP'2024-03-09 12:00:00', TIMESTAMP'2024-11-04 01:00:00' - TIMESTAMP'2024-11-02 00:30:00'
SELECT TIMESTAMP'2024-03-09 12:00:00' - TIMESTAMP'2024-03-10 12:00:00', TIMESTAMP'2024-03-10 03:00:00' - TIMESTAMP'2024-03-10 01:59:59'
SELECT TIMESTAMP_NTZ'2024-03-11 00:00:00' - TIMESTAMP'2024-03-09 00:00:00', TIMESTAMP'2024-03-11 00:00:00' - DATE'2024-03-09'
SELECT TIMESTAMP'2024-03-11 00:00:00' - CAST('2024-03-09 00:00:00' AS TIMESTAMP_NTZ)
SELECT TIMESTAMP'1900-01-01 00:00:00' - TIMESTAMP'1800-01-01 00:00:00', TIMESTAMP'2024-11-03 01:30:00' - TIMESTAMP'2024-11-03 00:30:00'
SELECT timestampdiff(HOUR, TIMESTAMP'2024-03-09 00:00:00', TIMESTAMP'2024-03-11 00:00:00'), timestampdiff(DAY, TIMESTAMP'2024-03-09 00:00:00', TIMESTAMP'2024-03-11 00:00:00')
SELECT struct(1) = struct(1.5BD)
SELECT struct(1BD) = struct(1.5BD)
SELECT struct(1.0) = struct(1.5d)
SELECT array(1) = array(null), struct(1) = struct(null)
SELECT array(DATE'2020-01-01') = array(TIMESTAMP'2020-01-01 00:00:00')
SELECT struct('a') = struct(cast('a' as binary))
SELECT array(1, 2) < array(1L, 3L), struct(1, 2) > struct(1L, 1S)
SELECT struct(1 AS a, 'x' AS b) <=> struct(1 AS b, 'x' AS c)
SELECT nullif(struct(1), struct(1)), nullif(array(1), array(2))
SELECT struct(1) IN (struct(1L)), array(1) IN (array(2), array(1))
SELECT CASE struct(1) WHEN struct(1) THEN 'a' END
