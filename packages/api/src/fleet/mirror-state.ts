/** In what state a mirror is that is declared. */
import { type Static, Type } from 'typebox';

export const MirrorState = Type.Union(
  [
    Type.Literal('running'),
    Type.Literal('starting'),
    Type.Literal('failing'),
    Type.Literal('failed_over'),
    Type.Literal('paused'),
    Type.Literal('waiting'),
  ],
  {
    description:
      'failing: it can not be started, which is tried again; failed_over: it copies nothing more in this direction; ' +
      'paused: as declared; waiting: no process of the control plane runs it now',
  },
);
export type MirrorState = Static<typeof MirrorState>;
