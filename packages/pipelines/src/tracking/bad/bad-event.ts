/** A record of `tracking.bad`: something that was sent and is no good event, and why. */
import { hash } from 'node:crypto';
import type { ProblemError, ProblemIssue } from '@millrace/api';
import type { Unreadable } from '../topics.ts';

export interface BadEvent {
  /** The event's own id where it has one; else one that was made for it. */
  readonly id: string;
  /**
   * `shape`: not what an event looks like; `schema`: not what its registered schema says; `unreadable`: no JSON, no
   * batch.
   */
  readonly reason: 'shape' | 'schema' | 'unreadable';
  readonly issues: readonly Pick<ProblemIssue, 'field' | 'message'>[];
  /** Against which schema it was held, where that is the reason. */
  readonly schema?: { readonly subject: string; readonly version: number };
  readonly receivedAt: string;
  /** What was known of its sender, to accept it later as it would have been then. The address is a network. */
  readonly receipt?: BadReceipt;
  /** As it was sent, without its IP address; absent where its sender asked not to be tracked, or it is too large. */
  readonly event?: unknown;
  /** The beginning of what is no JSON, or too large to be kept whole. */
  readonly excerpt?: string;
  /** How often it was tried again in vain. */
  readonly replays?: number;
}

export interface BadReceipt {
  readonly network: string | undefined;
  readonly userAgent: string | undefined;
  readonly sentAt: string | undefined;
  readonly site: string;
}

/** Characters that are kept of what can't be kept whole. */
export const excerptMax = 4_096;

/** A body in which no event can be told apart, without what looks like an IP address. */
export function unreadableBody(text: string, problem: ProblemError, receivedAt: number): BadEvent {
  return {
    id: `unreadable-${hash('sha256', text, 'base64url').slice(0, 22)}`,
    reason: 'unreadable',
    issues: problem.issues ?? [{ field: '', message: problem.message }],
    receivedAt: new Date(receivedAt).toISOString(),
    excerpt: withoutAddresses(text.slice(0, excerptMax)),
  };
}

const addresses = /\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}(?![\w:])/gi;

/** Times have two colons too, with digits of ten. */
function withoutAddresses(text: string): string {
  return text.replaceAll(addresses, (found) => (/^\d\d:\d\d:\d\d$/.test(found) ? found : '[address]'));
}

/** What the topic of events holds that is none. */
export function unreadableEvent({ unreadable, text }: Unreadable, timestamp: number): BadEvent {
  return {
    id: `unreadable-${hash('sha256', text ?? '', 'base64url').slice(0, 22)}`,
    reason: 'unreadable',
    issues: [{ field: '', message: unreadable }],
    receivedAt: new Date(Math.max(0, timestamp)).toISOString(),
    ...(text !== null && { excerpt: text.slice(0, excerptMax) }),
  };
}
