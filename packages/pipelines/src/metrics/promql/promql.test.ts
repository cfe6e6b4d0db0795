/**
 * What queries answer, behaviour by behaviour, in the language of Prometheus's own tests. Its own files are run by
 * hand: see the README.
 */
import { behaviour } from './testing/behaviour.ts';

behaviour(
  'a series has its newest value for five minutes, and none from the stale marker on',
  `
  load 1m
    kept 1
    ended 1 2 stale

  eval instant at 4m59s kept
    kept 1

  eval instant at 5m kept

  eval instant at 1m ended
    ended 2

  eval instant at 2m ended
  `,
);

behaviour(
  'a range begins behind its start and ends with its end',
  `
  load 1m
    metric 1 2 3 4 5 stale 7

  eval instant at 4m count_over_time(metric[2m])
    {} 2

  eval instant at 6m sum_over_time(metric[3m])
    {} 12

  eval instant at 6m metric[3m]
    expect range vector from 4m to 6m step 1m
    metric 5 _ 7
  `,
);

behaviour(
  'rate goes on to the ends of its range, never below zero, and over new beginnings',
  `
  load 1m
    steady_total 0+60x10
    young_total _ _ _ _ _ 60 120 180
    reset_total 0+60x4 0+60x5
    gauge 0+60x10

  eval instant at 10m rate(steady_total[5m])
    {} 1

  eval instant at 7m increase(young_total[5m])
    {} 150

  eval instant at 9m increase(reset_total[9m])
    {} 472.5

  eval instant at 10m rate(gauge[5m])
    expect info regex: PromQL info: metric might not be a counter.*"gauge" \\(1:6\\)
    {} 1

  eval instant at 10m irate(steady_total[5m])
    {} 1

  eval instant at 10m delta(gauge[5m])
    {} 300
  `,
);

behaviour(
  'offset, @ and subqueries look at other times',
  `
  load 1m
    metric 0+1x20

  eval instant at 10m metric offset 5m
    metric 5

  eval instant at 10m metric offset -5m
    metric 15

  eval instant at 10m metric @ 180 offset 1m
    metric 2

  eval range from 0m to 4m step 2m metric @ end()
    metric 4 4 4

  eval range from 10m to 12m step 1m sum_over_time(metric[2m:1m] @ start())
    {} 19 19 19

  eval instant at 10m max_over_time(rate(metric[2m])[5m:1m]) * 60
    {} 1
  `,
);

behaviour(
  'operators hold on to their operands as tightly as in Prometheus',
  `
  load 1m
    a 2 2
    b 3 30

  eval instant at 0m -2 ^ 2
    -4

  eval instant at 0m 2 ^ 3 ^ 2
    512

  eval instant at 1m a + b offset 1m * 2
    {} 8

  eval instant at 1m -b offset 1m
    {} -3

  eval instant at 0m 1 + 2 * 3 % 4 == bool 3
    1
  `,
);

behaviour(
  'series of two vectors are matched one with one, or many with one where that is said',
  `
  load 1m
    requests{code="200", node="a"} 10
    requests{code="500", node="a"} 2
    requests{code="200", node="b"} 20
    nodes{node="a", zone="x"} 2
    nodes{node="b", zone="y"} 4

  eval instant at 0m requests / on(node) group_left(zone) nodes
    {code="200", node="a", zone="x"} 5
    {code="500", node="a", zone="x"} 1
    {code="200", node="b", zone="y"} 5

  eval instant at 0m requests / on(node) nodes
    expect fail regex: multiple matches for labels: many-to-one matching must be explicit.*

  eval instant at 0m nodes / on(node) requests
    expect fail regex: found duplicate series for the match group .node="a". on the right hand-side.*

  eval instant at 0m requests{code="500"} / ignoring(code) sum without(code) (requests)
    {node="a"} 0.16666666666666666

  eval instant at 0m requests{code="200"} > on(node) group_left() nodes * 4
    requests{code="200", node="a"} 10
    requests{code="200", node="b"} 20

  eval instant at 0m requests and on(node) nodes{zone="x"}
    requests{code="200", node="a"} 10
    requests{code="500", node="a"} 2

  eval instant at 0m requests unless on(node) nodes{zone="x"}
    requests{code="200", node="b"} 20

  eval instant at 0m nodes{zone="x"} or on(node) requests
    nodes{node="a", zone="x"} 2
    requests{code="200", node="b"} 20

  eval instant at 0m sum by (code) (requests) + fill(100) sum by (code) (requests{node="b"})
    {code="200"} 50
    {code="500"} 102
  `,
);

behaviour(
  'aggregations put series together, or choose some',
  `
  load 1m
    metric{group="a", id="1"} 1
    metric{group="a", id="2"} 3
    metric{group="b", id="3"} 8
    metric{group="b", id="4"} NaN

  eval instant at 0m sum by (group) (metric)
    {group="a"} 4
    {group="b"} NaN

  eval instant at 0m max(metric)
    {} 8

  eval instant at 0m stddev by (group) (metric{group="a"})
    {group="a"} 1

  eval instant at 0m topk(2, metric)
    expect ordered
    metric{group="b", id="3"} 8
    metric{group="a", id="2"} 3

  eval instant at 0m bottomk by (group) (1, metric)
    metric{group="a", id="1"} 1
    metric{group="b", id="3"} 8

  eval instant at 0m quantile(0.5, metric{group="a"})
    {} 2

  eval instant at 0m quantile(2, metric{group="a"})
    expect warn regex: PromQL warning: quantile value should be between 0 and 1, got 2 \\(1:10\\)
    {} +Inf

  eval instant at 0m count_values("value", metric)
    {value="1"} 1
    {value="3"} 1
    {value="8"} 1
    {value="NaN"} 1

  eval instant at 0m count(limitk(3, metric))
    {} 3

  eval instant at 0m count(limit_ratio(0.4, metric) or limit_ratio(-0.6, metric))
    {} 4
  `,
);

behaviour(
  'labels are replaced and joined, and names that were let go of can be brought back',
  `
  load 1m
    one_total{path="/a/b"} 0+60x10
    two_total{path="/c"} 0+120x10

  eval instant at 10m label_replace(rate({__name__=~".+_total"}[5m]), "metric", "$1", "__name__", "(.+)_total")
    {path="/a/b", metric="one"} 1
    {path="/c", metric="two"} 2

  eval instant at 10m label_join(one_total, "both", "-", "path", "missing")
    one_total{path="/a/b", both="/a/b-"} 600

  eval instant at 10m rate({__name__=~".+_total", path=~"/.*"}[5m]) * 0 and ignoring(path) vector(1)
    {path="/a/b"} 0
    {path="/c"} 0

  eval instant at 10m sort_desc({__name__=~".+_total"})
    expect ordered
    two_total{path="/c"} 1200
    one_total{path="/a/b"} 600
  `,
);

behaviour(
  'what is not there can be asked for',
  `
  load 1m
    up{job="a"} 1 1 _ _ _ _ _ _ _ 1

  eval instant at 0m absent(up{job="b", zone=~"x|y"})
    {job="b"} 1

  eval instant at 0m absent(up{job="a"})

  eval range from 0m to 8m step 4m absent_over_time(up{job="a"}[2m])
    {job="a"} _ 1 1

  eval instant at 0m scalar(up{job="b"})
    NaN

  eval instant at 1m present_over_time(up[1m])
    {job="a"} 1
  `,
);

behaviour(
  'dates are of UTC',
  `
  load 1m
    leap 1709210096

  eval instant at 0m year(leap) * 10000 + month(leap) * 100 + day_of_month(leap)
    {} 20240229

  eval instant at 0m days_in_month(leap) + day_of_year(leap) + day_of_week(leap)
    {} 93

  eval instant at 90m hour() + minute() / 60
    {} 1.5
  `,
);
