/**
 * Kafka's own console producer and consumer. They run in the session that all cells share, but members of groups, which
 * stay, have a Java each.
 */
import { type KafkaTool, runKafkaClass, toolClass } from '@millrace/engines';
import { javaTools, kafkaJars } from '../matrix/java-tools.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import {
  type Caller,
  compressions,
  type Driver,
  inOrder,
  type MemberOptions,
  type Message,
  type ReadOptions,
  type StoredMessage,
} from './driver.ts';
import { JavaToolError, javaErrorName } from './java-errors.ts';
import { javaSettingsOf } from './java-settings.ts';
import { MemberLog } from './member-log.ts';

/** Longer than it takes on a machine that has much else to do. */
const stopAfterMs = 60_000;
const nothing = '<null>';

/** With them the console producer and consumer end with 0. */
const failures = / ERROR Error (when sending message|processing message, terminating)/;

export const java: Driver = {
  client: 'java',
  compressions,
  protocols: ['classic', 'consumer'],
  mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
  lettingGo: true,

  async produce(place, _scope, options) {
    const { topic, messages, acks = -1, compression = 'none', idempotent = false } = options;
    for (const [partition, part] of byPartition(messages)) {
      const words = [
        ...['--topic', topic, '--compression-codec', compression, '--request-required-acks', `${acks}`],
        ...['--request-timeout-ms', '30000', '--timeout', '5', '--max-block-ms', '30000'],
        ...['--command-property', `enable.idempotence=${idempotent}`],
        ...['--line-reader', 'PartitionedReader', ...readingOf({ partition: `${partition}`, ...lineProperties })],
      ];
      await runTool(place, options, 'kafka-console-producer', words, part.map(lineOf).join(''));
    }
  },

  async read(place, _scope, options) {
    const words = [...reading(options, options.count), ...(await beginning(place, options))];
    return inOrder(storedIn(await runTool(place, options, 'kafka-console-consumer', words)));
  },

  async readInGroup(place, _scope, options) {
    const words = [...reading(options, options.count), ...membership(options)];
    return inOrder(storedIn(await runTool(place, options, 'kafka-console-consumer', words)));
  },

  join: (place, scope, options) => JavaMember.join(place, scope, options),
  transact: undefined,
  transactional: undefined,
  errorName: javaErrorName,
};

/** Runs a tool in the session, as somebody; what it wrote to stdout. Throws `JavaToolError` with its errors. */
async function runTool(
  place: Place,
  caller: Caller,
  tool: KafkaTool,
  words: readonly string[],
  input?: string,
): Promise<string> {
  const session = await javaTools();
  const { code, stdout, stderr } = await session.run(tool, [...at(place, caller), ...words], {
    input,
    stopAfterMs,
    clientConfiguration: await javaSettingsOf(place, caller),
  });
  if (code !== 0 || failures.test(stderr)) throw new JavaToolError(`${code}: ${stderr}`);
  return stdout;
}

function at(place: Place, { access }: Caller): string[] {
  return ['--bootstrap-server', place.bootstrap(access?.listener)];
}

const lineProperties = { 'parse.key': 'true', 'parse.headers': 'true', 'null.marker': nothing };

function readingOf(properties: Readonly<Record<string, string>>): string[] {
  return Object.entries(properties).flatMap(([name, value]) => ['--reader-property', `${name}=${value}`]);
}

function lineOf({ headers = {}, key, value }: Message): string {
  const pairs = Object.entries(headers).map(([name, text]) => `${name}:${text}`);
  return `${pairs.length === 0 ? nothing : pairs.join()}\t${key ?? nothing}\t${value ?? nothing}\n`;
}

function byPartition(messages: readonly Message[]): ReadonlyMap<number, Message[]> {
  return Map.groupBy(messages, ({ partition = 0 }) => partition);
}

function reading({ topic, isolation = 'read_uncommitted' }: ReadOptions | MemberOptions, count?: number): string[] {
  const printed = ['partition', 'offset', 'headers', 'key', 'value'].map((each) => `print.${each}=true`);
  return [
    ...['--topic', topic, '--isolation-level', isolation],
    ...[...printed, `null.literal=${nothing}`].flatMap((property) => ['--formatter-property', property]),
    // A consumer that closes waits for the fetch that is under way.
    ...['--command-property', 'fetch.max.wait.ms=50'],
    ...(count === undefined ? [] : ['--max-messages', `${count}`]),
  ];
}

async function beginning(place: Place, options: ReadOptions): Promise<string[]> {
  const { topic, from = 'earliest' } = options;
  if (from === 'earliest') return ['--from-beginning'];
  const offset = 'offset' in from ? from.offset : await offsetOf(place, options, topic, from);
  return ['--partition', '0', '--offset', `${offset}`];
}

async function offsetOf(
  place: Place,
  caller: Caller,
  topic: string,
  from: { readonly timestamp: number } | { readonly last: number },
): Promise<number> {
  const time = 'timestamp' in from ? from.timestamp : -1;
  const words = ['--topic-partitions', `${topic}:0`, '--time', `${time}`];
  const offset = Number((await runTool(place, caller, 'kafka-get-offsets', words)).trim().split(':').at(-1));
  return offset - ('last' in from ? from.last : 0);
}

function membership({ group, protocol = 'classic', commit, handle }: MemberOptions): string[] {
  if (commit === 'never' || handle !== undefined) throw new JavaToolError('a console consumer commits by itself');
  const times = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '500' };
  const settings = {
    'group.protocol': protocol,
    'auto.commit.interval.ms': '100',
    ...(protocol === 'classic' ? times : {}),
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ['--command-property', `${name}=${value}`]);
  return ['--from-beginning', '--group', group, ...words];
}

class JavaMember extends MemberLog {
  readonly #pid: Promise<number>;
  #ended: Promise<unknown> = Promise.resolve();

  static async join(place: Place, scope: Scope, options: MemberOptions): Promise<JavaMember> {
    const settings = Object.entries(await javaSettingsOf(place, options));
    const words = [
      ...[...at(place, options), ...reading(options), ...membership(options)],
      ...settings.flatMap(([name, value]) => ['--command-property', `${name}=${value}`]),
    ];
    const kafka = await kafkaJars();
    const member = new JavaMember(options, (onStart, onLine) =>
      runKafkaClass(kafka, toolClass('kafka-console-consumer'), words, { onStart, onLine }),
    );
    scope.defer(() => member.die());
    return member;
  }

  private constructor(
    options: MemberOptions,
    run: (onStart: (pid: number) => void, onLine: (line: string) => void) => ReturnType<typeof runKafkaClass>,
  ) {
    super(options);
    this.#pid = new Promise((started) => {
      this.#ended = run(started, (line) => this.messages.push(...storedIn(line))).then(
        ({ code, stderr }) => {
          if (code !== null && code !== 0 && code !== 143) this.fail(new JavaToolError(`${code}: ${stderr}`));
        },
        (error) => this.fail(error),
      );
    });
  }

  protected override close(): Promise<void> {
    return this.#end('SIGTERM');
  }

  override readonly die = (): Promise<void> => this.#end('SIGKILL');

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const pid = await this.#pid;
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await this.#ended;
  }
}

const line = /^Partition:(\d+)\tOffset:(\d+)\t([^\t]*)\t([^\t]*)\t(.*)$/gm;

function storedIn(text: string): StoredMessage[] {
  return [...text.matchAll(line)].map(([, partition, offset, headers = '', key = '', value = '']) => ({
    partition: Number(partition),
    offset: Number(offset),
    key: key === nothing ? null : key,
    value: value === nothing ? null : value,
    headers: headersIn(headers),
  }));
}

function headersIn(text: string): Record<string, string> {
  if (text === 'NO_HEADERS') return {};
  const pairs = text.split(',').map((pair) => pair.split(':'));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}
