/** What queries answer of histograms, in the language of Prometheus's own tests. */
import { behaviour } from './testing/behaviour.ts';

behaviour(
  'quantiles of classic and native histograms',
  `
  load 1m
    classic_bucket{le="1"} 1
    classic_bucket{le="2"} 3
    classic_bucket{le="4"} 4
    classic_bucket{le="+Inf"} 4
    native {{schema:0 count:4 sum:7 buckets:[1 2 1]}}
    mirrored {{schema:0 count:4 sum:-7 n_buckets:[1 1 2]}}
    custom {{schema:-53 count:4 sum:7 custom_values:[1 2 4] buckets:[1 2 1]}}

  eval instant at 0m histogram_quantile(0.5, classic_bucket)
    {} 1.5

  eval instant at 0m histogram_quantile(0.5, custom)
    {} 1.5

  eval instant at 0m histogram_quantile(0.5, native)
    {} 1.4142135623730951

  eval instant at 0m histogram_quantile(0.125, mirrored)
    {} -3.363585661014858

  eval instant at 0m histogram_fraction(0, 2, native)
    {} 0.75

  eval instant at 0m histogram_count(native) + histogram_sum(native) + histogram_avg(native)
    {} 12.75

  eval instant at 0m histogram_quantile(2, native)
    expect warn regex: .*got 2 \\(1:20\\)
    {} +Inf

  eval instant at 0m native + native
    {} {{schema:0 count:8 sum:14 buckets:[2 4 2]}}

  eval instant at 0m native - 2 * native
    {} {{schema:0 count:-4 sum:-7 counter_reset_hint:gauge buckets:[-1 -2 -1]}}

  eval instant at 0m native + ignoring(x) custom
    expect warn regex: .*incompatible bucket layout encountered for binary operator \\+ \\(1:1\\)

  eval instant at 0m native </ 2
    native {{schema:0 count:3 sum:3.5355339059327378 buckets:[1 2]}}
  `,
);

behaviour(
  'native histograms are rated as counters, in the coarsest layout that there is',
  `
  load 1m
    hist {{schema:1 count:4 sum:4 buckets:[2 2]}}+{{schema:1 count:2 sum:2 buckets:[1 1]}}x4
    coarser {{schema:1 count:4 sum:4 offset:1 buckets:[2 2]}} {{schema:0 count:6 sum:6 offset:1 buckets:[6]}}

  eval instant at 4m increase(hist[4m])
    {} {{schema:1 count:8 sum:8 counter_reset_hint:gauge buckets:[4 4]}}

  eval instant at 1m sum_over_time(coarser[2m])
    {} {{schema:0 count:10 sum:10 offset:1 buckets:[10]}}

  eval instant at 4m resets(hist[5m])
    {} 0
  `,
);
