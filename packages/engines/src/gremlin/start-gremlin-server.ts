/**
 * Apache TinkerPop's Gremlin Server with an empty TinkerGraph, for tests and benchmarks: one process on loopback, its
 * jars by Maven into the cache. It keeps nothing.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Report } from '../kafka/distribution.ts';
import { findJava } from '../kafka/java.ts';
import { KafkaEngineError } from '../kafka/kafka-engine-error.ts';
import type { KafkaSource } from '../kafka/kafka-source.ts';
import { fetchJars } from '../maven/fetch-jars.ts';
import { GuardedProcess } from '../processes/guarded-process.ts';
import { guard, unguard } from '../processes/guardian.ts';
import { reservePorts } from '../processes/reserve-ports.ts';

const artifacts = fileURLToPath(new URL('./artifacts.pom.xml', import.meta.url));
const mainClass = 'org.apache.tinkerpop.gremlin.server.GremlinServer';
const START_MS_MAX = 120_000;

export interface GremlinServerOptions {
  /** Where jars are kept, and which Java runs them; as for Apache Kafka. */
  readonly source: KafkaSource;
  /** Of Java's heap. 512 by default. */
  readonly heapMebibytes?: number | undefined;
  readonly report?: Report | undefined;
}

export interface GremlinServer extends AsyncDisposable {
  /** `ws://127.0.0.1:PORT/gremlin`; the traversal source is `g`. */
  readonly url: string;
  readonly pid: number;
}

/**
 * Starts a server and waits until it listens. Throws `KafkaEngineError`: `isAbsence` where the machine lacks Java or
 * Maven, else `kafka_download_failed` or `kafka_start_failed`.
 */
export async function startGremlinServer(options: GremlinServerOptions): Promise<GremlinServer> {
  const { source, heapMebibytes = 512, report = () => undefined } = options;
  const java = await findJava(source.javaHome);
  const { cacheDirectory } = source;
  const hash = createHash('sha256')
    .update(await readFile(artifacts))
    .digest('hex')
    .slice(0, 12);
  const jars = await fetchJars({
    name: "Apache TinkerPop's Gremlin Server",
    pom: artifacts,
    cacheDirectory,
    directory: join(cacheDirectory, `gremlin-server-${hash}`),
    report,
    hint: "Look at Maven's settings for a proxy or a mirror.",
  });
  const directory = await mkdtemp(join(tmpdir(), 'millrace-gremlin-'));
  guard({ directory });
  const reserved = await reservePorts(1);
  const port = reserved.ports[0] as number;
  let running: GuardedProcess | undefined;
  const end = async (): Promise<void> => {
    await running?.kill();
    reserved.release();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    unguard({ directory });
  };
  try {
    const settings = await writeSettings(directory, port);
    const args = [`-Xmx${heapMebibytes}m`, '-cp', jars.join(delimiter), mainClass, settings];
    const logFile = join(directory, 'server.log');
    running = await GuardedProcess.start({ program: java.program, args, logFile });
    await untilListens(port, running, logFile);
    return { url: `ws://127.0.0.1:${port}/gremlin`, pid: running.pid, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function writeSettings(directory: string, port: number): Promise<string> {
  const graph = join(directory, 'graph.properties');
  const script = join(directory, 'source.groovy');
  const settings = join(directory, 'server.json');
  const tinker = 'org.apache.tinkerpop.gremlin';
  await writeFile(graph, `gremlin.graph=${tinker}.tinkergraph.structure.TinkerGraph\n`);
  await writeFile(script, 'def globals = [:]\nglobals << [g : traversal().withEmbedded(graph)]\n');
  const plugins = {
    [`${tinker}.server.jsr223.GremlinServerGremlinPlugin`]: {},
    [`${tinker}.tinkergraph.jsr223.TinkerGraphGremlinPlugin`]: {},
    [`${tinker}.jsr223.ScriptFileGremlinPlugin`]: { files: [script] },
  };
  // JSON is YAML.
  const text = JSON.stringify({
    host: '127.0.0.1',
    port,
    channelizer: `${tinker}.server.channel.WebSocketChannelizer`,
    graphs: { graph },
    scriptEngines: { 'gremlin-lang': {}, 'gremlin-groovy': { plugins } },
    serializers: [
      {
        className: `${tinker}.util.ser.GraphSONMessageSerializerV3`,
        config: { ioRegistries: [`${tinker}.tinkergraph.structure.TinkerIoRegistryV3`] },
      },
    ],
    maxContentLength: 64 * 2 ** 20,
    evaluationTimeout: 120_000,
  });
  await writeFile(settings, text);
  return settings;
}

async function untilListens(port: number, process: GuardedProcess, logFile: string): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  while (!(await listens(port))) {
    const { ending } = process;
    const what = ending === undefined ? 'does not listen' : `ended with ${ending}`;
    if (ending !== undefined || performance.now() > deadline) {
      const log = (await readFile(logFile, 'utf8')).slice(-2_000);
      throw new KafkaEngineError('kafka_start_failed', `the Gremlin Server ${what}: ${log}`);
    }
    await pause(100);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
