/**
 * The shapes of one partition's lines: their templates, how often each comes, and what of that is worth an alert. It
 * goes by the lines in their order and by nothing else, so whoever reads a partition again finds the same.
 */
import type { LogLine } from '../line/log-line.ts';
import type { Severity } from '../line/severity.ts';
import type { Template, TemplateRow } from '../templates/template.ts';
import { TemplateMiner } from '../templates/template-miner.ts';
import { newRate, type Rate, surgesWith } from './surge.ts';

/** A row of the changelog; the key is the template's id, or empty for what is of the whole partition. */
export type ShapeRow =
  | { readonly template: TemplateRow; readonly rate: Rate }
  | { readonly joined: string }
  | { readonly lines: number };

export interface ShapeAlert {
  readonly kind: 'new' | 'surge';
  /** By the line that raised it, in milliseconds since 1970. */
  readonly time: number;
  readonly template: string;
  readonly text: string;
  /** Lines of the template so far. */
  readonly count: number;
  /** In this minute, and in a usual one. */
  readonly perMinute?: number | undefined;
  readonly usualPerMinute?: number | undefined;
  readonly severity?: Severity | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** A partition has so many lines before a new shape is news. */
export const newAfterLines = 1_000;
/** More at a time are not told one by one. */
const alertsMax = 50;

export class PartitionShapes {
  readonly #miner: TemplateMiner;
  readonly #rates = new Map<string, Rate>();
  #lines = 0;
  #fresh: { readonly template: Template; readonly line: LogLine }[] = [];
  #alerts: ShapeAlert[] = [];

  constructor(rows: Iterable<readonly [id: string, ShapeRow]> = []) {
    const templates: TemplateRow[] = [];
    const joined: [string, string][] = [];
    for (const [id, row] of rows) {
      if ('template' in row) {
        templates.push(row.template);
        this.#rates.set(id, { ...row.rate });
      } else if ('joined' in row) joined.push([id, row.joined]);
      else this.#lines = row.lines;
    }
    this.#miner = new TemplateMiner({}, { templates, joined });
  }

  /** Counts a line, and answers its template's id. */
  add(line: LogLine): string {
    const before = this.#miner.created;
    const template = this.#miner.add(line.body, line.message ?? 0, line.time);
    this.#lines++;
    const isNew = this.#miner.created > before && template.count === 1;
    if (isNew && this.#lines > newAfterLines) this.#fresh.push({ template, line });
    let rate = this.#rates.get(template.id);
    if (rate === undefined) {
      rate = newRate(line.time);
      this.#rates.set(template.id, rate);
    }
    if (surgesWith(rate, line.time)) this.#alerts.push(surgeOf(template, line, rate));
    return template.id;
  }

  /** The template of a line that was counted before. */
  idOf(line: LogLine): string {
    return this.#miner.match(line.body, line.message ?? 0)?.id ?? '';
  }

  templates(): IterableIterator<Template> {
    return this.#miner.templates();
  }

  find(id: string): Template | undefined {
    return this.#miner.find(id);
  }

  /** Ids of templates that are part of one now, its own included. */
  idsOf(id: string): string[] {
    const live = this.#miner.find(id);
    return live === undefined ? [] : this.#miner.idsOf(live.id);
  }

  /** What changed since it was last asked: rows, null for those that are gone, and alerts. */
  takeChanges(): { readonly rows: [id: string, ShapeRow | null][]; readonly alerts: ShapeAlert[] } {
    const rows = this.#miner.takeChanged().map((id): [string, ShapeRow | null] => [id, this.#rowOf(id)]);
    if (rows.length > 0) rows.push(['', { lines: this.#lines }]);
    // What has become part of another shape meanwhile was none of its own.
    const news = this.#fresh.filter(({ template }) => this.#miner.isLive(template));
    const alerts = [...news.map(({ template, line }) => newsOf(template, line)), ...this.#alerts].slice(0, alertsMax);
    this.#fresh = [];
    this.#alerts = [];
    return { rows, alerts };
  }

  #rowOf(id: string): ShapeRow | null {
    const into = this.#miner.joinedInto(id);
    if (into !== undefined) {
      this.#rates.delete(id);
      return { joined: into };
    }
    const template = this.#miner.find(id);
    if (template === undefined) {
      this.#rates.delete(id);
      return null;
    }
    return { template: template.row(), rate: { ...(this.#rates.get(id) ?? newRate(template.lastSeenMs)) } };
  }
}

function newsOf(template: Template, { time, severity, labels }: LogLine): ShapeAlert {
  const { id, text, count } = template;
  return { kind: 'new', time, template: id, text, count, severity, labels };
}

function surgeOf(template: Template, { time, severity, labels }: LogLine, rate: Rate): ShapeAlert {
  const { id, text, count } = template;
  const usualPerMinute = Math.round(rate.mean * 10) / 10;
  return { kind: 'surge', time, template: id, text, count, perMinute: rate.count, usualPerMinute, severity, labels };
}
