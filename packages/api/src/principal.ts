/** Who asks, and what they may do: names that contracts, routes and the console share. */
import { type Static, Type } from 'typebox';

/**
 * What a caller may do, from least to most:
 * `view` everything but records and secrets; `read_records` of the topics of their teams; `request` changes;
 * `change` what belongs to their teams; `approve` what others request of their teams; `operate` clusters, groups and
 * connectors; `administer` the fleet, its policies, roles and tokens. Apart from these stands `configure`, which is
 * what applications may and people may not: ask the config service what is for themselves.
 */
export const Permission = Type.Union([
  Type.Literal('view'),
  Type.Literal('read_records'),
  Type.Literal('request'),
  Type.Literal('change'),
  Type.Literal('approve'),
  Type.Literal('operate'),
  Type.Literal('administer'),
  Type.Literal('configure'),
]);
export type Permission = Static<typeof Permission>;

export const RoleName = Type.Union([
  Type.Literal('viewer'),
  Type.Literal('member'),
  Type.Literal('owner'),
  Type.Literal('admin'),
]);
export type RoleName = Static<typeof RoleName>;

export const Principal = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('user'),
      Type.Literal('token'),
      Type.Literal('application'),
      Type.Literal('system'),
    ]),
    name: Type.String({ description: 'Unique among its kind' }),
    role: RoleName,
    teams: Type.Array(
      Type.Object({ name: Type.String(), role: Type.Union([Type.Literal('member'), Type.Literal('owner')]) }),
    ),
  },
  { description: 'Who asks' },
);
export type Principal = Static<typeof Principal>;

/** `user:ann`, as audit entries have it. */
export function principalText({ kind, name }: Pick<Principal, 'kind' | 'name'>): string {
  return `${kind}:${name}`;
}
