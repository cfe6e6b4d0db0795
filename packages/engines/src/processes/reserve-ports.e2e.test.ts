import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { reservePorts } from './reserve-ports.ts';

const COUNT = 200;
const module = fileURLToPath(new URL('./reserve-ports.ts', import.meta.url));

test('processes that reserve at once get ports of their own, which are free to listen on', async () => {
  const program = `
    const { reservePorts } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify((await reservePorts(${COUNT})).ports));
    process.stdin.resume();
  `;
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const others = children.map(async ({ stdout }) => {
    const [line] = await once(createInterface({ input: stdout }), 'line');
    return JSON.parse(line) as number[];
  });
  const own = await reservePorts(COUNT);
  const all = [...own.ports, ...(await Promise.all(others)).flat()];
  assert.equal(all.length, 3 * COUNT);
  assert.equal(new Set(all).size, 3 * COUNT);
  const server = createServer().listen(own.ports[0], '127.0.0.1');
  await once(server, 'listening');
  server.close();
  own.release();
  for (const child of children) {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  }
});
