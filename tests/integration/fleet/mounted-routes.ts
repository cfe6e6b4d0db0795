/** The routes that a server has mounted, as its OpenAPI document tells them. */
import type { Permission } from '@millrace/api';

export type Asked = Permission | 'public';

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly asked: Asked;
  /** Its answer never ends. */
  readonly isStream: boolean;
  readonly parameters: readonly { readonly name: string; readonly schema: { readonly type?: string } }[];
}

export async function operationsOf(base: string): Promise<Operation[]> {
  const document = (await (await fetch(new URL('/api/v1/openapi.json', base))).json()) as {
    // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
    paths: Record<string, Record<string, any>>;
  };
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Operation => {
      const asked = operation['x-permission'] as Asked;
      const isStream = 'text/event-stream' in (operation.responses['200']?.content ?? {});
      return { method: method.toUpperCase(), path, asked, isStream, parameters: operation.parameters };
    }),
  );
}

/** An address of something that is not there. */
export function addressOf({ path, parameters }: Operation): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { schema } = parameters.find((each) => each.name === name) ?? {};
    return schema?.type === 'integer' ? '0' : 'nothing';
  });
}
