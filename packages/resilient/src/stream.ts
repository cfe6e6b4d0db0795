/** A producer or consumer as its client knows it: what it is told, what it measures, how to close it. */
import type { StreamReport } from '@millrace/api/config';
import type { FollowedTarget } from './clients/followed-target.ts';
import type { Target } from './clients/target.ts';
import type { MeasuredStream } from './measures/figures.ts';
import { straysOf } from './measures/strays.ts';
import { type StreamMeasures, StreamWindow } from './measures/stream-measures.ts';
import type { StreamStatus } from './resilient.ts';

export interface StreamParts {
  readonly followed: FollowedTarget;
  /** By topic. */
  readonly measures: ReadonlyMap<string, StreamMeasures>;
  readonly group: string | undefined;
  /** What the program gave by hand. */
  readonly own: object;
  /** What the side that works now was made for. */
  readonly target: () => Target;
  readonly close: () => Promise<void>;
  /** Monotonic time, in ms. */
  readonly now: number;
}

export class Stream {
  readonly #parts: StreamParts;
  readonly #windows: readonly (readonly [StreamMeasures, StreamWindow])[];

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#windows = [...parts.measures.values()].map((each) => [each, new StreamWindow(each, parts.now)] as const);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  status(): StreamStatus[] {
    const { followed, measures, group } = this.#parts;
    const target = this.#obeyed();
    const { target: wanted } = followed.wanted;
    return followed.answers.flatMap(({ want, answer, from }) => {
      const figures = measures.get(want.topic);
      if (answer === undefined || from === undefined || figures === undefined) return [];
      const { topic, role, records, errors, lag, switches, longestPauseMs } = figures;
      return [
        {
          ...{ topic, role, group, records, errors, lag, switches, longestPauseMs },
          cluster: target.cluster.name,
          generation: target.cluster.generation,
          answerVersion: answer.version,
          answerFrom: from,
          answerExpiresAt: answer.expiresAt,
          credential: target.credential,
          goingTo: wanted.fingerprint === target.fingerprint ? undefined : wanted.cluster.name,
        },
      ];
    });
  }

  /** What was seen since the last report. */
  report(now: number): StreamReport[] {
    const { own } = this.#parts;
    const target = this.#obeyed();
    return this.#windows.map(([{ topic, role, lag }, window]) => ({
      ...{ topic, role, cluster: target.cluster.name, answerVersion: target.version },
      ...(target.credential === undefined ? {} : { credential: target.credential }),
      ...window.take(now),
      ...(lag === undefined ? {} : { lag }),
      strays: straysOf(own, target.settings),
    }));
  }

  measured(): MeasuredStream[] {
    const cluster = this.#parts.target().cluster.name;
    return [...this.#parts.measures.values()].map((measures) => ({ measures, cluster, group: this.#parts.group }));
  }

  /** The newest target that makes no difference to what works now, if there is one. */
  #obeyed(): Target {
    const [present, { target: wanted }] = [this.#parts.target(), this.#parts.followed.wanted];
    return wanted.fingerprint === present.fingerprint ? wanted : present;
  }
}
