/**
 * What is asked of risk and what it answers. A decision holds all that explains it: the event as it was sent, the
 * values of its features, and which version judged them.
 */
import { MillraceError } from '@millrace/base';
import type { FeatureValues, RiskEvent } from '../features/feature.ts';

/** An event to decide on. Its `id` is the idempotency key. */
export type DecisionRequest = RiskEvent;

export interface Judgement {
  readonly outcome: 'accept' | 'review' | 'decline';
  /** From 0 (no risk) to 1. */
  readonly score: number;
  /** Names of what spoke for the outcome. */
  readonly reasons: readonly string[];
  /** Of the rules and models that judged. */
  readonly version: string;
}

export interface Decision extends Judgement {
  readonly event: RiskEvent;
  readonly features: FeatureValues;
  /** When it was made, in milliseconds since 1970. */
  readonly decidedAt: number;
}

/** A request that can't be decided on as it is. */
export class DecisionRequestError extends MillraceError {
  readonly code = 'invalid_decision_request';
}

/** A key that came with another event before. */
export class IdempotencyConflict extends MillraceError {
  readonly code = 'idempotency_conflict';
}

const keyLengthMax = 200;
/** How far ahead of ours a sender's clock may be. */
const aheadMsMax = 60_000;

/** @throws DecisionRequestError */
export function checkRequest({ id, kind, fields }: DecisionRequest): void {
  if (id === '' || id.length > keyLengthMax) {
    throw new DecisionRequestError(`an idempotency key has 1 to ${keyLengthMax} characters; this one has ${id.length}`);
  }
  if (kind === '') throw new DecisionRequestError(`the event ${id} has no kind; name one, such as payment`);
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new DecisionRequestError(`the field ${name} of the event ${id} is ${value}; send a finite number`);
    }
  }
}

/** @throws DecisionRequestError where windows at the time of the event are not whole, or it is yet to come. */
export function checkTime({ id, time }: DecisionRequest, now: number, latenessMs: number): void {
  if (time >= now - latenessMs && time <= now + aheadMsMax) return;
  throw new DecisionRequestError(
    `the event ${id} is of ${time}, and it is ${now}; send it at most ${latenessMs} ms late or ${aheadMsMax} ms early`,
  );
}
