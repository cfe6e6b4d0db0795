/** What was observed, for people: amounts and ages. */

const steps = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** `1.5 GB`; null stays null. Steps are of 1,000. */
export function amount(value: number | null, unit: string): string | null {
  if (value === null) return null;
  let scaled = value;
  let step = 0;
  while (scaled >= 1_000 && step < steps.length - 1) {
    scaled /= 1_000;
    step++;
  }
  const digits = scaled >= 100 || Number.isInteger(scaled) ? 0 : 1;
  return `${scaled.toFixed(digits)} ${steps[step]}${unit}`.replace(' /', '/');
}

/** `3 min ago`; `never` for null. */
export function sinceText(at: string | null, now: number): string {
  if (at === null) return 'never';
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1_000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 2 * 3_600) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3_600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}
