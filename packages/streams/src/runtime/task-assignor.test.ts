import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssignorMember, TopicPartition } from '@millrace/client';
import { assignTasks } from './task-assignor.ts';

const places = [0, 1, 2, 3].map((partition) => ({ topic: 'a', partition }));
const tasks = places.map((place) => ({ id: `0_${place.partition}`, partitions: [place] }));

function member(memberId: string, generation: number, owned: readonly TopicPartition[]): AssignorMember {
  return { memberId, instanceId: null, topics: ['a'], owned, generation };
}

test('what a member has that missed a generation goes to nobody before it was given up', () => {
  const assignment = assignTasks([member('new', 5, []), member('old', 4, places)], tasks);
  assert.deepEqual(assignment.get('new'), []);
  assert.deepEqual(assignment.get('old'), places.slice(0, 2));
});

test('of two that claim a task the one of the later generation has it, and of the same generation neither', () => {
  const late = assignTasks([member('new', 5, places.slice(0, 2)), member('old', 4, places)], tasks);
  assert.deepEqual([late.get('new'), late.get('old')], [places.slice(0, 2), places.slice(2)]);
  const disputed = assignTasks([member('x', 5, places), member('y', 5, places)], tasks);
  assert.deepEqual([disputed.get('x'), disputed.get('y')], [[], []]);
});
