/**
 * UpdateFeatures, versions 0 to 2. Updates of a request go together, as since Apache Kafka 4.0: an error is the whole
 * request's.
 */
import { errorCodes, updateFeatures as updateFeaturesApi } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { refusalOfStorage } from '../storage-failure.ts';

/** Kinds of change as version 1 names them. */
const upgrade = 1;
const safeDowngrade = 2;

export const updateFeatures: Handler<typeof updateFeaturesApi> = {
  api: updateFeaturesApi,

  async handle(request, context) {
    if (!allows(context, 'Alter', 'Cluster', clusterResource)) {
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null, results: [] };
    }
    const { features } = context.broker.cluster;
    const updates = request.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType }) => {
      const type = context.apiVersion > 0 ? upgradeType : allowDowngrade ? safeDowngrade : upgrade;
      return { feature, maxVersionLevel, upgradeType: type };
    });
    let refusal = features.refusalOf(updates);
    if (refusal === undefined && !request.validateOnly)
      refusal = await refusalOfStorage(() => features.update(updates));
    if (refusal !== undefined) return { errorCode: refusal.errorCode, errorMessage: refusal.message, results: [] };
    const results = updates.map(({ feature }) => ({ feature, errorCode: errorCodes.NONE, errorMessage: 'NONE' }));
    return { errorCode: errorCodes.NONE, errorMessage: null, results };
  },
};
