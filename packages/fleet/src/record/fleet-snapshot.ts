/** Everything that is declared, as values that never change: what is changed is a new snapshot that shares the rest. */
import type { KindName } from '@millrace/api/declared';
import type { Declared, DeclaredFleet } from './record.ts';

/** One thing as it is from a revision on; null: it is no more. */
export interface Restated {
  readonly kind: KindName;
  readonly id: string;
  readonly declared: Declared | null;
}

type Things = ReadonlyMap<string, Declared>;

export class FleetSnapshot implements DeclaredFleet {
  static readonly empty = new FleetSnapshot(0, new Map());

  readonly revision: number;
  readonly #kinds: ReadonlyMap<KindName, Things>;
  readonly #lists = new Map<KindName, readonly Declared[]>();

  private constructor(revision: number, kinds: ReadonlyMap<KindName, Things>) {
    this.revision = revision;
    this.#kinds = kinds;
  }

  /** In the order in which they were declared first. */
  list<K extends KindName>(kind: K): readonly Declared<K>[] {
    let list = this.#lists.get(kind);
    if (list === undefined) {
      list = [...(this.#kinds.get(kind)?.values() ?? [])];
      this.#lists.set(kind, list);
    }
    return list as readonly Declared<K>[];
  }

  get<K extends KindName>(kind: K, id: string): Declared<K> | undefined {
    return this.#kinds.get(kind)?.get(id) as Declared<K> | undefined;
  }

  with(revision: number, changes: readonly Restated[]): FleetSnapshot {
    if (changes.length === 0 && revision === this.revision) return this;
    const kinds = new Map(this.#kinds);
    const copied = new Map<KindName, Map<string, Declared>>();
    for (const { kind, id, declared } of changes) {
      const things = copied.get(kind) ?? new Map(kinds.get(kind));
      copied.set(kind, things);
      kinds.set(kind, things);
      if (declared === null) things.delete(id);
      else things.set(id, declared);
    }
    return new FleetSnapshot(revision, kinds);
  }
}
