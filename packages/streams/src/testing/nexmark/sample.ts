/**
 * Reads events of Nexmark as RisingWave has them: lines of JSON in three files, of which none is part of this project.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NexmarkEvent } from './events.ts';

interface Row {
  readonly [field: string]: string | number;
}

/**
 * The events of `person.ndjson`, `auction.ndjson` and `bid.ndjson` in a folder, by time; of one time persons before
 * auctions before bids. Undefined where the folder is not there.
 */
export function sampleEvents(folder: string): NexmarkEvent[] | undefined {
  if (!existsSync(folder)) return undefined;
  const rows = (name: string): Row[] =>
    readFileSync(join(folder, `${name}.ndjson`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  const events = (['person', 'auction', 'bid'] as const).flatMap((kind) =>
    rows(kind).map((row) => ({ kind, event: eventOf(row) }) as unknown as NexmarkEvent),
  );
  return events.sort((left, right) => left.event.dateTime - right.event.dateTime);
}

/** Their columns are named with underscores, their times are text, and their states are in small letters. */
function eventOf(row: Row): { readonly [field: string]: string | number } {
  const fields = Object.entries(row).map(([column, value]) => {
    const field = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (field === 'dateTime' || field === 'expires') return [field, Date.parse(`${value}Z`)] as const;
    return [field, field === 'state' ? `${value}`.toUpperCase() : value] as const;
  });
  return Object.fromEntries(fields);
}
