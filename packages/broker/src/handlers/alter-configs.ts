/** AlterConfigs, versions 0 to 2: what a resource sets is replaced whole, so that what is not named is unset. */
import { alterConfigs as alterConfigsApi } from '@millrace/wire';
import { alterResources } from '../configuration/alteration.ts';
import type { Handler } from '../handler.ts';

export const alterConfigs: Handler<typeof alterConfigsApi> = {
  api: alterConfigsApi,

  async handle({ resources, validateOnly }, context) {
    const never = (): boolean => false;
    const responses = await alterResources(resources, context, never, ({ configs }, resource) => {
      const values = new Map(configs.map(({ name, value }) => [resource.definition(name).name, value ?? '']));
      return resource.replace(() => values, validateOnly);
    });
    return { responses };
  },
};
