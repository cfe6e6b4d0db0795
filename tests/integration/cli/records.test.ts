/** `produce` and `consume` against a real broker process: formats, ranges, exact bytes, pipes and signals. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { millraceBinary, Server, startMillrace } from '../../support/millrace-command.ts';

const broker = await Server.start('broker');
after(() => broker[Symbol.asyncDispose]());

async function run(words: readonly string[], input?: string | Uint8Array): Promise<string> {
  const { code, text, stderr } = await broker.run(words, { input });
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  return text;
}

async function fails(words: readonly string[], code: number, message: RegExp, input?: string): Promise<void> {
  const outcome = await broker.run(words, { input });
  assert.equal(outcome.code, code, `${words.join(' ')}: ${outcome.stderr}`);
  assert.match(outcome.stderr, message);
}

async function filled(topic: string, input: string, words: readonly string[] = []): Promise<void> {
  await run(['topic', 'create', topic]);
  await run(['produce', topic, ...words], input);
}

test('writes lines and reads them back, an empty one and one without an end too', async () => {
  await filled('lines', 'one\n\nthree');
  assert.equal(await run(['consume', 'lines', '-e']), 'one\n\nthree\n');
});

test('takes keys, headers, tombstones, other delimiters and a partition', async () => {
  await run(['topic', 'create', 'shaped', '-p', '4']);
  await run(
    ['produce', 'shaped', '-K', ':', '-D', '|', '-Z', '-p', '2', '-H', 'h=1', '-H', 'e='],
    'a:1|b:|c:x:y|plain',
  );
  const format = '%t %p %o %k/%K %s/%S %h\\n';
  assert.equal(
    await run(['consume', 'shaped', '-e', '-f', format]),
    ['a/1 1/1', 'b/1 /-1', 'c/1 x:y/3', '/-1 plain/5']
      .map((each, offset) => `shaped 2 ${offset} ${each} h=1,e=\n`)
      .join(''),
  );
  assert.equal(await run(['consume', 'shaped', '-e', '-K', '=', '-D', ';', '-p', '2,3']), 'a=1;b=;c=x:y;=plain;');
  assert.equal(await run(['consume', 'shaped', '-e', '-p', '0']), '');
});

test('makes an absent topic only when asked to', async () => {
  await fails(['produce', 'absent'], 1, /there is no topic 'absent'/, 'a\n');
  await run(['produce', 'absent', '--create'], 'a\n');
  await run(['produce', 'absent', '--create'], 'b\n');
  assert.equal(await run(['consume', 'absent', '-e']), 'a\nb\n');
  await fails(['produce', 'b/d', '--create'], 1, /INVALID_TOPIC_EXCEPTION/, 'a\n');
});

test('takes records as large as the topic allows', async () => {
  await run(['topic', 'create', 'large', '--config', 'max.message.bytes=3000000']);
  const record = 'x'.repeat(2_900_000);
  await run(['produce', 'large'], `${record}\n${record}\n`);
  assert.equal((await run(['consume', 'large', '-e', '-f', '%S '])).trim(), '2900000 2900000');
});

test('reads files, in their order with stdin, or each as one record', async () => {
  const [a, b] = [join(broker.directory, 'a.txt'), join(broker.directory, 'b.bin')];
  await writeFile(a, 'a1\na2\n');
  await writeFile(b, Buffer.from([0, 10, 255]));
  await filled('files', 'stdin\n', [a, '-']);
  assert.equal(await run(['consume', 'files', '-e']), 'a1\na2\nstdin\n');
  await run(['topic', 'create', 'whole']);
  await run(['produce', 'whole', '--file-per-record', a, b]);
  const { stdout } = await broker.run(['consume', 'whole', '-e', '-D', '|']);
  assert.deepEqual(stdout, Buffer.concat([Buffer.from('a1\na2\n|'), Buffer.from([0, 10, 255]), Buffer.from('|')]));
});

test('copies records as JSON byte for byte', async () => {
  const lines = [
    {
      key: 'ü',
      value: 'line\nbreak "quoted" \u2028',
      timestamp: 1_700_000_000_000,
      headers: [{ key: 'a', value: '1' }],
    },
    {
      keyBase64: '/w==',
      valueBase64: Buffer.from([0, 1, 2, 254, 255]).toString('base64'),
      timestamp: 1_700_000_000_001,
    },
    { key: null, value: null, timestamp: 1_700_000_000_002 },
    {
      key: '',
      value: '\ufeffmark',
      timestamp: 1_700_000_000_003,
      headers: [
        { key: 'x', value: null },
        { key: 'x', valueBase64: '/g==' },
      ],
    },
  ];
  await run(['topic', 'create', 'original', 'copy', '-p', '3']);
  const input = lines.map((line, index) => `${JSON.stringify({ ...line, partition: index % 3 })}\n`).join('');
  const summary = JSON.parse(await run(['produce', 'original', '--json'], input)) as { records: number };
  assert.equal(summary.records, 4);
  const first = await run(['consume', 'original', '-e', '--json']);
  await run(['produce', 'copy', '--json'], first);
  const second = await run(['consume', 'copy', '-e', '--json']);
  const sorted = (text: string): string[] => text.replaceAll('"topic":"copy"', '"topic":"original"').split('\n').sort();
  assert.deepEqual(sorted(second), sorted(first));
  const read = first
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const [index, line] of lines.entries()) {
    const found = read.find(({ timestamp }) => timestamp === line.timestamp);
    assert.deepEqual(found, {
      topic: 'original',
      partition: index % 3,
      offset: found?.['offset'],
      headers: [],
      ...line,
    });
  }
});

test('reads the part that is asked for', async () => {
  const lines = Array.from({ length: 10 }, (_, index) => ({
    value: `${index}`,
    timestamp: Date.UTC(2026, 0, 1, index),
  }));
  await filled('range', lines.map((line) => `${JSON.stringify(line)}\n`).join(''), ['--json']);
  for (const [words, expected] of [
    [['--from', '7', '-e'], '789'],
    [['--from', '-2', '-e'], '89'],
    [['--from', '2', '--until', '5'], '234'],
    [['--from', '-5', '--until', '-3'], '56'],
    [['--until', '2'], '01'],
    [['--from', '2026-01-01T03:00Z', '--until', '2026-01-01T05:30Z'], '345'],
    [['--from', `@${Date.UTC(2026, 0, 1, 8)}`, '-e'], '89'],
    [['--from', '2030-01-01', '-e'], ''],
    [['--from', 'latest', '-e'], ''],
    [['--from', '3', '-c', '2'], '34'],
    [['-c', '0'], ''],
    [['--from', '4', '--until', '4'], ''],
    [['--until', 'latest'], '0123456789'],
  ] as const) {
    assert.equal(await run(['consume', 'range', ...words, '-f', '%s']), expected, words.join(' '));
  }
});

test('waits for an offset that has not come yet, and for records as they come', async () => {
  await filled('coming', 'a\n');
  const reader = startMillrace(['consume', 'coming', '--until', '3', '--data-dir', broker.directory]);
  await eventually(() => reader.printed() === 'a\n');
  await run(['produce', 'coming'], 'b\nc\nd\n');
  const { code, text } = await reader.ended;
  assert.deepEqual([code, text], [0, 'a\nb\nc\n']);
});

test('reads as a member of a group, and commits exactly what was printed', async () => {
  await filled('grouped', Array.from({ length: 10 }, (_, index) => `${index}\n`).join(''));
  assert.equal(await run(['consume', 'grouped', '-G', 'readers', '-c', '4', '-f', '%s']), '0123');
  assert.equal(await run(['consume', 'grouped', '-G', 'readers', '-e', '-f', '%s']), '456789');
  assert.equal(await run(['consume', 'grouped', '-G', 'readers', '-e', '-f', '%s']), '');
  assert.equal(await run(['consume', 'grouped', '-G', 'late', '--from', 'latest', '-e', '-f', '%s']), '');
});

test('ends with 130 on Ctrl-C, without a word', async () => {
  await filled('endless', 'a\n');
  for (const words of [[], ['-G', 'interrupted']]) {
    const reader = startMillrace(['consume', 'endless', ...words, '--data-dir', broker.directory]);
    await eventually(() => reader.printed() === 'a\n');
    reader.child.kill('SIGINT');
    const { code, stderr } = await reader.ended;
    assert.deepEqual([code, stderr], [130, '']);
  }
});

test('Ctrl-C while writing delivers what was read, and says how much', async () => {
  await run(['topic', 'create', 'interrupted']);
  const writer = startMillrace(['produce', 'interrupted', '--data-dir', broker.directory]);
  writer.child.stdin.write('a\nb\nhalf');
  await eventually(async () => (await run(['consume', 'interrupted', '-e'])) === 'a\nb\n');
  writer.child.kill('SIGINT');
  const { code, stderr } = await writer.ended;
  assert.equal(code, 130);
  assert.match(stderr, /2 records were written to interrupted/);
});

test('a second Ctrl-C does not wait for a cluster that does not answer', async () => {
  await using silent = await Server.start('broker');
  await silent.run(['topic', 'create', 'unheard']);
  const writer = startMillrace(['produce', 'unheard', '--data-dir', silent.directory]);
  writer.child.stdin.write('a\n');
  await eventually(async () => (await silent.run(['consume', 'unheard', '-e'])).text === 'a\n');
  silent.running.child.kill('SIGSTOP');
  try {
    writer.child.stdin.write('b\n');
    await new Promise((resolve) => setTimeout(resolve, 200));
    writer.child.kill('SIGINT');
    await eventually(() => writer.complained().includes('Waiting for the cluster to acknowledge'));
    writer.child.kill('SIGINT');
    assert.equal((await writer.ended).code, 130);
  } finally {
    silent.running.child.kill('SIGCONT');
  }
});

test('is silent when its reader goes away', async () => {
  await filled('flood', 'x'.repeat(99).concat('\n').repeat(20_000));
  const shell = spawn(
    'bash',
    [
      '-o',
      'pipefail',
      '-c',
      '"$0" "$1" consume flood --data-dir "$2" | head -1',
      process.execPath,
      millraceBinary,
      broker.directory,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 },
  );
  let [stdout, stderr] = ['', ''];
  shell.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  shell.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(shell, 'close');
  assert.deepEqual([code, stdout, stderr], [0, `${'x'.repeat(99)}\n`, '']);
});

test('names the line that is no record, and keeps what came before it', async () => {
  await run(['topic', 'create', 'strict']);
  await fails(
    ['produce', 'strict', '--json'],
    1,
    /"code":"write_failed","message":"stdin, line 3: it is not JSON: .*2 records/,
    '{"value":"1"}\n{"value":"2"}\n{"value"\n{"value":"4"}\n',
  );
  assert.equal(await run(['consume', 'strict', '-e', '-f', '%s']), '12');
});

test('says what is wrong with a call', async () => {
  await run(['topic', 'create', 'small', '--config', 'max.message.bytes=1000']);
  await fails(['produce', 'smal'], 1, /there is no topic 'smal' on local; did you mean 'small'\?/, 'x');
  await fails(['consume', 'smal', '-e'], 1, /there is no topic 'smal' on local; did you mean 'small'\?/);
  await fails(['produce', 'small', '/none.txt'], 1, /cannot read \/none\.txt: there is no such file/);
  await fails(['produce', 'small', '/tmp'], 1, /cannot read \/tmp: it is a directory/);
  await fails(['produce', 'small', '-p', '5'], 2, /small has no partition 5/, 'x');
  await fails(['produce', 'small', '-K', ''], 2, /--key-delimiter: it must not be empty/, 'x');
  await fails(['consume', 'small', '--json', '-f', '%s'], 2, /exclude each other/);
  await fails(['consume', 'small', '-G', 'g', '--from', '17'], 2, /with --group, --from is earliest, latest or a time/);
  const large = `${'x'.repeat(5_000)}\n`;
  await fails(
    ['produce', 'small'],
    1,
    /a record is larger than the 1000 bytes it may have; nothing was written to small\n.*topic alter small/,
    large,
  );
});
