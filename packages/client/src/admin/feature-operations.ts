/** The cluster's features: describe, update. */
import { apiVersions, updateFeatures } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { FeatureChange, FeatureDescriptions, FeatureName } from './feature-admin.ts';
import { itemResults } from './item-results.ts';
import { onAny, onController, throwIfRetriable } from './routes.ts';

const changeIds = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 } as const;
const altering: NeededAccess = { operation: 'alter', resourceType: 'cluster', resourceName: 'kafka-cluster' };

export async function describeClusterFeatures(cluster: Cluster, bounds: CallBounds): Promise<FeatureDescriptions> {
  const response = await onAny(cluster, bounds, (connection, timeoutMs) => {
    const draft = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0.1.0' };
    return connection.request(apiVersions, draft, { timeoutMs });
  });
  const supported = new Map(response.supportedFeatures.map((feature) => [feature.name, feature]));
  const levels = new Map(response.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
  const names = [...new Set([...supported.keys(), ...levels.keys()])].sort();
  return {
    epoch: response.finalizedFeaturesEpoch,
    features: names.map((feature) => {
      const range = supported.get(feature);
      return {
        feature,
        supported: range && { min: range.minVersion, max: range.maxVersion },
        level: levels.get(feature) ?? 0,
      };
    }),
  };
}

export async function updateClusterFeatures(
  cluster: Cluster,
  changes: readonly FeatureChange[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<FeatureName>[]> {
  const response = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const isOld = connection.version(updateFeatures) === 0;
    const draft = {
      timeoutMs,
      featureUpdates: changes.map(({ feature, level, change = 'upgrade' }) => ({
        feature,
        maxVersionLevel: level,
        ...(isOld ? { allowDowngrade: change !== 'upgrade' } : { upgradeType: changeIds[change] }),
      })),
      ...(isOld ? {} : { validateOnly }),
    };
    const answer = await connection.request(updateFeatures, draft, { timeoutMs });
    throwIfRetriable(answer, 'update features');
    return answer;
  });
  return itemResults(
    changes.map(({ feature }) => ({ feature })),
    // Since version 2 there is one answer for all.
    ({ feature }) =>
      (response.errorCode === 0 && response.results.find((answer) => answer.feature === feature)) || response,
    ({ feature }) => `update feature ${feature}`,
    () => ({}),
    () => altering,
  );
}
