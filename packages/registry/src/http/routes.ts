/** All routes of the dialect. Those under `/contexts/{context}` are the same with subjects of that context. */
import type { Route } from '@millrace/api';
import type { Registry } from '../registry.ts';
import { compatibilityRoutes } from './compatibility-routes.ts';
import { inContexts } from './context-routes.ts';
import { schemaRoutes } from './schema-routes.ts';
import { settingRoutes } from './setting-routes.ts';
import { subjectRoutes } from './subject-routes.ts';

export function registryRoutes(registry: Registry): Route[] {
  const routes = [
    ...subjectRoutes(registry),
    ...schemaRoutes(registry),
    ...compatibilityRoutes(registry),
    ...settingRoutes(registry),
  ];
  return [...routes, ...inContexts(routes)];
}
