/**
 * Prometheus's text format (0.0.4) and OpenMetrics 1.0, a line at a time: samples, and what is told of their families.
 * Exemplars are passed over. Strict in what a line may be, lenient in the order of lines.
 */
import { TelemetryError } from '../telemetry-error.ts';

export type TextType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

export interface TextFamily {
  readonly type: TextType;
  readonly help: string;
  readonly unit: string;
}

export interface TextSample {
  readonly name: string;
  /** Without the name; no label comes twice. */
  readonly labels: readonly { readonly name: string; readonly value: string }[];
  readonly value: number;
  /** Milliseconds since 1970, where the line has a time. */
  readonly timeMs: number | undefined;
}

export interface TextFormatOptions {
  /** Times are seconds, `# EOF` ends the text. Default: milliseconds, as in Prometheus's own format. */
  readonly isOpenMetrics: boolean;
}

const unknownFamily: TextFamily = { type: 'unknown', help: '', unit: '' };
const types: ReadonlySet<string> = new Set<TextType>([
  ...(['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'] as const),
]);
const familiesMax = 100_000;
const suffixes = /_(?:total|created|bucket|count|sum|gcount|gsum|info)$/;

export class TextFormatReader {
  readonly #isOpenMetrics: boolean;
  readonly #families = new Map<string, TextFamily>();
  #line = 0;
  #hasEnded = false;

  constructor({ isOpenMetrics }: TextFormatOptions) {
    this.#isOpenMetrics = isOpenMetrics;
  }

  /** Whether `# EOF` was read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Reads the next line, without its end; answers the sample that it has. @throws TelemetryError with its number */
  read(line: string): TextSample | undefined {
    this.#line++;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (this.#hasEnded && text.trim() !== '') throw this.#error('comes after # EOF');
    if (text.startsWith('#')) {
      this.#readComment(text);
      return undefined;
    }
    return text.trim() === '' ? undefined : this.#readSample(text);
  }

  /** What is told of the family of a sample. */
  familyOf(sampleName: string): TextFamily {
    return this.#families.get(sampleName) ?? this.#families.get(sampleName.replace(suffixes, '')) ?? unknownFamily;
  }

  #readComment(text: string): void {
    if (text === '# EOF' && this.#isOpenMetrics) {
      this.#hasEnded = true;
      return;
    }
    const [, what, name = '', inQuotes, rest = ''] =
      /^#[ \t]+(HELP|TYPE|UNIT)[ \t]+(?:([^\s"{]+)|"((?:[^"\\]|\\.)*)")(?:[ \t]+(.*))?$/.exec(text) ?? [];
    if (what === undefined) return;
    const key = inQuotes === undefined ? name : unescaped(inQuotes);
    const known = this.#families.get(key);
    if (known === undefined && this.#families.size >= familiesMax) return;
    const family = known ?? unknownFamily;
    if (what === 'HELP') this.#families.set(key, { ...family, help: unescaped(rest) });
    else if (what === 'UNIT') this.#families.set(key, { ...family, unit: rest.trim() });
    else {
      const type = rest.trim() === 'untyped' ? 'unknown' : rest.trim();
      if (!types.has(type)) throw this.#error(`has the type ${JSON.stringify(type)}, which is none`);
      this.#families.set(key, { ...family, type: type as TextType });
    }
  }

  #readSample(text: string): TextSample {
    const [plain = ''] = /^[a-zA-Z_:][\w:]*/.exec(text) ?? [];
    let at = plain.length;
    let name = plain;
    const labels: { name: string; value: string }[] = [];
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (text[at] === '{') {
      at = this.#readLabels(text, at + 1, labels, (quoted) => {
        if (name !== '') throw this.#error('has two names');
        name = quoted;
      });
    }
    if (name === '') throw this.#error('has no name');
    return { name, labels, ...this.#readValue(text.slice(at)) };
  }

  /** From behind the opening brace; answers the place behind the closing one. */
  #readLabels(
    text: string,
    from: number,
    labels: { name: string; value: string }[],
    onName: (name: string) => void,
  ): number {
    const part = /[ \t]*(?:([a-zA-Z_]\w*)|"((?:[^"\\]|\\.)*)")[ \t]*(?:=[ \t]*"((?:[^"\\]|\\.)*)")?[ \t]*(,|(?=\}))/y;
    const end = /[ \t]*\}/y;
    const names = new Set<string>();
    for (let at = from; ; ) {
      end.lastIndex = at;
      if (end.test(text)) return end.lastIndex;
      part.lastIndex = at;
      const found = part.exec(text);
      if (found === null) throw this.#error(`can't be read from character ${at + 1} on`);
      const [, plain, inQuotes, value] = found;
      const name = plain ?? unescaped(inQuotes as string);
      if (value === undefined) {
        if (plain !== undefined) throw this.#error(`has a label ${plain} without a value`);
        onName(name);
      } else {
        if (names.has(name)) throw this.#error(`has the label ${name} twice`);
        names.add(name);
        labels.push({ name, value: unescaped(value) });
      }
      at = part.lastIndex;
    }
  }

  #readValue(rest: string): Pick<TextSample, 'value' | 'timeMs'> {
    const [, number = '', time] = /^[ \t]*(\S+)(?:[ \t]+(-?[\d.eE+-]+))?[ \t]*(?:#.*)?$/.exec(rest) ?? [];
    const value = numberOf(number);
    if (value === undefined) throw this.#error(number === '' ? 'has no value' : `has ${number}, which is no number`);
    if (time === undefined) return { value, timeMs: undefined };
    const timeMs = Math.round(Number(time) * (this.#isOpenMetrics ? 1_000 : 1));
    if (!Number.isSafeInteger(timeMs)) throw this.#error(`has ${time}, which is no time`);
    return { value, timeMs };
  }

  #error(what: string): TelemetryError {
    return new TelemetryError(`line ${this.#line}`, what);
  }
}

const number = /^[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)$/;

function numberOf(text: string): number | undefined {
  if (number.test(text)) return Number(text);
  const special = /^([-+]?)(inf|infinity|nan)$/i.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (all, character: string) => {
    if (character === 'n') return '\n';
    return character === '\\' || character === '"' ? character : all;
  });
}
