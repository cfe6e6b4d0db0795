/**
 * Whether those who were let in once still would be: for answers that go on long after that. Asked every few seconds,
 * once for all that goes on with the same secret.
 *
 * Where it can not be found out it holds: a database that is away ends nothing.
 */
import { ProblemError } from '@millrace/api';

/** Until it is disposed of. */
export interface StandingWatch extends Disposable {
  /** Aborts with a `ProblemError` when it holds no longer. */
  readonly signal: AbortSignal;
}

interface Watched {
  readonly ended: AbortController;
  /** Answers that go on. */
  count: number;
  timer: NodeJS.Timeout | undefined;
}

const never: StandingWatch = { signal: new AbortController().signal, [Symbol.dispose]: () => undefined };

export class Standing {
  readonly #everyMs: number;
  readonly #watched = new Map<string, Watched>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Of what needs nothing to go on. */
  static readonly always = never;

  /** `key`: the same for whatever holds together. */
  watch(key: string, holds: () => Promise<boolean>): StandingWatch {
    const watched = this.#watched.get(key) ?? this.#begin(key, holds);
    watched.count++;
    return {
      signal: watched.ended.signal,
      [Symbol.dispose]: () => {
        watched.count--;
        if (watched.count > 0) return;
        clearTimeout(watched.timer);
        if (this.#watched.get(key) === watched) this.#watched.delete(key);
      },
    };
  }

  #begin(key: string, holds: () => Promise<boolean>): Watched {
    const watched: Watched = { ended: new AbortController(), count: 0, timer: undefined };
    this.#watched.set(key, watched);
    this.#askLater(key, watched, holds);
    return watched;
  }

  #askLater(key: string, watched: Watched, holds: () => Promise<boolean>): void {
    const ask = async (): Promise<void> => {
      // Whatever keeps it from being asked is told to those who ask for something else.
      const held = await holds().catch(() => true);
      if (watched.count === 0) return;
      if (held) return this.#askLater(key, watched, holds);
      this.#watched.delete(key);
      const message =
        'the token or session that this was asked with is revoked or has expired; log in, or take another';
      watched.ended.abort(new ProblemError('token_required', message));
    };
    watched.timer = setTimeout(() => void ask(), this.#everyMs).unref();
  }
}
