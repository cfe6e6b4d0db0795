/** Who may do what, and how they show who they are. */
export { type Access, type AccessOptions, type AccessSettings, openAccess } from './access.ts';
export { AccessFileError, type ConfiguredAccess, readAccessFile } from './access-file.ts';
export type { GroupRule, LoginProviderOptions } from './login-provider.ts';
export { mayOn, type Owned, requireOn } from './may-on.ts';
