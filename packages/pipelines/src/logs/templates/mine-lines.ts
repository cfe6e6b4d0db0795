/** The templates of the lines of one file: mined as they come, and told once all are known. */
import { readHeader } from '../line/line-header.ts';
import type { Template } from './template.ts';
import { TemplateMiner } from './template-miner.ts';

export interface MinedLines {
  /** The template of each line, in their order. */
  readonly templates: readonly Template[];
  /** Most lines first. */
  readonly shapes: readonly Template[];
}

/**
 * Mines lines in chunks. What stands before a line's message (time, severity, component) is no part of its template.
 * `referenceMs`: about when the lines were written, for times without a year. Holds a few bytes a line.
 */
export async function mineLines(
  chunks: AsyncIterable<readonly string[]>,
  referenceMs: number,
  onProgress?: (lines: number) => void,
): Promise<MinedLines> {
  const miner = new TemplateMiner();
  const found: Template[] = [];
  for await (const lines of chunks) {
    for (const line of lines) {
      const { end, timeMs } = readHeader(line, referenceMs);
      found.push(miner.add(line, end, timeMs ?? referenceMs));
    }
    onProgress?.(found.length);
  }
  const templates = found.map((template) => miner.find(template.id) ?? template);
  return { templates, shapes: [...miner.templates()].toSorted((a, b) => b.count - a.count || a.order - b.order) };
}
