/**
 * Changes finalized feature levels.
 * Version 1 adds the kind of upgrade and a dry run, 2 leaves out results for each feature.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  timeoutMs: { type: 'int32', default: 60000 },
  featureUpdates: {
    type: 'array',
    of: {
      feature: { type: 'string' },
      maxVersionLevel: { type: 'int16' },
      allowDowngrade: { type: 'bool', versions: '0' },
      upgradeType: { type: 'int8', versions: '1+', default: 1 },
    },
  },
  validateOnly: { type: 'bool', versions: '1+' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  results: {
    type: 'array',
    versions: '0-1',
    ignorable: true,
    of: {
      feature: { type: 'string' },
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
    },
  },
} as const satisfies Fields;

export const updateFeatures = {
  key: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface UpdateFeaturesRequest extends Message<typeof request> {}
export interface UpdateFeaturesResponse extends Message<typeof response> {}
