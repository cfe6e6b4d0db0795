/** `printf` of Go's templates, for one value: `%.2f`, `%d`, `%s`, `%v`, `%g`, `%e`, `%q`, `%%`. */
import { answerNumber, messageNumber } from '../model/number-text.ts';

export function formatPrintf(format: string, value: string | number): string {
  return format.replace(
    /%(?:%|([-+ 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z]))/g,
    (all, flags = '', width = '', digits, verb) => {
      if (verb === undefined) return '%';
      const text = verbText(verb, value, digits === undefined ? undefined : Number(digits));
      if (text === undefined) return `%!${all.slice(1)}(${value})`;
      const signed = flags.includes('+') && Number(value) >= 0 ? `+${text}` : text;
      if (flags.includes('-')) return signed.padEnd(Number(width));
      return signed.padStart(Number(width), flags.includes('0') ? '0' : ' ');
    },
  );
}

function verbText(verb: string, value: string | number, digits: number | undefined): string | undefined {
  const number = Number(value);
  switch (verb) {
    case 'f':
      return Number.isFinite(number) ? number.toFixed(Math.min(digits ?? 6, 100)) : answerNumber(number);
    case 'e':
      return number.toExponential(Math.min(digits ?? 6, 100)).replace(/e([+-])(\d)$/, 'e$10$2');
    case 'g':
      return digits === undefined ? messageNumber(number) : String(Number(number.toPrecision(Math.max(1, digits))));
    case 'd':
      return Number.isFinite(number) ? String(Math.trunc(number)) : undefined;
    case 's':
    case 'v':
      return typeof value === 'number' ? messageNumber(value) : value;
    case 'q':
      return JSON.stringify(String(value));
    default:
      return undefined;
  }
}
