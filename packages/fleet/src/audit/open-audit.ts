/** The audit log as a part of the control plane: read and verified over HTTP, anchored in the background. */
import { implement, type Route } from '@millrace/api';
import { listAuditContract, verifyAuditContract } from '@millrace/api/fleet';
import { type AnchoringOptions, anchorWhileLeading } from './anchoring.ts';
import { listAudit } from './audit-log.ts';
import { verifyAudit } from './verify-audit.ts';

export function openAudit(options: AnchoringOptions): { readonly routes: readonly Route[]; close(): Promise<void> } {
  const { db, clusters } = options;
  const stop = new AbortController();
  const anchoring = anchorWhileLeading(options, stop.signal);
  return {
    routes: [
      implement(listAuditContract, ({ query }) => listAudit(db, query)),
      implement(verifyAuditContract, ({ signal }) => verifyAudit(db, clusters, signal)),
    ],
    close: async () => {
      stop.abort();
      await anchoring;
    },
  };
}
