/** The access control entries of a cluster: kept in its journal, changed by CreateAcls and DeleteAcls. */
import type { Journal, JournalSection } from '../../journal/journal.ts';
import type { Acl } from './acl.ts';
import { type AclFilter, matchesFilter } from './acl-filter.ts';
import { AclIndex } from './acl-index.ts';

interface AclEntry {
  readonly add?: Acl;
  readonly remove?: Acl;
}

export class AclStore {
  readonly index = new AclIndex();
  readonly #section: JournalSection<AclEntry>;

  constructor(journal: Journal) {
    this.#section = journal.section<AclEntry>('acls', {
      apply: ({ add, remove }) => {
        if (add !== undefined) this.index.add(add);
        if (remove !== undefined) this.index.remove(remove);
      },
      snapshot: () => [...this.index.all()].map((add) => ({ add })),
    });
  }

  /** Those that are there already stay as they are. Rejects as `JournalSection.append` does. */
  async create(acls: readonly Acl[]): Promise<void> {
    const absent = acls.filter((acl) => !this.index.has(acl));
    await Promise.all(absent.map((add) => this.#section.append({ add })));
  }

  find(filter: AclFilter): Acl[] {
    return [...this.index.all()].filter((acl) => matchesFilter(acl, filter));
  }

  /** Rejects as `JournalSection.append` does. */
  async delete(acls: Iterable<Acl>): Promise<void> {
    await Promise.all([...acls].map((remove) => this.#section.append({ remove })));
  }
}
