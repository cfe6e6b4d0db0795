/** Takes the end off the logs of a broker that does not run, as a loss of power does. */
import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { batchHeader } from '@millrace/wire';

/**
 * Cuts all logs below a directory, before the batch that holds `offset` of them. Files that sum a segment up are
 * removed: brokers read the segment instead. Throws when no log was as long as that.
 */
export function cutLogs(directory: string, offset: number): void {
  let cut = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    if (/\/\d{20}\.(index|timeindex|txnindex|snapshot)$/.test(path)) rmSync(path);
    if (!/\/\d{20}\.log$/.test(path)) continue;
    const end = placeOf(readFileSync(path), offset);
    if (end === undefined) continue;
    truncateSync(path, end);
    cut += 1;
  }
  if (cut === 0) throw new Error(`no log in ${directory} reaches offset ${offset}`);
}

function placeOf(bytes: Uint8Array, offset: number): number | undefined {
  for (let position = 0; ; ) {
    const size = batchHeader.wholeBatchSize(bytes, position);
    if (size === 0) return undefined;
    const last = batchHeader.baseOffset(bytes, position) + batchHeader.lastOffsetDelta(bytes, position);
    if (last >= offset) return position;
    position += size;
  }
}
