/** Who may do what, and how they show who they are. */
export { mayOn, type Owned, requireOn } from './may-on.ts';
