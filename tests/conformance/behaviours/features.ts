/** Features of the cluster, as they are told and changed. */
import { apiVersions, updateFeatures } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';

const kinds = { upgrade: 1, 'safe downgrade': 2, 'unsafe downgrade': 3 } as const;

async function featuresOf(connection: RawConnection) {
  const draft = { clientSoftwareName: 'conformance', clientSoftwareVersion: '1' };
  return await connection.request(apiVersions, 4, draft);
}

/** Asks for levels without having them changed; answers the error. */
function asker(connection: RawConnection) {
  return async (feature: string, maxVersionLevel: number, kind: keyof typeof kinds | number = 'upgrade') => {
    const upgradeType = typeof kind === 'number' ? kind : kinds[kind];
    const draft = { featureUpdates: [{ feature, maxVersionLevel, upgradeType }], validateOnly: true };
    return errorName((await connection.request(updateFeatures, 2, draft)).errorCode);
  };
}

export const features: readonly Behaviour[] = [
  {
    name: 'the levels of transactions and groups are told, with what the brokers support',
    apis: ['ApiVersions'],
    shows: {
      supported: ['group.version 0-1', 'transaction.version 0-2'],
      finalized: ['group.version 1', 'transaction.version 2'],
      epoch: 'told',
    },
    by: raw(async (cluster) => {
      const answer = await featuresOf(await cluster.any());
      const names = ['group.version', 'transaction.version'];
      const supported = answer.supportedFeatures.filter(({ name }) => names.includes(name));
      const finalized = answer.finalizedFeatures.filter(({ name }) => names.includes(name));
      return {
        supported: supported.map(({ name, minVersion, maxVersion }) => `${name} ${minVersion}-${maxVersion}`).sort(),
        finalized: finalized.map(({ name, maxVersionLevel }) => `${name} ${maxVersionLevel}`).sort(),
        epoch: answer.finalizedFeaturesEpoch >= 0 ? 'told' : 'unknown',
      };
    }),
  },
  {
    name: 'changes of features are checked: levels that are not supported, and the kind of change',
    apis: ['UpdateFeatures'],
    shows: {
      'same level': 'NONE',
      'unknown feature': 'INVALID_UPDATE_VERSION',
      'too high': 'INVALID_UPDATE_VERSION',
      'below zero': 'INVALID_UPDATE_VERSION',
      'downgrade as upgrade': 'INVALID_UPDATE_VERSION',
      'safe downgrade': 'NONE',
      'unsafe downgrade': 'NONE',
      'switched off': 'NONE',
      'unknown kind': 'INVALID_UPDATE_VERSION',
      'metadata too low': 'INVALID_UPDATE_VERSION',
      'metadata switched off': 'INVALID_UPDATE_VERSION',
    },
    by: raw(async (cluster) => {
      const ask = asker(await cluster.any());
      return {
        'same level': await ask('transaction.version', 2),
        'unknown feature': await ask('no.such.feature', 1),
        'too high': await ask('transaction.version', 99),
        'below zero': await ask('transaction.version', -1),
        'downgrade as upgrade': await ask('transaction.version', 1),
        'safe downgrade': await ask('transaction.version', 1, 'safe downgrade'),
        'unsafe downgrade': await ask('transaction.version', 0, 'unsafe downgrade'),
        'switched off': await ask('group.version', 0, 'safe downgrade'),
        'unknown kind': await ask('transaction.version', 1, 9),
        'metadata too low': await ask('metadata.version', 1, 'safe downgrade'),
        'metadata switched off': await ask('metadata.version', 0, 'safe downgrade'),
      };
    }),
  },
  {
    name: 'changes of features go together, and may name one twice or none at all',
    apis: ['UpdateFeatures'],
    shows: {
      twice: ['NONE', ['NONE', 'NONE']],
      none: ['NONE', []],
      'one of two unknown': ['INVALID_UPDATE_VERSION', []],
      both: ['NONE', ['NONE', 'NONE']],
    },
    by: raw(async (cluster) => {
      const connection = await cluster.any();
      const ask = async (...names: string[]): Promise<unknown[]> => {
        const featureUpdates = names.map((feature) => ({ feature, maxVersionLevel: 1, upgradeType: 2 }));
        const answer = await connection.request(updateFeatures, 1, { featureUpdates, validateOnly: true });
        return [errorName(answer.errorCode), answer.results.map(({ errorCode }) => errorName(errorCode))];
      };
      return {
        twice: await ask('group.version', 'group.version'),
        none: await ask(),
        'one of two unknown': await ask('group.version', 'no.such.feature'),
        both: await ask('group.version', 'transaction.version'),
      };
    }),
  },
];
