/**
 * What one instance is told as it changes. It begins with how things are, and goes on with each change of an answer,
 * the latest alone for whoever reads slowly. An answer is sent again when it says something else, or when it is to be
 * issued again; not when only its version is another.
 */
import type { JsonText, ServerSentEvent } from '@millrace/api';
import type { ConfigKeysAnswer, ConfigView, ConfigWant } from '@millrace/api/config';
import type { Clock } from '@millrace/base';
import type { Answerer, Asker, SignedAnswer } from './answerer.ts';
import type { ConfigViews } from './state/config-views.ts';

export type WatchEvent = ServerSentEvent<ConfigView | ConfigKeysAnswer | JsonText>;

export interface WatchParts {
  readonly views: ConfigViews;
  readonly answerer: Answerer;
  readonly clock: Clock;
  /** Whether whoever watches may still do so. */
  readonly isAllowed: () => boolean;
}

/** Ends when the signal aborts, or when it is no longer allowed. */
export async function* watchAnswers(
  { views, answerer, clock, isAllowed }: WatchParts,
  asker: Asker,
  wants: readonly ConfigWant[],
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const sent = new Map<ConfigWant, SignedAnswer>();
  let keys = '';
  let current: boolean | undefined;
  while (!signal.aborted && isAllowed()) {
    const { news } = views.waiting;
    if (answerer.keys !== keys) {
      keys = answerer.keys;
      yield { event: 'keys', data: { keys } };
    }
    const age = views.age();
    if (age.current !== current) {
      current = age.current;
      yield { event: 'view', data: age };
    }
    for (const want of wants) {
      const before = sent.get(want);
      const isDue = before === undefined || clock.now() >= before.renewAt;
      if (!isDue && views.told(asker.application, { ...want, site: asker.site }) === before.told) continue;
      const given = answerer.answer(asker, want);
      const next = given instanceof Promise ? await given : given;
      sent.set(want, next);
      yield { event: 'problem' in next.told ? 'refused' : 'answer', data: next.json };
    }
    await views.waiting.after(news, signal);
  }
}
