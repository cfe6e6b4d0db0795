import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as pause } from 'node:timers/promises';
import { WaitingRoom } from './waiting-room.ts';

const never = new AbortController().signal;

test('calls all who wait, in slices between which others get their turn', async () => {
  const room = new WaitingRoom();
  let called = 0;
  for (let index = 0; index < 1_000; index++) void room.after(room.news, never).then(() => called++);
  assert.equal(room.size, 1_000);
  const seen: number[] = [];
  const calling = room.call();
  while (called < 1_000) {
    await pause();
    seen.push(called);
  }
  await calling;
  assert.ok(seen.length > 5, `${seen.length} turns`);
  assert.equal(room.size, 0);
});

test('who comes after the news does not wait for it, and who comes later waits for the next', async () => {
  const room = new WaitingRoom();
  const before = room.news;
  await room.call();
  await room.after(before, never);
  let woken = false;
  void room.after(room.news, never).then(() => {
    woken = true;
  });
  await pause();
  assert.equal(woken, false);
  await room.call();
  await pause();
  assert.equal(woken, true);
});

test('who gives up waits no more', async () => {
  const room = new WaitingRoom();
  const leave = new AbortController();
  const waiting = room.after(room.news, leave.signal);
  leave.abort();
  await waiting;
  assert.equal(room.size, 0);
  await room.after(room.news, leave.signal);
});
