import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform, type Platform } from '@millrace/base';
import type { BearerToken } from '../security.ts';
import { TokenSource } from './token-source.ts';

function world(): { platform: Platform; at: (ms: number) => void } {
  let now = 1_000_000;
  const clock = { now: () => now, monotonic: () => now };
  return {
    platform: { ...nodePlatform, clock },
    at: (ms) => {
      now = 1_000_000 + ms;
    },
  };
}

/** Tokens with consecutive names that live for 1,000 ms. */
function issuer(platform: Platform, isDown: () => boolean = () => false) {
  let issued = 0;
  return async (): Promise<BearerToken> => {
    if (isDown()) throw new Error('issuer down');
    issued++;
    return { value: `t${issued}`, expiresAtMs: platform.clock.now() + 1_000 };
  };
}

test('a token is used until four fifths of its life are over', async () => {
  const { platform, at } = world();
  const source = new TokenSource(issuer(platform), platform, 1_000);
  assert.equal((await source.current()).value, 't1');
  at(799);
  assert.equal((await source.current()).value, 't1');
  at(800);
  assert.equal((await source.current()).value, 't2');
});

test('whoever asks during a fetch waits for that one', async () => {
  const { platform } = world();
  const source = new TokenSource(issuer(platform), platform, 1_000);
  const tokens = await Promise.all([source.current(), source.current(), source.current()]);
  assert.deepEqual(
    tokens.map(({ value }) => value),
    ['t1', 't1', 't1'],
  );
});

test('while no token can be fetched the old one serves until it expires', async () => {
  const { platform, at } = world();
  let isDown = false;
  const source = new TokenSource(
    issuer(platform, () => isDown),
    platform,
    1_000,
  );
  await source.current();
  isDown = true;
  at(900);
  assert.equal((await source.current()).value, 't1');
  at(1_000);
  await assert.rejects(source.current(), { code: 'credentials_unavailable', retriable: true, message: /issuer down/ });
  isDown = false;
  assert.equal((await source.current()).value, 't2');
});

test('a token that was refused is fetched anew, unless a newer one is there already', async () => {
  const { platform } = world();
  const source = new TokenSource(issuer(platform), platform, 1_000);
  const first = await source.current();
  source.refused(first);
  const second = await source.current();
  assert.equal(second.value, 't2');
  source.refused(first);
  assert.equal(await source.current(), second);
});

test('a fetch that hangs is given up, and its signal aborts', async () => {
  const { platform } = world();
  let aborted = false;
  const hanging = (signal: AbortSignal): Promise<BearerToken> =>
    new Promise(() =>
      signal.addEventListener('abort', () => {
        aborted = true;
      }),
    );
  const source = new TokenSource(hanging, platform, 20);
  await assert.rejects(source.current(), { code: 'credentials_unavailable', message: /no token came within 20 ms/ });
  assert.ok(aborted);
});

test('a token that has expired already is none', async () => {
  const { platform } = world();
  const source = new TokenSource(async () => ({ value: 't', expiresAtMs: 999_000 }), platform, 1_000);
  await assert.rejects(source.current(), { code: 'credentials_unavailable', message: /expired 1000 ms ago/ });
});
