/**
 * What makes a batch of lines the same as one that came before, so that a sender who was told to come again, or whose
 * answer was lost, stores it once.
 *
 * - With a key of the sender's (header `Idempotency-Key`): the key.
 * - OpenTelemetry's records that all have their times, in nanoseconds: what they are, and the sender's address.
 * - Else what was sent says little, for a program may well write the same again: such a batch repeats another only
 *   where that is stored and its sender was not told.
 */
import { hash, randomUUID } from 'node:crypto';
import { ProblemError } from '@millrace/api';

export interface LineBatch {
  readonly id: string;
  readonly repeats: 'always' | 'unanswered';
  /** Digest of what was sent, where the id does not tell. */
  readonly content?: string | undefined;
  /** Aborts when the sender has gone, and is told nothing any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface SentBatch {
  readonly principalName: string;
  readonly remoteAddress: string;
  /** Where to, with what else of the request becomes part of the lines. */
  readonly target: string;
  /** The header `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly body: Uint8Array;
  /** Whether no two batches can be alike unless one repeats the other. */
  readonly isDistinct: boolean;
  readonly signal: AbortSignal;
}

const keyCharsMax = 255;

/** @throws ProblemError for a key that is none. */
export function batchOf(sent: SentBatch): LineBatch {
  const { principalName, remoteAddress, target, key, body, isDistinct, signal } = sent;
  const content = digest(body);
  if (key !== undefined) {
    if (key.trim() === '' || key.length > keyCharsMax) {
      throw new ProblemError('invalid_request', `Idempotency-Key must have 1 to ${keyCharsMax} characters`);
    }
    const id = digest(JSON.stringify([principalName, target, 'key', key]));
    return { id, repeats: 'always', content, signal };
  }
  const id = digest(JSON.stringify([principalName, remoteAddress, target, 'content', content]));
  return { id, repeats: isDistinct ? 'always' : 'unanswered', signal };
}

/** A batch that is like no other. */
export function soleBatch(): LineBatch {
  return { id: randomUUID(), repeats: 'always' };
}

function digest(data: Uint8Array | string): string {
  return hash('sha256', data, 'base64url').slice(0, 27);
}
