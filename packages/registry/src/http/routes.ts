/** All routes of the dialect. Those under `/contexts/{context}` are the same with subjects of that context. */
import type { Route } from '@millrace/api';
import type { Registry } from '../registry.ts';
import { compatibilityRoutes } from './compatibility-routes.ts';
import { inContexts } from './context-routes.ts';
import { schemaRoutes } from './schema-routes.ts';
import { settingRoutes } from './setting-routes.ts';
import { type Asking, subjectRoutes } from './subject-routes.ts';

/** @param asking who may register is asked by whoever knows what is behind subjects */
export function registryRoutes(registry: Registry, asking: Asking = {}): Route[] {
  const routes = [
    ...subjectRoutes(registry, asking),
    ...schemaRoutes(registry),
    ...compatibilityRoutes(registry),
    ...settingRoutes(registry),
  ];
  return [...routes, ...inContexts(routes)];
}
