/**
 * Who runs which task, and who gets ready to.
 *
 * - Members have as many tasks as each other, or one more; tasks stay where they are as far as that allows.
 * - A task with state goes only to a member whose copy is near enough (KIP-441). Until then it stays where its state
 *   is, and the member that is to have it gets it to warm up.
 * - What moves is given up before it is given away (KIP-429): it is in nobody's assignment for one generation.
 *
 * Tasks with state weigh as those without: what costs is mostly the records. The same members and tasks come to the
 * same answer, whoever leads.
 */
import type { TopicPartition } from '@millrace/client';
import type { MemberReport } from './member-report.ts';
import { placeStandbys } from './place-standbys.ts';
import type { SharedTask } from './shared-task.ts';

export interface SharingMember {
  readonly memberId: string;
  readonly owned: readonly TopicPartition[];
  /** In which it owned them; -1 for none. */
  readonly generation: number;
  readonly report: MemberReport;
}

export interface SharingRules {
  /** Copies of each task with state besides the one that runs. */
  readonly standbys: number;
  /** A copy that is so many changelog offsets behind is near enough to run. */
  readonly acceptableLag: number;
  /** Tasks that one member warms up at a time. */
  readonly warmupsMax: number;
}

/** By member id; every member is in each of them. */
export interface Shares {
  /** Tasks that a member runs in the next generation. */
  readonly active: ReadonlyMap<string, readonly SharedTask[]>;
  readonly standbys: ReadonlyMap<string, readonly string[]>;
  /** Of the standbys those that are to run there. */
  readonly warming: ReadonlyMap<string, readonly string[]>;
}

export function shareTasks(
  members: readonly SharingMember[],
  tasks: readonly SharedTask[],
  rules: SharingRules,
): Shares {
  const view = new GroupView(members, tasks, rules.acceptableLag);
  const targets = balance(view, tasks);
  const runners = new Map<string, string>();
  const waiting = new Map<string, string[]>(view.order.map((memberId) => [memberId, []]));
  const load = new Map<string, number>(view.order.map((memberId) => [memberId, 0]));
  const run = (task: SharedTask, memberId: string): void => {
    runners.set(task.id, memberId);
    load.set(memberId, (load.get(memberId) ?? 0) + 1);
  };
  const targetOf = (task: SharedTask): string => targets.get(task.id) as string;
  const early: SharedTask[] = [];
  for (const task of tasks) {
    if (view.isReady(targetOf(task), task)) run(task, targetOf(task));
    else early.push(task);
  }
  for (const task of early) {
    waiting.get(targetOf(task))?.push(task.id);
    run(task, view.ownerOf(task) ?? view.readiest(task, load));
  }
  const warmups = new Map([...waiting].map(([memberId, ids]) => [memberId, ids.slice(0, rules.warmupsMax)]));
  const standbys = placeStandbys({ view, tasks, runners, warmups, copies: rules.standbys });
  const active = new Map<string, SharedTask[]>(view.order.map((memberId) => [memberId, []]));
  for (const task of tasks) {
    const memberId = runners.get(task.id) as string;
    // Whoever has any of it gives it up first.
    if (view.mayHave(memberId, task)) active.get(memberId)?.push(task);
  }
  const warming = new Map(
    [...waiting].map(([memberId, ids]) => [memberId, ids.filter((id) => standbys.get(memberId)?.includes(id))]),
  );
  return { active, standbys, warming };
}

/** Has a task of which several members say that they have parts. */
const disputed = Symbol('disputed');

/** What the members say of themselves, put together. */
export class GroupView {
  /** Member ids ascending. */
  readonly order: readonly string[];
  readonly #owners: ReadonlyMap<string, string | typeof disputed>;
  readonly #positions: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly #ends: ReadonlyMap<string, number>;
  readonly #acceptableLag: number;

  constructor(members: readonly SharingMember[], tasks: readonly SharedTask[], acceptableLag: number) {
    this.order = members.map(({ memberId }) => memberId).sort();
    this.#owners = currentOwners(members, tasks);
    this.#positions = new Map(members.map(({ memberId, report }) => [memberId, report.positions]));
    this.#acceptableLag = acceptableLag;
    const ends = new Map<string, number>();
    for (const { report } of members) {
      for (const [id, position] of report.positions) ends.set(id, Math.max(ends.get(id) ?? 0, position));
    }
    this.#ends = ends;
  }

  /** Who runs a task now, and alone. */
  ownerOf({ id }: SharedTask): string | undefined {
    const owner = this.#owners.get(id);
    return owner === disputed ? undefined : owner;
  }

  mayHave(memberId: string, { id }: SharedTask): boolean {
    const owner = this.#owners.get(id);
    return owner === undefined || owner === memberId;
  }

  /** How far the state of a task is on a member's disk; undefined where it has none. */
  positionOf(memberId: string, { id }: SharedTask): number | undefined {
    return this.#positions.get(memberId)?.get(id);
  }

  /** Whether a member may run a task without a long restore before: nobody's copy is much nearer to the end. */
  isReady(memberId: string, task: SharedTask): boolean {
    if (!task.isStateful || this.ownerOf(task) === memberId) return true;
    return (this.#ends.get(task.id) ?? 0) - (this.positionOf(memberId, task) ?? 0) <= this.#acceptableLag;
  }

  /** Of the members that are ready for a task the one with the least to do, of several the nearest to the end. */
  readiest(task: SharedTask, load: ReadonlyMap<string, number>): string {
    const ready = this.order.filter((memberId) => this.isReady(memberId, task));
    const position = (memberId: string): number => this.positionOf(memberId, task) ?? 0;
    return ready.toSorted(
      (left, right) => (load.get(left) ?? 0) - (load.get(right) ?? 0) || position(right) - position(left),
    )[0] as string;
  }
}

/**
 * Who has a task, by its id; `disputed` where several have parts of it, or claim the same. A member that missed a
 * generation (the group was on its way to the next when it answered) still has what it had: given to another at once,
 * two would work on it, and both could commit.
 */
function currentOwners(
  members: readonly SharingMember[],
  tasks: readonly SharedTask[],
): Map<string, string | typeof disputed> {
  const claims = new Map<string, { readonly owner: string | typeof disputed; readonly generation: number }>();
  for (const { memberId, owned, generation } of members) {
    for (const place of owned) {
      const name = nameOf(place);
      const other = claims.get(name);
      if (other === undefined || other.generation < generation) claims.set(name, { owner: memberId, generation });
      else if (other.generation === generation) claims.set(name, { owner: disputed, generation });
    }
  }
  const owners = new Map<string, string | typeof disputed>();
  for (const { id, partitions } of tasks) {
    const found = new Set(partitions.flatMap((place) => claims.get(nameOf(place))?.owner ?? []));
    const [only] = found;
    if (only !== undefined) owners.set(id, found.size === 1 ? only : disputed);
  }
  return owners;
}

/** Who is to run each task in the end, by task id. */
function balance(view: GroupView, tasks: readonly SharedTask[]): Map<string, string> {
  const shares = new Map<string, SharedTask[]>(view.order.map((memberId) => [memberId, []]));
  const most = Math.ceil(tasks.length / view.order.length);
  const homeless: SharedTask[] = [];
  const others = (task: SharedTask): number =>
    view.order.filter((memberId) => memberId !== view.ownerOf(task) && view.isReady(memberId, task)).length;
  const choices = new Map(tasks.map((task) => [task, others(task)]));
  // What others are ready for is what a member gives up where it has too many.
  for (const task of tasks.toSorted((left, right) => (choices.get(left) ?? 0) - (choices.get(right) ?? 0))) {
    const share = shares.get(view.ownerOf(task) ?? '');
    if (share !== undefined && share.length < most) share.push(task);
    else homeless.push(task);
  }
  const load = (memberId: string): number => shares.get(memberId)?.length ?? 0;
  // Tasks that few are ready for choose first.
  for (const task of homeless) {
    const open = view.order.filter((memberId) => load(memberId) < most);
    const ready = open.filter((memberId) => view.isReady(memberId, task));
    const position = (memberId: string): number => view.positionOf(memberId, task) ?? 0;
    const [chosen] = (ready.length > 0 ? ready : open).toSorted(
      (left, right) => load(left) - load(right) || position(right) - position(left),
    );
    shares.get(chosen as string)?.push(task);
  }
  for (;;) {
    const sorted = view.order.toSorted((left, right) => load(left) - load(right));
    const [least, largest] = [sorted[0] as string, shares.get(sorted.at(-1) as string) as SharedTask[]];
    if (largest.length - load(least) < 2) break;
    const place = largest.findLastIndex((task) => view.isReady(least, task));
    shares.get(least)?.push(...largest.splice(place, 1));
  }
  return new Map([...shares].flatMap(([memberId, share]) => share.map(({ id }) => [id, memberId] as const)));
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
