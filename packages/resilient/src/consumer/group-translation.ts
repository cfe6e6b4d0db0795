/**
 * Whether a group may read its topics where answers say that they are: each where it read before, or where its offsets
 * were translated to.
 *
 * A member whose directory knows nothing of the group can't tell whether its fellows read elsewhere: what it finds
 * there at the topic's first place is the group's own, and behind a move it begins only at translated offsets too,
 * unless the program says that the group is no older than that move.
 */
import type { GroupHomes } from '../answers/group-homes.ts';
import type { FollowedTarget } from '../clients/followed-target.ts';
import { type ClusterPlace, isElsewhere, type Target } from '../clients/target.ts';
import { GroupNotTranslatedError } from '../errors.ts';

export interface GroupTranslationOptions {
  readonly group: string;
  readonly followed: FollowedTarget;
  /** Where the group read before, as far as this member knows. */
  readonly homes: Pick<GroupHomes, 'of'>;
  /** The generation of the topics since which there is such a group. */
  readonly newSince: number;
}

export class GroupTranslation {
  readonly #options: GroupTranslationOptions;

  constructor(options: GroupTranslationOptions) {
    this.#options = options;
  }

  /** Waits until the group may read where its topics are. @throws GroupNotTranslatedError */
  async begins(): Promise<void> {
    const { group, followed, homes } = this.#options;
    const home = (topic: string): ClusterPlace | undefined => homes.of(group, topic);
    await followed.until(
      () => this.#mayRead(home),
      (waitedMs) => {
        const moved = followed.answers.find(({ want, answer }) => {
          const known = home(want.topic);
          return answer !== undefined && (known === undefined || isElsewhere(known, answer.cluster));
        });
        const topic = moved?.want.topic ?? '';
        return new GroupNotTranslatedError(group, topic, home(topic)?.name, followed.wanted.target.cluster, waitedMs);
      },
    );
  }

  /** Whether a member that reads by `present` may go on on a cluster. */
  isDone({ name }: ClusterPlace, { cluster, generations }: Target): boolean {
    const before = (topic: string): ClusterPlace => {
      return { ...cluster, generation: generations.get(topic) ?? cluster.generation };
    };
    return this.#options.followed.answers.every(({ answer }) => answer?.cluster.name === name) && this.#mayRead(before);
  }

  /** Whether it may read all topics where they are now, having read each of them where `before` says. */
  #mayRead(before: (topic: string) => ClusterPlace | undefined): boolean {
    const { group, followed, newSince } = this.#options;
    return followed.answers.every(({ want, answer }) => {
      if (answer === undefined) return false;
      const { cluster, groups } = answer;
      const known = before(want.topic);
      if (known === undefined ? cluster.generation <= newSince : !isElsewhere(known, cluster)) return true;
      const translated = groups?.[group];
      return translated !== undefined && translated >= cluster.generation;
    });
  }
}
