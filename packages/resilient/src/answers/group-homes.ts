/**
 * On which cluster groups of this instance last read each topic: so that a member that is started anew, after the topic
 * went elsewhere, does not begin there at offsets that nobody translated. Kept in `homes.json`; one that can't be read
 * counts as none.
 */
import { compileChecker } from '@millrace/api';
import { isMillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import type { Report } from '../report.ts';
import type { PrivateFiles } from './private-files.ts';

const file = 'homes.json';
const Place = Type.Object({ name: Type.String(), generation: Type.Integer({ minimum: 0 }) });
/** By group and topic. */
const Homes = Type.Record(Type.String(), Type.Record(Type.String(), Place));
const checker = compileChecker(Homes);

type Place = Static<typeof Place>;

export class GroupHomes {
  readonly #files: PrivateFiles;
  readonly #report: Report;
  readonly #homes: Static<typeof Homes>;

  private constructor(files: PrivateFiles, report: Report, homes: Static<typeof Homes>) {
    this.#files = files;
    this.#report = report;
    this.#homes = homes;
  }

  /** @throws DiskError */
  static async open(files: PrivateFiles, report: Report): Promise<GroupHomes> {
    return new GroupHomes(files, report, parsed((await files.read(file)) ?? '{}'));
  }

  of(group: string, topic: string): Place | undefined {
    return this.#homes[group]?.[topic];
  }

  /** A group reads a topic on a cluster from now on. */
  async set(group: string, topic: string, { name, generation }: Place): Promise<void> {
    const before = this.of(group, topic);
    if (before?.name === name && before.generation === generation) return;
    this.#homes[group] = { ...this.#homes[group], [topic]: { name, generation } };
    try {
      await this.#files.write(file, `${JSON.stringify(this.#homes)}\n`);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      const message = `where group ${group} reads ${topic} is not kept for the next start: ${messageOf(error)}`;
      this.#report({ level: 'warn', event: 'copy_failed', message, error });
    }
  }
}

function parsed(text: string): Static<typeof Homes> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
  return checker.check(value) ? value : {};
}
