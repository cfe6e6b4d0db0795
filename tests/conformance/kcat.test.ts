/** librdkafka, through kcat, against `millrace broker`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { BrokerProcess } from '../support/millrace-process.ts';
import { missing, runCommand } from '../support/run-command.ts';

const skip = missing('kcat', 'apt-get install kcat');
let broker: BrokerProcess;

before(async () => {
  if (!skip) broker = await BrokerProcess.start({ brokers: 3 });
});
after(() => broker?.[Symbol.asyncDispose]());

function kcat(args: readonly string[], input?: string) {
  return runCommand('kcat', ['-b', broker.bootstrap, ...args], input === undefined ? {} : { input });
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');
}

test('kcat lists brokers, topics and partitions', { skip }, async () => {
  await kcat(['-P', '-t', 'listed'], 'hello\n');
  const { stdout } = await kcat(['-L']);
  assert.match(stdout, / 3 brokers:/);
  assert.match(stdout, /topic "listed" with 1 partitions:/);
  assert.match(stdout, /partition 0, leader [123], replicas: [123], isrs: [123]/);
});

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  test(`kcat reads back what it produced with compression ${compression}`, { skip }, async () => {
    const topic = `compressed-${compression}`;
    const input = lines(2000, (index) => `value ${index} ${'x'.repeat(index % 200)}`);
    const produced = await kcat(['-P', '-t', topic, '-z', compression, '-X', 'enable.idempotence=true'], input);
    assert.equal(produced.code, 0, produced.stderr);
    const { stdout } = await kcat(['-C', '-q', '-t', topic, '-o', 'beginning', '-e']);
    assert.equal(stdout, input);
  });
}

test('keys, headers, empty and null values arrive as they were sent', { skip }, async () => {
  const arguments_ = ['-P', '-t', 'shapes', '-K', ':', '-Z', '-H', 'kind=test', '-H', 'empty='];
  await kcat(arguments_, 'first:one\nsecond:\n');
  const { stdout } = await kcat(['-C', '-q', '-t', 'shapes', '-e', '-f', '%o %k %S %s %h\n']);
  assert.equal(stdout, '0 first 3 one kind=test,empty=\n1 second -1  kind=test,empty=\n');
});

test('kcat starts at an offset, at the tail and at a timestamp', { skip }, async () => {
  await kcat(
    ['-P', '-t', 'seek'],
    lines(100, (index) => `early ${index}`),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  const middle = Date.now();
  await kcat(
    ['-P', '-t', 'seek'],
    lines(50, (index) => `late ${index}`),
  );
  const read = async (offset: string): Promise<string> =>
    (await kcat(['-C', '-q', '-t', 'seek', '-o', offset, '-e', '-c', '1'])).stdout;
  assert.equal(await read('42'), 'early 42\n');
  assert.equal(await read('-1'), 'late 49\n');
  assert.equal(await read(`s@${middle}`), 'late 0\n');
});

test('an offset query by timestamp answers the first record at or after it', { skip }, async () => {
  await kcat(
    ['-P', '-t', 'query'],
    lines(10, (index) => `${index}`),
  );
  const { stdout } = await kcat(['-Q', '-t', 'query:0:1']);
  assert.match(stdout, /query \[0\] offset 0/);
});

test('a record larger than the topic allows is refused by name', { skip }, async () => {
  const input = `${'x'.repeat(1_500_000)}\n`;
  const options = ['-X', 'message.max.bytes=4000000'];
  const { code, stderr } = await kcat(['-P', '-t', 'large', ...options], input);
  assert.notEqual(code, 0);
  assert.match(stderr, /Message size too large/);
});

test('members of a balanced group share all records, and a new one takes over after one is killed', {
  skip,
}, async () => {
  await kcat(['-P', '-t', 'seed-topic'], 'x\n');
  const topic = 'balanced';
  const { stderr, code } = await runCommand(process.execPath, [
    new URL('../../apps/cli/bin/millrace.js', import.meta.url).pathname,
    ...['topic', 'create', topic, '--partitions', '6', '--bootstrap', broker.bootstrap],
  ]);
  assert.equal(code, 0, stderr);
  const options = ['-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000'];
  const seen = new Set<string>();
  const byMember: number[] = [0, 0];
  const members = [0, 1].map((member) => {
    const arguments_ = ['-b', broker.bootstrap, '-q', '-u', ...options, '-G', 'balanced-group', topic];
    const child = spawn('kcat', arguments_, { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n')) if (line !== '') seen.add(line);
      byMember[member] = (byMember[member] ?? 0) + 1;
    });
    return child;
  });
  let sent = 0;
  const produceMore = async (): Promise<void> => {
    const from = sent;
    sent += 300;
    // Keys spread the records over the partitions.
    await kcat(
      ['-P', '-t', topic, '-K', ':'],
      lines(300, (index) => `${from + index}:record ${from + index}`),
    );
  };
  try {
    const bothRead = async (): Promise<boolean> => {
      await produceMore();
      return byMember.every((count) => count > 0) && seen.size === sent;
    };
    await eventually(bothRead, { timeoutMs: 40_000, describe: () => `both members read (${byMember}, ${seen.size})` });
    const first = members[0];
    if (first !== undefined) {
      first.kill('SIGKILL');
      await once(first, 'exit');
    }
    await produceMore();
    const describe = (): string => `${seen.size} of ${sent} records read`;
    await eventually(() => seen.size === sent, { timeoutMs: 40_000, describe });
  } finally {
    for (const member of members) member.kill('SIGKILL');
  }
});
