/** The functions that PromQL has: what they take and what they answer with. */
import type { ValueType } from './expression.ts';

export interface Signature {
  readonly args: readonly ValueType[];
  /** How many arguments there may be; those after the last of `args` are of its type. */
  readonly countMin: number;
  readonly countMax: number;
  readonly returns: 'vector' | 'scalar';
}

/** @param repeats how often the last argument may come, where that is not once: between no time and so often */
function of(args: readonly ValueType[], repeats?: number, returns: 'vector' | 'scalar' = 'vector'): Signature {
  const { length } = args;
  if (repeats === undefined) return { args, countMin: length, countMax: length, returns };
  return { args, countMin: length - 1, countMax: length - 1 + repeats, returns };
}

const each = (names: string, signature: Signature): [string, Signature][] =>
  names.split(' ').map((name) => [name, signature]);

const onVector =
  'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count ' +
  'histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt ' +
  'start_timestamp tan tanh timestamp';
const onDate = 'day_of_month day_of_week day_of_year days_in_month hour minute month year';
const onRange =
  'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase ' +
  'irate last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time ' +
  'stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time';

export const functionSignatures: ReadonlyMap<string, Signature> = new Map([
  ...each(onVector, of(['vector'])),
  ...each(onDate, of(['vector'], 1)),
  ...each(onRange, of(['matrix'])),
  ...each('end pi range start step time', of([], undefined, 'scalar')),
  ...each('max_of min_of', of(['scalar', 'scalar'], undefined, 'scalar')),
  ...each('clamp_max clamp_min', of(['vector', 'scalar'])),
  ...each('sort_by_label sort_by_label_desc', of(['vector', 'string'], Infinity)),
  ['clamp', of(['vector', 'scalar', 'scalar'])],
  ['double_exponential_smoothing', of(['matrix', 'scalar', 'scalar'])],
  ['histogram_fraction', of(['scalar', 'scalar', 'vector'])],
  ['histogram_quantile', of(['scalar', 'vector'])],
  ['histogram_quantiles', of(['vector', 'string', 'scalar', 'scalar'], 9)],
  ['info', of(['vector', 'vector'], 1)],
  ['label_join', of(['vector', 'string', 'string', 'string'], Infinity)],
  ['label_replace', of(['vector', 'string', 'string', 'string', 'string'])],
  ['predict_linear', of(['matrix', 'scalar'])],
  ['quantile_over_time', of(['scalar', 'matrix'])],
  ['round', of(['vector', 'scalar'], 1)],
  ['scalar', of(['vector'], undefined, 'scalar')],
  ['vector', of(['scalar'])],
]);

/** The type of argument number `index`. */
export function argumentType({ args }: Signature, index: number): ValueType {
  return args[Math.min(index, args.length - 1)] as ValueType;
}
