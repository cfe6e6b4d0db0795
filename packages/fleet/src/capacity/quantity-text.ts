/** Numbers as people read them. */
import type { Quantity } from '@millrace/api/fleet';

const byteSteps = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB`, `7 d`, `12 partitions`, `3`. */
export function quantityText({ value, unit }: Pick<Quantity, 'value' | 'unit'>): string {
  switch (unit) {
    case 'bytes':
      return bytesText(value);
    case 'bytes/s':
      return `${bytesText(value)}/s`;
    case 'bytes/record':
      return `${bytesText(value)}/record`;
    case 's':
      return durationText(value);
    case 'times':
      return numberText(value);
    case 'price':
    case 'price/month':
      return `${numberText(value)}${unit.slice('price'.length)}`;
    default:
      return `${numberText(value)} ${unit}`;
  }
}

export function bytesText(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(byteSteps.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${numberText(bytes / 1024 ** step)} ${byteSteps[step]}`;
}

function durationText(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${numberText(seconds / 86_400)} d`;
  if (seconds >= 2 * 3_600) return `${numberText(seconds / 3_600)} h`;
  return `${numberText(seconds)} s`;
}

const small = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const large = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** Two places, and of what is below one three digits. */
function numberText(value: number): string {
  return (Math.abs(value) < 1 ? small : large).format(value);
}
