import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRow, updateFeatures } from '@millrace/wire';
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

test('features are updated as one, in the ways that are allowed, and survive a restart', async () => {
  let direct = await DirectCluster.start();
  const update = async (
    updates: readonly (readonly [string, number, number])[],
    rest: Record<string, unknown> = {},
  ): Promise<string> => {
    const featureUpdates = updates.map(([feature, maxVersionLevel, upgradeType]) => ({
      feature,
      maxVersionLevel,
      upgradeType,
    }));
    const answer = await direct.request(updateFeatures, { featureUpdates, validateOnly: false, ...rest } as never);
    return errorRow(answer.errorCode).name;
  };
  const [upgrade, safe, unsafe] = [1, 2, 3];
  const { features } = direct.cluster;
  assert.equal(await update([['transaction.version', 1, upgrade as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['transaction.version', 3, upgrade as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['odd.version', 1, upgrade as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['group.version', 0, 7]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['metadata.version', 7, safe as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['transaction.version', 1, safe as number]], { validateOnly: true }), 'NONE');
  const mixed = [
    ['group.version', 0, unsafe],
    ['transaction.version', 9, upgrade],
  ] as unknown as readonly (readonly [string, number, number])[];
  assert.equal(await update(mixed), 'INVALID_UPDATE_VERSION');
  assert.deepEqual([features.level('group.version'), features.level('transaction.version'), features.epoch], [1, 2, 0]);
  assert.equal(await update([['transaction.version', 1, safe as number]]), 'NONE');
  direct = await direct.afterKill();
  assert.equal(direct.cluster.features.level('transaction.version'), 1);
  assert.equal(direct.cluster.features.epoch, 1);
});
