/** The secondary indexes that a cluster has, asked for by name: the client filters by bins. */
import { RecordError } from '../record-error.ts';
import type { IndexDefinition, IndexedPart } from '../record-store.ts';
import type { NativeClient } from './client-library.ts';

const PARTS: Readonly<Record<string, IndexedPart>> = {
  default: 'bin',
  none: 'bin',
  list: 'list',
  mapkeys: 'mapKeys',
  mapvalues: 'mapValues',
};

export class IndexCatalogue {
  readonly #client: NativeClient;
  /** What was found, by namespace and name: a definition never changes, it only goes. */
  readonly #known = new Map<string, IndexDefinition>();

  constructor(client: NativeClient) {
    this.#client = client;
  }

  /** Throws `index_not_found`. */
  async get(place: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<IndexDefinition> {
    const known = this.#known.get(idOf(place)) ?? (await this.find(place));
    if (known !== undefined) return known;
    throw new RecordError('index_not_found', `${place.namespace}/${place.name}: there is no such index`);
  }

  /** Asks the cluster. */
  async find(place: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<IndexDefinition | undefined> {
    const answer = await this.#client.infoAny(`sindex-list:ns=${place.namespace}`);
    // The answer repeats the question and a tabulator; indexes are told apart by semicolons.
    for (const line of answer.slice(answer.indexOf('\t') + 1).split(';')) {
      const fields = new Map(line.trim().split(':').map(pair));
      const [bin, name] = [fields.get('bin'), fields.get('indexname')];
      if (name !== place.name || bin === undefined) continue;
      const definition: IndexDefinition = {
        namespace: place.namespace,
        set: fields.get('set') ?? '',
        bin,
        name,
        type: fields.get('type') === 'numeric' ? 'integer' : 'text',
        part: PARTS[fields.get('indextype') ?? 'default'] ?? 'bin',
      };
      this.#known.set(idOf(place), definition);
      return definition;
    }
    return undefined;
  }

  forget(place: Pick<IndexDefinition, 'namespace' | 'name'>): void {
    this.#known.delete(idOf(place));
  }
}

function idOf({ namespace, name }: Pick<IndexDefinition, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
