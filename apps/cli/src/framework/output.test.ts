import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Output } from './output.ts';

/** A reader that takes each write when it is told to. */
class SlowReader extends Writable {
  readonly taken: Buffer[] = [];
  #release: (() => void) | undefined;
  #held = true;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(Buffer.from(chunk));
    if (this.#held) this.#release = done;
    else done();
  }

  release(): void {
    this.#held = false;
    this.#release?.();
  }

  get text(): string {
    return Buffer.concat(this.taken).toString();
  }
}

function outputTo(stream: Writable, onClosed: () => void = () => assert.fail('closed')): Output {
  return new Output(stream as unknown as NodeJS.WriteStream, onClosed);
}

test('keeps order and bytes whatever the sizes', async () => {
  const reader = new SlowReader();
  reader.release();
  const output = outputTo(reader);
  const parts = ['a', 'ü'.repeat(40_000), 'b', 'x'.repeat(70_000), '€', 'y'.repeat(65_536)];
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) output.text(part);
    else output.bytes(Buffer.from(part));
  }
  await output.end();
  assert.equal(reader.text, parts.join(''));
});

test('what others wrote moves no cursor', async () => {
  const reader = new SlowReader();
  reader.release();
  const output = outputTo(reader);
  output.line('why: \u001b[2J\u001b]0;mine\u0007\r\nnext');
  await output.end();
  assert.equal(reader.text, 'why: \\x1b[2J\\x1b]0;mine\\x07\\x0d\nnext\n');
});

test('waits for a slow reader', async () => {
  const reader = new SlowReader({ highWaterMark: 10 });
  const output = outputTo(reader);
  output.text('more than ten bytes');
  const flushed = output.flush();
  assert.equal(output.isBehind, true);
  assert.equal(
    await Promise.race([flushed.then(() => 'flushed'), new Promise((go) => setImmediate(go, 'waiting'))]),
    'waiting',
  );
  reader.release();
  await flushed;
  assert.equal(output.isBehind, false);
});

test('reuses no memory that the stream still holds', async () => {
  const reader = new SlowReader();
  const output = outputTo(reader);
  output.text('first');
  await output.flush();
  output.text('second');
  await output.flush();
  reader.release();
  await output.end();
  assert.equal(reader.text, 'firstsecond');
});

test('tells once that the reader has gone, and is silent from there on', async () => {
  let closed = 0;
  const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(gone) });
  const output = outputTo(stream, () => {
    closed++;
  });
  output.text('a');
  await output.flush();
  await new Promise((resolve) => setImmediate(resolve));
  output.text('b');
  await output.flush();
  await output.end();
  assert.equal(closed, 1);
});

test('does not hide a full disk', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(full) });
  const output = outputTo(stream);
  output.text('a');
  await assert.rejects(output.end(), /cannot write to stdout: the disk is full/);
});
