/** For tests that call handlers: room for any answer. */
import { BufferPool, HeldMemory } from '@millrace/base';
import type { AnswerRoom } from '../handler.ts';

export function roomFor(requestBytes: number): AnswerRoom {
  const buffers = new BufferPool({ scribbles: true });
  return {
    requestBytes,
    reserve: (bytes) => bytes,
    release: () => undefined,
    hold: () => new HeldMemory(buffers),
  };
}
