/**
 * What one instance is told as it changes. It begins with how things are, and goes on with each change of an answer,
 * the latest alone for whoever reads slowly. An answer is sent again when it says something else, when it is to be
 * issued again, and when another key signs, so that what lies on disks is signed by one that stays trusted; not when
 * only its version is another, and not when it can't be told for a moment.
 */
import type { ServerSentEvent } from '@millrace/api';
import type { ConfigKeysAnswer, ConfigView, ConfigWant, GivenAnswer, RefusedAnswer } from '@millrace/api/config';
import type { Answerer, Asker, SignedAnswer } from './answerer.ts';
import type { ConfigViews } from './state/config-views.ts';

export type WatchEvent = ServerSentEvent<GivenAnswer | RefusedAnswer | ConfigView | ConfigKeysAnswer>;

export interface WatchParts {
  readonly views: ConfigViews;
  readonly answerer: Answerer;
  /** Whether whoever watches may still do so. */
  readonly isAllowed: () => boolean;
}

/** Ends when the signal aborts, or when it is no longer allowed. */
export async function* watchAnswers(
  { views, answerer, isAllowed }: WatchParts,
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
      const isDue = before === undefined || answerer.isDue(before);
      const told = views.told(asker.application, { ...want, site: asker.site });
      if (!isDue && (told === before.told || ('problem' in told && told.isPending === true))) continue;
      const next = await answerer.answer(asker, want);
      sent.set(want, next);
      yield eventOf(want, next);
    }
    await views.waiting.after(news, signal);
  }
}

function eventOf({ topic, role }: ConfigWant, { answer }: SignedAnswer): WatchEvent {
  return { event: 'problem' in answer ? 'refused' : 'answer', data: { topic, role, ...answer } };
}
