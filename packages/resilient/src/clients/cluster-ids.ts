/**
 * Which Kafka clusters are meant by the names that answers give: by the ids that Kafka gave them, in the order in which
 * this instance came to know them. An answer says one; where none does, the first broker that is asked. Brokers of
 * another cluster are not used, whoever named their addresses: batches of one cluster mean nothing on another, or
 * something else.
 *
 * Another id under the same name is another cluster, to which clients go as to one of another name. Kept in
 * `clusters.json`, so that it is noticed by those that are started anew too; a file that can't be read counts as none.
 */
import { compileChecker } from '@millrace/api';
import { isMillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import type { PrivateFiles } from '../answers/private-files.ts';
import type { Report } from '../report.ts';

const file = 'clusters.json';
/** By name, oldest first. */
const Stored = Type.Record(Type.String(), Type.Array(Type.String({ minLength: 1 })));
type Stored = Static<typeof Stored>;
const checker = compileChecker(Stored);

export class ClusterIds {
  readonly #files: PrivateFiles;
  readonly #report: Report;
  readonly #ids: Stored;
  /** What was told of brokers that are not used, so that it is told once. */
  readonly #told = new Set<string>();

  private constructor(files: PrivateFiles, report: Report, ids: Stored) {
    this.#files = files;
    this.#report = report;
    this.#ids = ids;
  }

  /** @throws DiskError */
  static async open(files: PrivateFiles, report: Report): Promise<ClusterIds> {
    return new ClusterIds(files, report, parsed((await files.read(file)) ?? '{}'));
  }

  /**
   * The how manieth cluster of that name one with this id is, from 0; with null, the newest that is known: the first
   * while none is.
   */
  incarnation(name: string, id: string | null): number {
    const ids = this.#ids[name] ?? [];
    if (id === null) return Math.max(0, ids.length - 1);
    const known = ids.indexOf(id);
    return known === -1 ? this.#add(name, id) : known;
  }

  /** Undefined while nobody has said it. */
  idOf(name: string, incarnation: number): string | undefined {
    return this.#ids[name]?.[incarnation];
  }

  /** Whether a broker of the cluster with this id is one of those that are meant; one that is not is told of, once. */
  accepts(name: string, incarnation: number, id: string): boolean {
    const meant = this.idOf(name, incarnation);
    if (meant === id) return true;
    if (meant === undefined) {
      this.#add(name, id);
      return true;
    }
    const message =
      `an address of cluster ${name} leads to another Kafka cluster (its id is ${id}, not ${meant}): nothing is sent ` +
      'there, unless the config service says that this is the cluster now; check what addresses are declared';
    if (!this.#told.has(message)) this.#report({ level: 'error', event: 'wrong_cluster', message });
    this.#told.add(message);
    return false;
  }

  #add(name: string, id: string): number {
    const ids = [...(this.#ids[name] ?? []), id];
    this.#ids[name] = ids;
    void this.#write();
    return ids.length - 1;
  }

  async #write(): Promise<void> {
    try {
      await this.#files.write(file, `${JSON.stringify(this.#ids)}\n`);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      const message = `which Kafka clusters are meant is not kept for the next start: ${messageOf(error)}`;
      this.#report({ level: 'warn', event: 'copy_failed', message, error });
    }
  }
}

function parsed(text: string): Stored {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
  return checker.check(value) ? value : {};
}
