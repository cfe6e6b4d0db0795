/** Positions as the topic has them: what was committed together with the lines before them. */
import type { Client } from '@millrace/client';
import { readSettled } from '../settled-topic.ts';
import { logPositions } from '../topics.ts';
import type { FilePosition } from './file-position.ts';

export function positionKey(tailer: string, path: string): string {
  return `${tailer}\n${path}`;
}

/**
 * The positions of a tailer by path. Whoever calls has fenced its predecessors, so that nothing of theirs is open.
 */
export async function readPositions(
  client: Client,
  tailer: string,
  signal?: AbortSignal,
): Promise<Map<string, FilePosition>> {
  const positions = new Map<string, FilePosition>();
  const take = ({ key, value }: { readonly key: string; readonly value: FilePosition | null }): void => {
    if (!key.startsWith(`${tailer}\n`)) return;
    const path = key.slice(tailer.length + 1);
    if (value === null) positions.delete(path);
    else positions.set(path, value);
  };
  await readSettled(client, logPositions, 'earliest', take, signal);
  return positions;
}
