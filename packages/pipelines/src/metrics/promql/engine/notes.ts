/** What a query tells besides its result: warnings and infos, each once, with the place that it is about. */
import { messageNumber } from '../model/number-text.ts';
import type { Place } from '../syntax/expression.ts';
import { lineAndColumn } from '../text-place.ts';

interface Note {
  readonly text: string;
  readonly at: number;
}

/** Counts of a classic histogram that fell, over all times and series. */
interface Repairs extends Note {
  minBound: number;
  maxBound: number;
  maxDifference: number;
  fromMs: number;
  toMs: number;
  count: number;
}

/** Counts that were repaired at one time. */
export interface RepairAt {
  readonly minBound: number;
  readonly maxBound: number;
  readonly maxDifference: number;
  readonly timeMs: number;
}

export interface NoteTexts {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export class Notes {
  readonly #warnings = new Map<string, Note>();
  readonly #infos = new Map<string, Note | Repairs>();
  readonly #overlaps = new Map<string, { readonly at: number; count: number }>();

  warn(text: string, { from }: Place): void {
    if (!this.#warnings.has(text)) this.#warnings.set(text, { text, at: from });
  }

  inform(text: string, { from }: Place): void {
    if (!this.#infos.has(text)) this.#infos.set(text, { text, at: from });
  }

  /** Of a series whose samples begin before the one before them ended. */
  overlap(metricName: string, { from }: Place): void {
    const known = this.#overlaps.get(metricName);
    if (known === undefined) this.#overlaps.set(metricName, { at: from, count: 1 });
    else known.count++;
  }

  repaired(metricName: string, repair: RepairAt, { from }: Place): void {
    const of = metricName === '' ? '' : ` for metric name ${JSON.stringify(metricName)}`;
    const text =
      'input to histogram_quantile needed to be fixed for monotonicity (see ' +
      `https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${of}`;
    const { minBound, maxBound, maxDifference, timeMs } = repair;
    const known = this.#infos.get(text);
    if (known === undefined || !('count' in known)) {
      const first = { text, at: from, minBound, maxBound, maxDifference, fromMs: timeMs, toMs: timeMs, count: 1 };
      this.#infos.set(text, first);
      return;
    }
    known.minBound = Math.min(known.minBound, minBound);
    known.maxBound = Math.max(known.maxBound, maxBound);
    known.maxDifference = Math.max(known.maxDifference, maxDifference);
    known.fromMs = Math.min(known.fromMs, timeMs);
    known.toMs = Math.max(known.toMs, timeMs);
    known.count++;
  }

  /** With line and column in the query's text. */
  texts(query: string): NoteTexts {
    const place = (at: number): string => `(${lineAndColumn(query, at)})`;
    const warnings = [...this.#warnings.values()].map(({ text, at }) => `PromQL warning: ${text} ${place(at)}`);
    for (const [name, { at, count }] of this.#overlaps) {
      const often = count > 1 ? ` (${count} occurrences)` : '';
      const text = 'sample has start time that overlaps with previous sample timestamp for metric';
      warnings.push(`PromQL warning: ${text} ${JSON.stringify(name)}${often} ${place(at)}`);
    }
    const infos = [...this.#infos.values()].map(
      (note) => `PromQL info: ${note.text}${'count' in note ? repairText(note) : ''} ${place(note.at)}`,
    );
    return { warnings, infos };
  }
}

function repairText({ minBound, maxBound, maxDifference, fromMs, toMs, count }: Repairs): string {
  const difference = messageNumber(Number(maxDifference.toPrecision(2)));
  const bounds = `${messageNumber(minBound)} to ${messageNumber(maxBound)}`;
  const times = `${dateText(fromMs)} to ${dateText(toMs)}`;
  return `, from buckets ${bounds}, with a max diff of ${difference}, over ${count} samples from ${times}`;
}

function dateText(timeMs: number): string {
  const date = new Date(Math.floor(timeMs / 1000) * 1000);
  // Subqueries may look at times that no calendar has.
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : date.toISOString().replace('.000Z', 'Z');
}
