/**
 * On which cluster groups of this instance last read each topic: so that a member that is started anew, after the topic
 * went elsewhere, does not begin there at offsets that nobody translated. Kept in `homes.json`; one that can't be read
 * counts as none.
 */
import { compileChecker } from '@millrace/api';
import { isMillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import type { ClusterIds } from '../clients/cluster-ids.ts';
import type { ClusterPlace } from '../clients/target.ts';
import type { Report } from '../report.ts';
import type { PrivateFiles } from './private-files.ts';

const file = 'homes.json';
const Place = Type.Object({
  name: Type.String(),
  generation: Type.Integer({ minimum: 0 }),
  /** Kafka's own; absent while nobody had said it. */
  id: Type.Optional(Type.String()),
});
/** By group and topic. */
const Homes = Type.Record(Type.String(), Type.Record(Type.String(), Place));
type Homes = Static<typeof Homes>;
const checker = compileChecker(Homes);

type Place = Static<typeof Place>;

export class GroupHomes {
  readonly #files: PrivateFiles;
  readonly #ids: Pick<ClusterIds, 'idOf'>;
  readonly #report: Report;
  readonly #homes: Homes;

  private constructor(files: PrivateFiles, ids: Pick<ClusterIds, 'idOf'>, report: Report, homes: Homes) {
    this.#files = files;
    this.#ids = ids;
    this.#report = report;
    this.#homes = homes;
  }

  /** @throws DiskError */
  static async open(files: PrivateFiles, ids: Pick<ClusterIds, 'idOf'>, report: Report): Promise<GroupHomes> {
    return new GroupHomes(files, ids, report, parsed((await files.read(file)) ?? '{}'));
  }

  of(group: string, topic: string): Place | undefined {
    const place = this.#homes[group]?.[topic];
    // Where its id was not known then, it is the first that became known.
    const id = place && (place.id ?? this.#ids.idOf(place.name, 0));
    return place && { ...place, ...(id !== undefined && { id }) };
  }

  /** A group reads a topic on a cluster from now on. */
  async set(group: string, topic: string, { name, generation, id }: ClusterPlace): Promise<void> {
    const before = this.#homes[group]?.[topic];
    if (before?.name === name && before.generation === generation && before.id === id) return;
    const place: Place = { name, generation, ...(id !== undefined && id !== null && { id }) };
    this.#homes[group] = { ...this.#homes[group], [topic]: place };
    try {
      await this.#files.write(file, `${JSON.stringify(this.#homes)}\n`);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      const message = `where group ${group} reads ${topic} is not kept for the next start: ${messageOf(error)}`;
      this.#report({ level: 'warn', event: 'copy_failed', message, error });
    }
  }
}

function parsed(text: string): Homes {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
  return checker.check(value) ? value : {};
}
