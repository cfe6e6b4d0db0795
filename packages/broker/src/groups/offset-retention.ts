/** Removes offsets that nobody needs any more: of topics that are gone, and by age (KIP-211). */
import { messageOf, type Timer } from '@millrace/base';
import { ClassicGroup } from './classic-group.ts';
import type { Group, GroupDirectory } from './group-directory.ts';
import { expiredOffsets } from './offset-expiry.ts';

/** Longest delay that a timer takes. */
const delayMsMax = 2 ** 31 - 1;

export class OffsetRetention {
  readonly #groups: GroupDirectory;
  #check: Timer | undefined;

  constructor(groups: GroupDirectory) {
    this.#groups = groups;
  }

  /** Forgets the offsets of topics that went before, and from now on those of every topic that goes. */
  async start(): Promise<void> {
    const { store, topics } = this.#groups.environment;
    topics.onDeleted((topic) => this.#forgetTopic(topic.name));
    await Promise.all([...this.#absentTopics()].map((topic) => store.forgetTopic(topic)));
    this.#schedule();
  }

  close(): void {
    this.#check?.cancel();
  }

  *#absentTopics(): Iterable<string> {
    const { store, topics } = this.#groups.environment;
    const names = new Set<string>();
    for (const id of store.ids()) for (const name of store.offsets(id).keys()) names.add(name);
    for (const name of names) if (topics.byName(name) === undefined) yield name;
  }

  #forgetTopic(name: string): void {
    const { store, report } = this.#groups.environment;
    store.forgetTopic(name).catch((error: unknown) => {
      const message = `could not remove the offsets of deleted topic ${name}: ${messageOf(error)}`;
      report({ level: 'warn', message: `${message}; the next start tries again` });
    });
  }

  #schedule(): void {
    const { platform, settings } = this.#groups.environment;
    const delayMs = Math.min(settings.retentionCheckIntervalMs, delayMsMax);
    const check = (): void => {
      for (const group of [...this.#groups.all()]) this.#expire(group);
      this.#schedule();
    };
    this.#check = platform.timers.after(delayMs, check).unref();
  }

  /** Removes a group's old offsets, and the group when it has neither offsets nor members. */
  #expire(group: Group): void {
    const { store, settings, platform, report } = this.#groups.environment;
    const { topics, remaining } = expiredOffsets(group, store, settings.offsetsRetentionMs, platform.clock.now());
    const isDone = !remaining && !isInUse(group) && !store.pending.has(group.id);
    if (topics.size === 0 && !isDone) return;
    const removed = isDone ? this.#groups.removeIfEmpty(group) : store.forgetOffsets(group.id, topics);
    Promise.resolve(removed).catch((error: unknown) => {
      report({ level: 'warn', message: `could not remove old offsets of group ${group.id}: ${messageOf(error)}` });
    });
  }
}

function isInUse(group: Group): boolean {
  return group instanceof ClassicGroup ? group.state !== 'Empty' || group.members.hasPending : !group.isEmpty;
}
