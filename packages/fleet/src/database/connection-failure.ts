/** Codes of PostgreSQL that another try may not meet again: classes of connections, resources, and conflicts. */
const passing = /^(08|53|57P|40|55P03)/;
/** What Node says of sockets. */
const ofSockets = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The driver gives connections that end, and what is asked on them after that, no code. */
const ofDriver = /^(Connection terminated|timeout exceeded|Client (has encountered|was closed))/;

/** Whether what a driver threw is of the database or the way to it, and may pass by itself. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return ofSockets.has(code) || passing.test(code) || ofDriver.test(error.message);
}
