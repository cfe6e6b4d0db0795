import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { batchOf, ClusterFixture } from './testing/cluster-fixture.ts';

for (const missing of ['journal', 'meta.json']) {
  test(`records without ${missing} are refused, and left alone`, async () => {
    await using fixture = await ClusterFixture.start();
    await fixture.createTopic('precious');
    await fixture.produce('precious', batchOf({ values: ['kept'] }));
    await fixture.cluster.close();
    const path = join(fixture.directory, missing);
    await rename(path, `${path}.away`);
    await assert.rejects(
      fixture.restart(),
      (error) => isMillraceError(error, 'cluster_directory') && error.message.includes(missing),
    );
    await rename(`${path}.away`, path);
    await fixture.restart();
    assert.deepEqual((await fixture.fetch('precious', 0)).values, ['kept']);
  });
}

test('the cluster id stays the same, and a format of the future is refused', async () => {
  await using fixture = await ClusterFixture.start();
  const { clusterId } = fixture.cluster;
  await fixture.restart();
  assert.equal(fixture.cluster.clusterId, clusterId);
  await fixture.cluster.close();
  for (const content of ['{"formatVersion":2,"clusterId":"x"}', '{"formatVersion":1}', 'null', '{"form']) {
    await writeFile(join(fixture.directory, 'meta.json'), content);
    await assert.rejects(fixture.restart(), (error) => isMillraceError(error, 'cluster_directory'));
  }
});
