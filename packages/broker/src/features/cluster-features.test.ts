import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateFeatures } from '@millrace/wire';
import { DirectCluster } from '../testing/direct-cluster.ts';

test("an upgrade to a release succeeds as Kafka's tool asks for it, and changes only levels", async () => {
  let direct = await DirectCluster.start({});
  const release: [feature: string, level: number][] = [
    ['eligible.leader.replicas.version', 1],
    ['group.version', 1],
    ['kraft.version', 1],
    ['metadata.version', 27],
    ['transaction.version', 2],
  ];
  const featureUpdates = release.map(([feature, maxVersionLevel]) => ({ feature, maxVersionLevel, upgradeType: 1 }));
  const answer = await direct.request(updateFeatures, { featureUpdates, validateOnly: false, timeoutMs: 1000 });
  assert.deepEqual([answer.errorCode, answer.errorMessage], [0, null]);
  direct = await direct.afterKill();
  const levels = [...direct.cluster.features.finalized()].map(({ name, level }) => [name, level]);
  assert.deepEqual(levels.sort(), release);
  assert.equal(direct.cluster.features.epoch, 1);
});
