/**
 * What a sidecar keeps in its directory (`sidecar.json`) besides the answers: the secret of its programs, and the place
 * that it was made for.
 *
 * A secret is good for one place: a cluster, and a generation of the topics on it. What a client holds (ids of
 * producers, batches that are not acknowledged, offsets that it reads at) means nothing on another cluster, or
 * something else, and nothing of it can be seen in bytes that pass. So a client that was made for one cluster never
 * gets to another: the secret is a new one there, and whoever has it was made after the move.
 */
import { randomBytes } from 'node:crypto';
import { compileChecker } from '@millrace/api';
import { sameSecret } from '@millrace/wire';
import { type Static, Type } from 'typebox';
import type { PrivateFiles } from '../answers/private-files.ts';
import type { ClusterIds } from '../clients/cluster-ids.ts';
import { type ClusterPlace, isElsewhere } from '../clients/target.ts';

const file = 'sidecar.json';
const secretBytes = 32;

const Stored = Type.Object({
  application: Type.String(),
  place: Type.Object({
    name: Type.String(),
    generation: Type.Integer({ minimum: 0 }),
    /** Kafka's own; absent while nobody had said it. */
    id: Type.Optional(Type.String()),
  }),
  secret: Type.String({ minLength: 32 }),
  /** The one before, whose users are told why it is good no more. */
  before: Type.Optional(Type.String()),
  /** Consumer groups that programs were seen to have offsets of there. */
  groups: Type.Array(Type.String()),
});
type Stored = Static<typeof Stored>;
const checker = compileChecker(Stored);

export class SidecarState {
  readonly #files: PrivateFiles;
  readonly #ids: Pick<ClusterIds, 'idOf'>;
  #stored: Stored;

  private constructor(files: PrivateFiles, ids: Pick<ClusterIds, 'idOf'>, stored: Stored) {
    this.#files = files;
    this.#ids = ids;
    this.#stored = stored;
  }

  /** What is kept; where there is nothing that can be read, a new secret for `place`. @throws DiskError */
  static async open(
    files: PrivateFiles,
    ids: Pick<ClusterIds, 'idOf'>,
    application: string,
    place: ClusterPlace,
  ): Promise<SidecarState> {
    const stored = parsed(await files.read(file));
    if (stored?.application === application) return new SidecarState(files, ids, stored);
    const state = new SidecarState(files, ids, { application, place: placeOf(place), secret: newSecret(), groups: [] });
    await state.#write();
    return state;
  }

  get secret(): string {
    return this.#stored.secret;
  }

  get place(): ClusterPlace {
    const { place } = this.#stored;
    // Where its id was not known then, it is the first that became known.
    const id = place.id ?? this.#ids.idOf(place.name, 0);
    return { ...place, ...(id !== undefined && { id }) };
  }

  get groups(): readonly string[] {
    return this.#stored.groups;
  }

  /** True for the application with its secret; else why not, in words that hold no secret. */
  check(username: string, secret: string): true | string {
    const { application, before, place } = this.#stored;
    const isGood = sameSecret(secret, this.#stored.secret);
    if (isGood && username === application) return true;
    if (before !== undefined && sameSecret(secret, before)) {
      return `the topics went to another cluster (${place.name}): make a new client, with the secret of now`;
    }
    return `user name or secret is wrong: the user is ${application}, the secret lies in the sidecar's directory`;
  }

  /** From now on there is another secret, for another place. @throws DiskError, after which it holds all the same */
  async move(place: ClusterPlace): Promise<void> {
    const { application, secret: before } = this.#stored;
    this.#stored = { application, place: placeOf(place), secret: newSecret(), before, groups: [] };
    await this.#write();
  }

  /** Remembers groups. @throws DiskError */
  async sawGroups(groups: readonly string[]): Promise<void> {
    const known = new Set(this.#stored.groups);
    if (groups.every((group) => known.has(group))) return;
    this.#stored = { ...this.#stored, groups: [...new Set([...known, ...groups])] };
    await this.#write();
  }

  isElsewhere(place: ClusterPlace): boolean {
    return isElsewhere(this.place, place);
  }

  #write(): Promise<void> {
    return this.#files.write(file, `${JSON.stringify(this.#stored)}\n`);
  }
}

function placeOf({ name, generation, id }: ClusterPlace): Stored['place'] {
  return { name, generation, ...(typeof id === 'string' && { id }) };
}

function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

function parsed(text: string | undefined): Stored | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
  return checker.check(value) ? value : undefined;
}
