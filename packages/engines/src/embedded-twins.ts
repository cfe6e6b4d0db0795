/**
 * Twins as embedded clusters of this process, a folder each in the data directory:
 *
 *     twins/<name>/twin.json    brokers with their ports, and whether clients log in
 *     twins/<name>/admin.jaas   the login of its administrator, where they do; nobody else reads it
 *     twins/<name>/cluster/     the cluster's own files
 *
 * `twin.json` is written last: a folder without one is the rest of a start that was cut off, and made anew.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@millrace/base';
import type { Cluster } from '@millrace/broker';
import type { ClientOptions } from '@millrace/client';
import type { ClusterFactory, TwinCluster, TwinPlan } from '@millrace/fleet/twins';
import type { DataDirectory } from './data-directory.ts';
import { parseJson } from './parse-json.ts';

export interface EmbeddedTwinsOptions {
  readonly dataDirectory: Pick<DataDirectory, 'path'>;
  /** Interface to listen on; default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Told what concerns the operator, as a sentence. */
  readonly report: (message: string) => void;
}

/** What is kept of a twin. */
interface StoredTwin extends TwinPlan {
  readonly brokers: readonly { readonly nodeId: number; readonly rack?: string | undefined; readonly port: number }[];
}

interface RunningTwin {
  readonly cluster: Cluster;
  readonly view: TwinCluster;
}

const administrator = 'millrace-twin';
const mechanism = 'SCRAM-SHA-512';
/** So many brokers are named to clients, who learn of the others from them. */
const bootstrapMax = 5;
const nameShape = /^[A-Za-z0-9._-]{1,100}$/;

/** Starts the twins that there are; one that can't start is reported, and tried again at the next start. */
export async function openEmbeddedTwins(options: EmbeddedTwinsOptions): Promise<ClusterFactory> {
  const twins = new EmbeddedTwins(options);
  try {
    await twins.startStored();
    return twins;
  } catch (error) {
    await twins.close();
    throw error;
  }
}

class EmbeddedTwins implements ClusterFactory {
  readonly #options: EmbeddedTwinsOptions;
  readonly #running = new Map<string, RunningTwin>();
  /** Starts and removals take turns. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: EmbeddedTwinsOptions) {
    this.#options = options;
  }

  running(): readonly TwinCluster[] {
    return [...this.#running.values()].map(({ view }) => view);
  }

  async startStored(): Promise<void> {
    for (const name of await foldersIn(join(this.#options.dataDirectory.path, 'twins'))) {
      const stored = await readTwin(this.#folder(name));
      if (stored === undefined) continue;
      try {
        await this.#start(stored);
      } catch (error) {
        this.#options.report(`the twin ${name} can't be started: ${messageOf(error)}`);
      }
    }
  }

  start(plan: TwinPlan): Promise<TwinCluster> {
    return this.#inTurn(async () => {
      const running = this.#running.get(plan.name);
      if (running !== undefined) return running.view;
      const folder = this.#folder(plan.name);
      const stored = await readTwin(folder);
      if (stored !== undefined) return this.#start(stored);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const view = await this.#start({ ...plan, brokers: plan.brokers.map((broker) => ({ ...broker, port: 0 })) });
      const ports = this.#running.get(plan.name)?.cluster.brokers.map(({ port }) => port) ?? [];
      const brokers = plan.brokers.map((broker, index) => ({ ...broker, port: ports[index] ?? 0 }));
      const draft = join(folder, 'twin.json.tmp');
      await writeFile(draft, `${JSON.stringify({ ...plan, brokers })}\n`);
      await rename(draft, join(folder, 'twin.json'));
      return view;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const running = this.#running.get(name);
      this.#running.delete(name);
      await running?.cluster.close();
      const folder = this.#folder(name);
      // Without it the folder is nobody's, should the rest be cut off.
      await rm(join(folder, 'twin.json'), { force: true });
      await rm(folder, { recursive: true, force: true });
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    const all = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(all.map(({ cluster }) => cluster.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #folder(name: string): string {
    if (!nameShape.test(name) || name.startsWith('.')) throw new TypeError(`${name} is no name for a twin`);
    return join(this.#options.dataDirectory.path, 'twins', name);
  }

  async #start({ name, brokers, secured }: StoredTwin): Promise<TwinCluster> {
    const { startCluster } = await import('@millrace/broker');
    const { host = '127.0.0.1', report } = this.#options;
    const folder = this.#folder(name);
    const password = secured ? await passwordIn(folder) : undefined;
    const cluster = await startCluster({
      name,
      dataDirectory: join(folder, 'cluster'),
      host,
      brokers: brokers.map((broker) => ({
        ...broker,
        ...(secured && { listeners: [{ protocol: 'SASL_PLAINTEXT' as const, port: broker.port }] }),
      })),
      ...(password !== undefined && {
        configuration: {
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': `User:${administrator}`,
        },
        security: { scramUsers: [{ username: administrator, password, mechanism }] },
      }),
      report: ({ level, message }) => {
        if (level !== 'info') report(`twin ${name}: ${message}`);
      },
    });
    const bootstrap = cluster.bootstrap.split(',').slice(0, bootstrapMax).join(',');
    const options: ClientOptions =
      password === undefined
        ? { bootstrap }
        : { bootstrap, security: { sasl: { mechanism, username: administrator, password } } };
    const client = password === undefined ? {} : clientSettings(join(folder, 'admin.jaas'));
    const view = { name, bootstrap, brokers: brokers.length, client, options };
    this.#running.set(name, { cluster, view });
    return view;
  }
}

function clientSettings(jaasFile: string): TwinCluster['client'] {
  return {
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `file:${jaasFile}`,
  };
}

/** The administrator's password: read, or made. */
async function passwordIn(folder: string): Promise<string> {
  const path = join(folder, 'admin.jaas');
  const known = /password="([^"]+)"/.exec(await readIfThere(path))?.[1];
  if (known !== undefined) return known;
  const password = randomBytes(24).toString('base64url');
  const login = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const text = `${login} required username="${administrator}" password="${password}";\n`;
  await writeFile(path, text, { mode: 0o600 });
  return password;
}

async function readTwin(folder: string): Promise<StoredTwin | undefined> {
  const text = await readIfThere(join(folder, 'twin.json'));
  return text === '' ? undefined : (parseJson(text) as StoredTwin | undefined);
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
