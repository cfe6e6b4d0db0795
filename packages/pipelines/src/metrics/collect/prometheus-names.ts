/**
 * OpenTelemetry's names as Prometheus writes them (OpenTelemetry's specification "Prometheus and OpenMetrics
 * Compatibility"): `http.server.duration` in seconds is `http_server_duration_seconds`, a monotonic sum ends in
 * `_total`.
 */

/** Units by UCUM's code. */
const units: Readonly<Record<string, string>> = {
  ...{ d: 'days', h: 'hours', min: 'minutes', s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' },
  ...{ By: 'bytes', KiBy: 'kibibytes', MiBy: 'mebibytes', GiBy: 'gibibytes', TiBy: 'tibibytes' },
  ...{ KBy: 'kilobytes', MBy: 'megabytes', GBy: 'gigabytes', TBy: 'terabytes' },
  ...{ m: 'meters', V: 'volts', A: 'amperes', J: 'joules', W: 'watts', g: 'grams', Cel: 'celsius', Hz: 'hertz' },
  '%': 'percent',
};

const perUnits: Readonly<Record<string, string>> = {
  ...{ s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' },
};

export interface NamedMetric {
  readonly name: string;
  readonly unit: string;
  readonly isMonotonicSum: boolean;
  readonly isGauge: boolean;
}

export function prometheusName({ name, unit, isMonotonicSum, isGauge }: NamedMetric): string {
  let words = name.split(/[^a-zA-Z0-9:]+/).filter((word) => word !== '');
  const suffixes = unitWords(unit);
  words = [...words, ...suffixes.filter((suffix) => !words.includes(suffix))];
  if (isMonotonicSum) words = [...words.filter((word) => word !== 'total'), 'total'];
  else if (isGauge && unit === '1') words = [...words.filter((word) => word !== 'ratio'), 'ratio'];
  const joined = words.join('_') || '_';
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

/** The name of an attribute as a label's. */
export function labelName(attribute: string): string {
  const name = attribute.replace(/[^a-zA-Z0-9_]+/g, '_');
  if (/^\d/.test(name)) return `key_${name}`;
  // Names that begin with two underscores are Prometheus's own.
  return /^_[^_]/.test(name) ? `key${name}` : name || '_';
}

function unitWords(unit: string): string[] {
  const [main = '', per] = unit.replace(/\{[^}]*\}/g, '').split('/', 2);
  const words: string[] = [];
  const mainWord = units[main.trim()] ?? (main.trim() === '1' ? '' : cleaned(main));
  if (mainWord !== '') words.push(mainWord);
  if (per !== undefined && per.trim() !== '') words.push(`per_${perUnits[per.trim()] ?? cleaned(per)}`);
  return words;
}

function cleaned(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_|_$/g, '');
}
