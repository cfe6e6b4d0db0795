/** The routes of subjects once more under `/contexts/{context}`, where a subject's name means one of that context. */
import type { Route } from '@millrace/api';
import { Type } from 'typebox';
import { qualifiedIn } from '../subject-name.ts';

const prefix = '/contexts/{context}';

/** Routes whose path has a subject, each with the prefix before it. */
export function inContexts(routes: readonly Route[]): Route[] {
  return routes
    .filter(({ contract }) => contract.path.includes('{subject}'))
    .map(({ contract, handle }) => ({
      contract: {
        ...contract,
        path: `${prefix}${contract.path}`,
        summary: `${contract.summary}, in a context`,
        params: Type.Object({ context: Type.String(), ...contract.params?.properties }),
      },
      handle(request) {
        const { context, ...params } = request.params as { context: string; subject: string };
        const name = context.replace(/^:/, '').replace(/:$/, '');
        const subject = qualifiedIn(name.startsWith('.') ? name : `.${name}`, params.subject);
        return handle({ ...request, params: { ...params, subject } });
      },
    }));
}
