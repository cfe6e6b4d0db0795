/**
 * Describes the configuration of topics, brokers and others.
 * Version 3 answers with types and documentation.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  resources: {
    type: 'array',
    of: {
      resourceType: { type: 'int8' },
      resourceName: { type: 'string' },
      configurationKeys: { type: 'array', nullable: '0+', of: 'string' },
    },
  },
  includeSynonyms: { type: 'bool', versions: '1+' },
  includeDocumentation: { type: 'bool', versions: '3+' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  results: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
      resourceType: { type: 'int8' },
      resourceName: { type: 'string' },
      configs: {
        type: 'array',
        of: {
          name: { type: 'string' },
          value: { type: 'string', nullable: '0+' },
          readOnly: { type: 'bool' },
          configSource: { type: 'int8', versions: '1+', default: -1, ignorable: true },
          isSensitive: { type: 'bool' },
          synonyms: {
            type: 'array',
            versions: '1+',
            ignorable: true,
            of: {
              name: { type: 'string', versions: '1+' },
              value: { type: 'string', versions: '1+', nullable: '0+' },
              source: { type: 'int8', versions: '1+' },
            },
          },
          configType: { type: 'int8', versions: '3+', ignorable: true },
          documentation: { type: 'string', versions: '3+', nullable: '0+', ignorable: true },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeConfigs = {
  key: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: '4+',
  request,
  response,
} as const satisfies Api;

export interface DescribeConfigsRequest extends Message<typeof request> {}
export interface DescribeConfigsResponse extends Message<typeof response> {}
