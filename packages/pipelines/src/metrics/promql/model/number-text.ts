/** Numbers as text, as Prometheus writes them in answers, labels and messages. */

/** Shortest digits without an exponent, as values of labels are written. */
export function plainDecimal(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  const text = String(value);
  const [, sign = '', digits = '', fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return Object.is(value, -0) ? '-0' : text;
  const point = digits.length + Number(exponent);
  const all = digits + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`;
  return `${sign}${all.padEnd(point, '0')}`;
}

/** Shortest digits, with an exponent where the number is very small or large, as values in answers are written. */
export function answerNumber(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  if (Object.is(value, -0)) return '-0';
  return withTwoDigitExponent(String(value));
}

/** Shortest digits with an exponent from a million on and below a ten thousandth, as messages are written (`%g`). */
export function messageNumber(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const exponential = value.toExponential();
  const exponent = Number(exponential.slice(exponential.indexOf('e') + 1));
  if (exponent < -4 || exponent >= 6) return withTwoDigitExponent(exponential);
  return plainDecimal(value);
}

function specialText(value: number): string | undefined {
  if (Number.isFinite(value)) return undefined;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function withTwoDigitExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** As OpenMetrics writes bounds and quantiles: always with a point or an exponent. */
export function openMetricsNumber(value: number): string {
  if (!Number.isFinite(value)) return specialText(value) as string;
  const text = messageNumber(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
