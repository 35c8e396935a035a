# ${name} in SQL text; RESET.
SET my.var = 7
SELECT ${my.var} + 1
SELECT '${my.var}', ${spark:my.var}, ${hivevar:my.var}, ${hiveconf:my.var}, ${sparkconf:my.var}
SELECT '${no.such}'
SELECT ${no.such}
SELECT '$${my.var}', '${ my.var }', '${}', '${my.var', '$my.var', '${system:no.such.property}', '${env:NO_SUCH_VARIABLE}'
SET my.outer = ${my.var}9
SELECT ${my.outer}
SET my.rec = ${my.rec}x
SELECT '${my.rec}'
RESET spark.sql.session.timeZone
RESET
SET spark.sql.session.timeZone = America/Los_Angeles
SELECT '${my.var}'
SET my.var = 8
RESET my.var
RESET no.such.key
SET spark.sql.session.timeZone
SET my.none
