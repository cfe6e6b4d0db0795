/**
 * MirrorMaker 2 in its dedicated mode (KIP-382): one process, told by properties which topics to copy between which
 * clusters.
 *
 * It keeps its own state in topics of those clusters; of its directory, which holds its properties and its log, the
 * next start needs nothing. What it can't do is to say when it copies: that is seen at the cluster it copies to.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedProcess } from '../processes/guarded-process.ts';
import { guard, unguard } from '../processes/guardian.ts';
import type { JvmProfile } from './broker-configuration.ts';
import type { KafkaDistribution } from './distribution.ts';
import { mirrorMakerFlags } from './jvm-flags.ts';
import { formatProperties } from './properties.ts';

const mainClass = 'org.apache.kafka.connect.mirror.MirrorMaker';

/** Its plug-ins are found by the lists in their jars, and not by a search through all classes, which takes seconds. */
const defaults: Readonly<Record<string, string>> = { 'plugin.discovery': 'service_load' };

export interface MirrorMakerOptions {
  readonly distribution: KafkaDistribution;
  /**
   * What `mm2.properties` says, by Kafka's names: `clusters`, `<name>.bootstrap.servers`, `<from>-><to>.enabled` and so
   * on. Its topics have three replicas unless told otherwise, here and in `<name>.*.replication.factor`.
   */
  readonly configuration: Readonly<Record<string, string>>;
  /** Names of clusters: only what is copied to these is this process's work. Default: all. */
  readonly targets?: readonly string[] | undefined;
  /** Where its properties and its log lie; kept when it is closed. Default: a temporary one, removed with it. */
  readonly directory?: string | undefined;
  /** `small`, the default, starts quickly and holds little; `default` has the flags of Kafka's own start script. */
  readonly jvm?: JvmProfile | undefined;
  /** Largest heap, as Java takes it: `384m`. Default 256 MB for `small`, 2 GB else. */
  readonly heap?: string | undefined;
  /** Further flags of Java. */
  readonly javaFlags?: readonly string[] | undefined;
  /** Told, as a sentence, when it ended and nobody had stopped or closed it. */
  readonly onEnd?: ((sentence: string) => void) | undefined;
}

/** A MirrorMaker that was started here. */
export interface MirrorMaker extends AsyncDisposable {
  /** Process id while it runs. */
  readonly pid: number | undefined;
  readonly state: 'running' | 'down';
  /** Where its Java writes. */
  readonly logFile: string;
  /** Shuts it down as an operator would (SIGTERM): what it has copied is noted, so that the next one goes on there. */
  stop(): Promise<void>;
  /** Ends it at once when it runs, and removes its directory where that was made for it. */
  close(): Promise<void>;
}

/**
 * Starts MirrorMaker. When this returns its process runs; `onEnd` is told when it gives up, because its properties are
 * wrong or, after a minute, because it can't reach a cluster.
 */
export async function startMirrorMaker(options: MirrorMakerOptions): Promise<MirrorMaker> {
  const { distribution, configuration, targets = [], jvm = 'small', heap, javaFlags = [], onEnd } = options;
  const temporary = options.directory === undefined;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'millrace-mirror-maker-')));
  if (temporary) guard({ directory });
  const removeIfTemporary = async (): Promise<void> => {
    if (!temporary) return;
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    unguard({ directory });
  };
  try {
    await mkdir(directory, { recursive: true });
    const properties = join(directory, 'mm2.properties');
    const logFile = join(directory, 'mirror-maker.log');
    await writeFile(properties, formatProperties({ ...defaults, ...configuration }), { mode: 0o600 });
    const flags = [...mirrorMakerFlags(distribution, { jvm, heap }), ...javaFlags];
    const words = [mainClass, properties, ...(targets.length === 0 ? [] : ['--clusters', ...targets])];
    const process = await GuardedProcess.start(
      { program: distribution.java.program, args: [...flags, '-cp', distribution.classPath, ...words], logFile },
      (ending) => onEnd?.(`MirrorMaker ended with ${ending}; ${logFile} tells why`),
    );
    return new RunningMirrorMaker(process, logFile, removeIfTemporary);
  } catch (error) {
    await removeIfTemporary();
    throw error;
  }
}

class RunningMirrorMaker implements MirrorMaker {
  readonly logFile: string;
  readonly #process: GuardedProcess;
  readonly #afterClose: () => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(process: GuardedProcess, logFile: string, afterClose: () => Promise<void>) {
    this.#process = process;
    this.logFile = logFile;
    this.#afterClose = afterClose;
  }

  get state(): 'running' | 'down' {
    return this.#process.state === 'down' ? 'down' : 'running';
  }

  get pid(): number | undefined {
    return this.state === 'down' ? undefined : this.#process.pid;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  close(): Promise<void> {
    this.#closed ??= this.#process.kill().then(this.#afterClose);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
