/**
 * Keeps a worker from copying what was failed over, whether or not it ran meanwhile; and from copying back what the
 * mirror in the other direction brought, before a failback has said where that begins.
 */
import { isMillraceError } from '@millrace/base';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { JournalReader } from '../copy/journal-reader.ts';
import type { MirrorReport } from '../mirror-event.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import { MirrorFailedOverError, MirrorNotFailedBackError } from './failover-errors.ts';
import { readFailovers } from './failover-log.ts';
import { isFailedOver, isWayBack, reverseNameOf, type TopicFailover, wholeMirror } from './failover-record.ts';

export class FailoverCheck {
  readonly #source: Cluster;
  readonly #target: Cluster;
  readonly #mirror: string;
  readonly #report: MirrorReport;
  readonly #told = new Set<string>();
  #failovers: ReadonlyMap<string, TopicFailover> = new Map();

  constructor(sides: { readonly source: Cluster; readonly target: Cluster }, mirror: string, report: MirrorReport) {
    this.#source = sides.source;
    this.#target = sides.target;
    this.#mirror = mirror;
    this.#report = report;
  }

  /**
   * Rejects with `MirrorFailedOverError` when the whole mirror was failed over, with `MirrorNotFailedBackError` when it
   * is the way back of one that was, and nothing of that was failed back, and as the client does.
   */
  async throwIfFailedOver(bounds: CallBounds): Promise<void> {
    const whole = (await readFailovers(this.#target, this.#mirror, bounds)).get(wholeMirror);
    if (whole !== undefined && isFailedOver(whole)) throw new MirrorFailedOverError(this.#mirror, whole.at);
    const forward = await this.#forward(bounds);
    const all = forward.get(wholeMirror);
    if (!isOpenEnded(all) || [...forward.values()].some(({ state }) => state === 'failing-back')) return;
    const begun = await this.#begun(bounds);
    if (begun.size === 0) throw new MirrorNotFailedBackError(this.#mirror, reverseNameOf(this.#mirror));
  }

  /**
   * Whether a topic may be copied, as both clusters say now; tells of each that may not, once. What is asked once a
   * shard is taken over holds as long as nobody else takes it over.
   */
  async permission(bounds: CallBounds): Promise<(topic: string) => boolean> {
    const failovers = await readFailovers(this.#target, this.#mirror, bounds);
    this.#failovers = failovers;
    const whole = failovers.get(wholeMirror);
    const early = await this.#early(bounds);
    return (topic) => {
      const record = isFailedOver(whole) ? whole : failovers.get(topic);
      if (isFailedOver(record)) {
        const what = record === whole ? `mirror ${this.#mirror}` : `topic ${topic} of mirror ${this.#mirror}`;
        this.#tell(`${what} was failed over, and is not copied any more in this direction: fail it back`);
        return false;
      }
      if (!early.has(topic)) return true;
      const other = reverseNameOf(this.#mirror);
      this.#tell(
        `topic ${topic} was failed over by mirror ${other}, and is not copied back before that is failed back`,
      );
      return false;
    };
  }

  /** Whether the topic goes on here where the mirror in the other direction ended, as was known at the last look. */
  readonly isReversed = (topic: string): boolean => this.#failovers.get(topic)?.isReversed === true;

  /** Topics that a failback is to come before. What this mirror copied all along is copied on. */
  async #early(bounds: CallBounds): Promise<ReadonlySet<string>> {
    const over = [...(await this.#forward(bounds)).values()].filter(isOpenEnded);
    const topics = new Set(over.filter(({ topic }) => topic !== wholeMirror).map(({ targetTopic }) => targetTopic));
    if (topics.size === 0) return topics;
    const begun = await this.#begun(bounds);
    return new Set([...topics].filter((topic) => !begun.has(topic)));
  }

  /** What the source knows of the mirror that brought there what this one brings back. */
  async #forward(bounds: CallBounds): Promise<ReadonlyMap<string, TopicFailover>> {
    if (!isWayBack(this.#mirror)) return new Map();
    return await readFailovers(this.#source, reverseNameOf(this.#mirror), bounds);
  }

  /** Topics that this mirror has begun. */
  async #begun(bounds: CallBounds): Promise<Set<string>> {
    try {
      return new Set(await new JournalReader(this.#target, offsetsTopicOf(this.#mirror), bounds).topics());
    } catch (error) {
      if (isMillraceError(error, 'mirror_unknown')) return new Set();
      throw error;
    }
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#report({ level: 'warn', event: 'failed_over', message });
  }
}

/** Whether nobody has said yet where the way back begins. */
function isOpenEnded(record: TopicFailover | undefined): boolean {
  return record?.state === 'closing' || record?.state === 'failed-over';
}
