/** Keeps a worker from copying what was failed over, whether or not it ran meanwhile. */
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import type { MirrorReport } from '../mirror-event.ts';
import { MirrorFailedOverError } from './failover-errors.ts';
import { readFailovers } from './failover-log.ts';
import { isFailedOver, type TopicFailover, wholeMirror } from './failover-record.ts';

export class FailoverCheck {
  readonly #target: Cluster;
  readonly #mirror: string;
  readonly #report: MirrorReport;
  readonly #told = new Set<string>();
  #failovers: ReadonlyMap<string, TopicFailover> = new Map();

  constructor(target: Cluster, mirror: string, report: MirrorReport) {
    this.#target = target;
    this.#mirror = mirror;
    this.#report = report;
  }

  /** Rejects with `MirrorFailedOverError` when the whole mirror was failed over, and as the client does. */
  async throwIfFailedOver(bounds: CallBounds): Promise<void> {
    const whole = (await readFailovers(this.#target, this.#mirror, bounds)).get(wholeMirror);
    if (whole !== undefined && isFailedOver(whole)) throw new MirrorFailedOverError(this.#mirror, whole.at);
  }

  /**
   * Whether a topic may be copied, as the target says now; tells of each that may not, once. What is asked once a shard
   * is taken over holds as long as nobody else takes it over.
   */
  async permission(bounds: CallBounds): Promise<(topic: string) => boolean> {
    const failovers = await readFailovers(this.#target, this.#mirror, bounds);
    this.#failovers = failovers;
    const whole = failovers.get(wholeMirror);
    return (topic) => {
      const record = isFailedOver(whole) ? whole : failovers.get(topic);
      if (!isFailedOver(record)) return true;
      const what = record === whole ? `mirror ${this.#mirror}` : `topic ${topic} of mirror ${this.#mirror}`;
      this.#tell(`${what} was failed over, and is not copied any more in this direction: fail it back`);
      return false;
    };
  }

  /** Whether the topic goes on here where the mirror in the other direction ended, as was known at the last look. */
  readonly isReversed = (topic: string): boolean => this.#failovers.get(topic)?.state === 'copying';

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#report({ level: 'warn', event: 'failed_over', message });
  }
}
