/**
 * IncrementalAlterConfigs, versions 0 and 1, for topics, groups, subscriptions to clients' metrics, and brokers (whose
 * values are the whole cluster's here).
 */
import { incrementalAlterConfigs as incrementalAlterConfigsApi, type RequestOf } from '@millrace/wire';
import { alterResources } from '../configuration/alteration.ts';
import type { ConfigurableResource } from '../configuration/configurable-resource.ts';
import { ConfigurationError, type Definition, listOf } from '../configuration/definition.ts';
import type { Handler } from '../handler.ts';

type Resource = RequestOf<typeof incrementalAlterConfigsApi>['resources'][number];
type Change = Resource['configs'][number];

const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export const incrementalAlterConfigs: Handler<typeof incrementalAlterConfigsApi> = {
  api: incrementalAlterConfigsApi,

  async handle({ resources, validateOnly }, context) {
    const mayBeNull = ({ configOperation }: Change): boolean => configOperation === operations.delete;
    const responses = await alterResources(resources, context, mayBeNull, (asked, resource) =>
      resource.replace((present) => changed(asked, resource, present), validateOnly),
    );
    return { responses };
  },
};

function changed(
  { configs }: Resource,
  resource: ConfigurableResource,
  present: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const values = new Map(present);
  for (const asked of configs) {
    // What there is not, is deleted already, whatever its name.
    if (asked.configOperation === operations.delete && !values.has(asked.name)) {
      values.delete(asked.name);
      continue;
    }
    const definition = resource.definition(asked.name);
    const value = changedValue(definition, asked, resource.inForce(definition, values));
    if (value === undefined) values.delete(asked.name);
    else values.set(asked.name, value);
  }
  return values;
}

/** The value after a change, or undefined when it is unset. */
function changedValue(definition: Definition, change: Change, current: string): string | undefined {
  const { name, configOperation, value } = change;
  if (configOperation === operations.delete) return undefined;
  const text = value ?? '';
  if (configOperation === operations.set) return text;
  if (configOperation !== operations.append && configOperation !== operations.subtract) {
    throw new ConfigurationError(name, `${configOperation} is no operation on configuration ${name}`);
  }
  if (definition.type !== 'list') throw new ConfigurationError(name, `configuration ${name} is no list`);
  const elements = listOf(current);
  const named = listOf(text);
  return configOperation === operations.append
    ? [...new Set([...elements, ...named])].join(',')
    : elements.filter((element) => !named.includes(element)).join(',');
}
