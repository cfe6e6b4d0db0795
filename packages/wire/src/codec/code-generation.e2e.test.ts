import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const program = `
  const { ByteWriter, decodeResponse, encodeResponse, fetch } = await import(process.argv[1]);
  let generates = true;
  try {
    new Function('');
  } catch {
    generates = false;
  }
  const draft = { sessionId: 0, responses: [], nodeEndpoints: [{ nodeId: 1, host: 'h', port: 9092 }] };
  const frame = Buffer.concat(encodeResponse(new ByteWriter(), fetch, 16, 7, draft).chunks);
  const { nodeEndpoints } = decodeResponse(fetch, 16, frame.subarray(4));
  console.log(JSON.stringify({ generates, frame: frame.toString('hex'), nodeEndpoints }));
`;

function run(...options: string[]): { generates: boolean; frame: string; nodeEndpoints: unknown } {
  const wire = new URL('../index.ts', import.meta.url).href;
  const words = [...options, '--input-type=module', '--eval', program, wire];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('messages are coded alike where the process may not generate code', () => {
  const generated = run();
  const interpreted = run('--disallow-code-generation-from-strings');
  assert.deepEqual([generated.generates, interpreted.generates], [true, false]);
  assert.equal(interpreted.frame, generated.frame);
  assert.deepEqual(interpreted.nodeEndpoints, [{ nodeId: 1, host: 'h', port: 9092, rack: null }]);
  assert.deepEqual(generated.nodeEndpoints, interpreted.nodeEndpoints);
});
