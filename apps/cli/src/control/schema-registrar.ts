/** The platform's schema registry, as onboarding uses it. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { OnboardedSchema, SchemaRegistrar } from '@millrace/fleet/onboarding';
import type { Registry } from '@millrace/registry';

export function schemaRegistrar(registry: Registry): SchemaRegistrar {
  const request = ({ type, schema }: OnboardedSchema) => {
    return { schemaType: type, schema, references: [], normalize: false };
  };
  return {
    async problem(subject, schema) {
      try {
        await registry.check(subject, request(schema));
        return undefined;
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        // Whether a registry that can't be read now would take it shows when it is registered.
        return error.retriable ? undefined : messageOf(error);
      }
    },
    register: async (subject, schema) => {
      const { id, version } = await registry.register(subject, request(schema));
      return { id, version };
    },
  };
}
