/** A source that is captured and a target that it is applied to, for one test; and what differs between the two. */
import type { TestContext } from 'node:test';
import type { Client as KafkaClient } from '@millrace/client';
import {
  type ApplierEvent,
  type CaptureEvent,
  PostgresTarget,
  runApplier,
  runCapture,
  withConnection,
} from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';

export interface Running<Event> {
  readonly told: Event[];
  readonly running: Promise<void>;
  /** Until the condition holds; rejects at once where this has failed. */
  until(condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

export function startCapture(
  t: TestContext,
  options: Partial<Parameters<typeof runCapture>[0]> & { readonly url: string; readonly kafka: KafkaClient },
): Running<CaptureEvent> {
  // Slots are the server's, and each test has a database of its own.
  const name = new URL(options.url).pathname.slice(1);
  return started(t, (report, signal) => runCapture({ name, ...options, report }, signal));
}

export function startApplier(
  t: TestContext,
  options: Partial<Parameters<typeof runApplier>[0]> & {
    readonly url: string;
    readonly kafka: KafkaClient;
    readonly name?: string;
  },
): Running<ApplierEvent> {
  const { url, name = 'target', ...rest } = options;
  return started(t, (report, signal) => {
    const target = new PostgresTarget({ url, name, writing: rest.writing, tell: report });
    return runApplier({ topics: ['dbsync.*'], topicsMs: 200, target, ...rest, report }, signal);
  });
}

function started<Event>(
  t: TestContext,
  run: (report: (event: Event) => void, signal: AbortSignal) => Promise<void>,
): Running<Event> {
  const stop = new AbortController();
  const told: Event[] = [];
  const running = run((event) => told.push(event), stop.signal);
  running.catch(() => undefined);
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  t.after(() => close().catch(() => undefined));
  const until = async (condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> => {
    await Promise.race([eventually(condition, { timeoutMs }), running]);
  };
  return { told, running, until, close };
}

/** All rows of a table as texts, by the names of its columns, in a fixed order. */
export async function tableTexts(url: string, table: string): Promise<string[]> {
  return await withConnection(url, async (client) => {
    const { rows } = await client.query<{ row: Record<string, unknown> }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    return rows.map(({ row }) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
  });
}

export async function isThere(url: string, table: string): Promise<boolean> {
  return await withConnection(url, async (client) => {
    const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [table]);
    return rows[0]?.found === true;
  });
}

/** Whether the tables hold the same rows in both. */
export async function areEqual(source: string, target: string, tables: readonly string[]): Promise<boolean> {
  for (const table of tables) {
    if (!(await isThere(target, table))) return false;
    const [ours, theirs] = await Promise.all([tableTexts(source, table), tableTexts(target, table)]);
    if (ours.length !== theirs.length || ours.some((row, index) => row !== theirs[index])) return false;
  }
  return true;
}
