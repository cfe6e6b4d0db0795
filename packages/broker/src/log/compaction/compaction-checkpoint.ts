/**
 * Up to where a log was compacted, kept in a small file beside its segments. Losing it costs another pass over what was
 * compacted already, so it is not synced, and what can't be read counts as absent.
 */
import type { Disk } from '@millrace/base';

function checkpointPath(directory: string): string {
  return `${directory}/compacted-to`;
}

export async function readCompactedTo(disk: Disk, directory: string): Promise<number> {
  const content = await disk.readFile(checkpointPath(directory));
  const text = Buffer.from(content ?? []).toString();
  return /^\d{1,16}\n$/.test(text) ? Number(text) : 0;
}

export async function writeCompactedTo(disk: Disk, directory: string, offset: number): Promise<void> {
  await disk.writeFileAtomic(checkpointPath(directory), Buffer.from(`${offset}\n`), { sync: false });
}
