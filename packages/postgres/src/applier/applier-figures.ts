/** What an applier tells Prometheus, in its text format (version 0.0.4). */
import type { ApplierEvent, Position } from './target.ts';

export class ApplierFigures {
  readonly #name: string;
  readonly #positions = new Map<string, Position>();
  #changes = 0;
  #tries = 0;
  #missing = 0;

  constructor(name: string) {
    this.#name = name;
  }

  take(event: ApplierEvent): void {
    if (event.kind === 'retrying') this.#tries++;
    if (event.kind === 'missing_rows') this.#missing += event.rows;
    if (event.kind !== 'applied') return;
    this.#changes += event.changes;
    for (const position of event.positions) {
      const id = `${position.topic} ${position.partition}`;
      const commitMs = position.commitMs === 0 ? (this.#positions.get(id)?.commitMs ?? 0) : position.commitMs;
      this.#positions.set(id, { ...position, commitMs });
    }
  }

  text(nowMs = Date.now()): string {
    const own = `applier="${this.#name}"`;
    const positions = [...this.#positions.values()];
    const each = (value: (position: Position) => number): string[] =>
      positions.map(
        (position) => `{${own},topic="${position.topic}",partition="${position.partition}"} ${value(position)}`,
      );
    return [
      family('changes_total', 'counter', 'Changes that were applied.', [`{${own}} ${this.#changes}`]),
      family('retries_total', 'counter', 'Tries that failed.', [`{${own}} ${this.#tries}`]),
      family('missing_rows_total', 'counter', 'Rows to be changed in part that were not there.', [
        `{${own}} ${this.#missing}`,
      ]),
      family(
        'partition_behind',
        'gauge',
        'Offsets that are still to be applied.',
        each(({ behind }) => behind),
      ),
      family(
        'partition_lag_seconds',
        'gauge',
        'Time since the last applied change was committed at the source; 0 where nothing is behind it.',
        each((position) => lagSeconds(position, nowMs)),
      ),
    ].join('');
  }
}

/** 0 where nothing is left to apply, or where it is not known when the last change was made. */
export function lagSeconds({ behind, commitMs }: Pick<Position, 'behind' | 'commitMs'>, nowMs: number): number {
  return behind <= 0 || commitMs === 0 ? 0 : Math.max(0, nowMs - commitMs) / 1000;
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly string[]): string {
  const full = `millrace_sync_apply_${name}`;
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...samples.map((sample) => full + sample), ''].join('\n');
}
